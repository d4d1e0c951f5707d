-- Takes the next seq, keeps the publication in the stream and sends it, as one step.
-- KEYS: position hash, stream, begin of the keys of parts.
-- ARGV: channel, new epoch, head, tail, keep milliseconds, keep entries, part, keep milliseconds of a part,
-- seq that a new epoch begins at.
-- The wire message is head .. seq .. tail; what is sent is "<epoch> <seq> <microseconds since 1970> <message>", and where
-- there is a part, which is not for all, a line end and the part. The stream tells only whether there is one.
-- Returns {epoch, seq}.
local run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local position = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'run_id')
local epoch, seq = position[1], tonumber(position[2])
if not epoch or position[3] ~= run_id then
  -- A Redis that was restarted may have forgotten its last writes, so its numbers are not to be trusted.
  epoch, seq = ARGV[2], tonumber(ARGV[9])
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'seq', seq, 'run_id', run_id)
end
if ARGV[3] == '' then
  return {epoch, seq}
end
seq = seq + 1
redis.call('HSET', KEYS[1], 'seq', seq)
local message = ARGV[3] .. string.format('%.0f', seq) .. ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local at = string.format('%.0f', now)
local entry = {'MAXLEN', '~', ARGV[6], string.format('%.0f-0', seq), 'at', at, 'message', message}
local beside = ''
if ARGV[7] ~= '' then
  table.insert(entry, 'is_parted')
  table.insert(entry, '1')
  redis.call('SET', KEYS[3] .. string.format('%.0f', seq), ARGV[7], 'PX', ARGV[8])
  beside = '\n' .. ARGV[7]
end
redis.call('XADD', KEYS[2], unpack(entry))
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
while oldest[1] and tonumber(oldest[1][2][2]) < now - tonumber(ARGV[5]) * 1000 do
  redis.call('XDEL', KEYS[2], oldest[1][1])
  oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
end
redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. string.format('%.0f', seq) .. ' ' .. at .. ' ' .. message .. beside)
return {epoch, seq}
