-- Takes a tick for a job that is asked for by hand: the running second, or the next one that nobody has taken.
-- KEYS: last tick taken.  ARGV: now in whole seconds, how many seconds ahead at the most.
-- Full minutes belong to the schedule. Returns the tick in seconds since the epoch; negative is one that was taken before.
local last = tonumber(redis.call('GET', KEYS[1]) or 0)
local tick = math.max(tonumber(ARGV[1]), last + 1)
if tick % 60 == 0 then
  tick = tick + 1
end
if tick > tonumber(ARGV[1]) + tonumber(ARGV[2]) then
  return -last
end
redis.call('SET', KEYS[1], string.format('%.0f', tick), 'EX', 60)
return tick
