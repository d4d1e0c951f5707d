"""The schedule: a refresh each minute, a clean at the full hour, a roll-up every five minutes.

Each worker keeps it, by the minute that it is now. There is no plan that a clock which is set could spoil: whatever
minute it becomes, its job is offered to all workers until the ledger has it. The ledger lets each tick run once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.channels import worker_health_key
from dashnet.clocks import Clock, ClockWatch, Step
from dashnet.database import describe_outage, is_unreachable
from dashnet.jobs import Job, enqueue, release_future_jobs, request_now, request_once
from dashnet.reading import to_tick, to_wire
from dashnet.redis import describe_outage as describe_redis_outage
from dashnet.store import Outcome
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.ledger import MOST_ATTEMPTS_IN_MINUTE, SCHEDULE, RunKey
from workers.ledger_queries import select_attempt, select_begin, select_last_begun, select_last_done
from workers.missed import record_missed, scheduled_job
from workers.outages import Outage, read_past, write_session
from workers.parking import is_parked, is_taken, list_parked
from workers.partitions import ensure_partitions

logger = logging.getLogger(__name__)

TURN_SECONDS = 1.0
# A tick that nobody works on is offered again after so long.
OFFER_SECONDS = 3.0
# And one that failed after so long: whatever is back within the minute is met by an attempt.
RETRY_SECONDS = 5.0
SESSION_SECONDS = 2.0
# Postgres and Redis get so long in each turn: the next one asks again.
ASK_SECONDS = 5.0
# Longer than a busy machine keeps a process waiting.
LONGEST_PAUSE_SECONDS = 10.0
# Final are five minutes after 90 seconds; refreshes take the first seconds of each minute.
ROLLUP_SECOND = 40
HEALTH_MILLISECONDS = 5000

_MINUTE = timedelta(minutes=1)


class Schedule:
    """The schedule as one worker keeps it; `run` and `watch_clock` run side by side until they are cancelled."""

    def __init__(self, context: WorkerContext, clock: Clock) -> None:
        self._context = context
        self._clock = clock
        self.watch = ClockWatch(clock)
        self._begin: datetime | None = None
        self._day: date | None = None
        self._settled: datetime | None = None
        self._booked: datetime | None = None
        self._rolled_up: datetime | None = None
        self._offered: datetime | None = None
        self._offer = 0
        self._offered_at = self._session_at = -OFFER_SECONDS

    async def watch_clock(self) -> None:
        """Notice when the clock is set, the machine sleeps, or this process does not run."""
        while True:
            await asyncio.sleep(TURN_SECONDS)
            self.note(self.watch.look())

    def note(self, step: Step) -> None:
        """Take down what a look at the clocks showed."""
        noticed = None
        if step.is_jump:
            direction = "back" if step.set_seconds < 0 else "forward"
            noticed = f"the clock was set {direction}"
        elif step.asleep_seconds > LONGEST_PAUSE_SECONDS:
            noticed = "the machine was asleep"
        elif step.paused_seconds > LONGEST_PAUSE_SECONDS:
            noticed = "the worker was silent"
        if noticed:
            logger.warning("%s from=%s to=%s", noticed, to_wire(step.begin), to_wire(step.end))
        # The minutes that come again are run, or were.
        if noticed and step.end > step.begin:
            self._context.outages.add(Outage(noticed, step.begin, step.end))

    async def run(self) -> None:
        """Offer what is due, turn by turn; an outage of Postgres or Redis is waited out."""
        while True:
            await self.turn()
            now = self._clock.now()
            await asyncio.sleep(min(TURN_SECONDS, (to_tick(now) + _MINUTE - now).total_seconds()))

    async def turn(self) -> None:
        """Do what is due now, as far as Redis and Postgres can be reached."""
        now = self._clock.now()
        if not await self._try("Redis", self._report, now):
            return
        prepared = self._context.prepared.is_set()
        if not (prepared and await self._try("Postgres", self._keep, now)):
            await self._try("Redis", self._keep_reading, now)

    async def _try(self, part: str, act: Callable[[datetime], Awaitable[None]], now: datetime) -> bool:
        outages = self._context.outages
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await act(now)
        except RedisError as error:
            outages.see("Redis", describe_redis_outage(error), now)
        except Exception as error:
            if not is_unreachable(error):
                # A schedule that ended would leave the whole system without readings.
                logger.exception("a turn of the schedule failed, the next one comes")
                return False
            outages.see(part, describe_redis_outage(error) if part == "Redis" else describe_outage(error), now)
        else:
            outages.see(part, None, now)
            return True
        return False

    async def _report(self, now: datetime) -> None:
        """Write down that this worker is up; where arq waits for a moment that comes again, do its part."""
        is_lost = self._context.outages.is_open("Redis")
        if not is_lost and self._clock.monotonic() - self._session_at < SESSION_SECONDS:
            return
        redis, settings = self._context.redis, self._context.settings
        await write_session(redis, settings, self._context.outages, now)
        if self.watch.is_behind:
            await redis.psetex(worker_health_key(settings), HEALTH_MILLISECONDS, f"{to_wire(now)}, the clock was set")
            await release_future_jobs(redis, settings)
        self._session_at = self._clock.monotonic()

    async def _keep(self, now: datetime) -> None:
        """Offer the tick of the running minute until the ledger has it, and once in it look after what was missed."""
        tick = to_tick(now)
        if tick.date() != self._day:
            # The clock may have been set to a day that no clean has prepared.
            await ensure_partitions(self._context.engine, coming_days(now))
            self._day = tick.date()
        async with self._context.engine.connect() as connection:
            if self._begin is None:
                self._begin = await self._select_begin(connection, now)
            # The minute in which everything began has no tick; one before it comes where the clock was set back.
            if tick != self._settled and self._begin is not None and tick != to_tick(self._begin):
                await self._offer_until_settled(connection, tick)
            if tick != self._booked:
                await self._keep_books(connection, now)
                self._booked = tick
        if tick.minute % 5 == 1 and now.second >= ROLLUP_SECOND and tick != self._rolled_up:
            await self._enqueue(Job.ROLLUP, tick.replace(second=ROLLUP_SECOND), 1)
            self._rolled_up = tick

    async def _keep_reading(self, now: datetime) -> None:
        """Without Postgres: offer the refresh of the running minute until its readings wait."""
        tick, redis, settings = to_tick(now), self._context.redis, self._context.settings
        begin = self._begin or await self._read_first_up(now)
        if tick.minute == 0 or tick == self._settled or (begin is not None and tick == to_tick(begin)):
            return
        if await is_parked(redis, settings, tick):
            self._settled = tick
        elif self._is_offer_due(tick) and not await is_taken(redis, settings, tick):
            await self._make_offer(Job.REFRESH, tick)

    async def _select_begin(self, connection: AsyncConnection, now: datetime) -> datetime | None:
        begin = await select_begin(connection)
        first_up = await self._read_first_up(now)
        return min((one for one in (begin, first_up) if one is not None), default=None)

    async def _read_first_up(self, now: datetime) -> datetime | None:
        return (await read_past(self._context.redis, self._context.settings, self._context.outages, now)).begin

    async def _offer_until_settled(self, connection: AsyncConnection, tick: datetime) -> None:
        job = scheduled_job(tick)
        outcome, attempt = await select_attempt(connection, RunKey(job, tick))
        if outcome == Outcome.FAILED and attempt < MOST_ATTEMPTS_IN_MINUTE:
            if self._is_offer_due(tick, RETRY_SECONDS):
                await self._make_offer(job, tick)
        elif outcome not in (None, "missed", "running"):
            self._settled = tick
        elif outcome != "running" and self._is_offer_due(tick):
            await self._make_offer(job, tick)

    async def _make_offer(self, job: Job, tick: datetime) -> None:
        # Under another name each time: that of a job whose worker was killed stays taken for long.
        self._offer = self._offer + 1 if tick == self._offered else 1
        await self._enqueue(job, tick, self._offer)
        self._offered, self._offered_at = tick, self._clock.monotonic()

    def _is_offer_due(self, tick: datetime, pause_seconds: float = OFFER_SECONDS) -> bool:
        return tick != self._offered or self._clock.monotonic() - self._offered_at >= pause_seconds

    async def _enqueue(self, job: Job, tick: datetime, offer: int) -> None:
        settings, job_id = self._context.settings, f"{job}:{to_wire(tick)}:schedule:{offer}"
        await enqueue(self._context.redis, settings, job, to_wire(tick), SCHEDULE, job_id=job_id)

    async def _keep_books(self, connection: AsyncConnection, now: datetime) -> None:
        """Record what was missed, and make up for a clean: it needs no minute of its own."""
        context = self._context
        past = await read_past(context.redis, context.settings, context.outages, now)
        waiting = [one.tick for one in await list_parked(context.redis, context.settings)]
        missed = await record_missed(connection, now, context.settings.ledger_retention_days, past, waiting)
        if missed:
            logger.warning("ticks were missed, the ledger says why count=%d", missed)
        hour = now.replace(minute=0, second=0, microsecond=0)
        last = await select_last_begun(connection, Job.CLEAN)
        if last is None:
            await request_once(context.redis, context.settings, Job.CLEAN, "first", "first start")
        elif last < hour and now - hour >= _MINUTE:
            await request_once(context.redis, context.settings, Job.CLEAN, to_wire(hour), "catch-up")
        elif self._booked is None and now.minute == 0:
            await self._refresh_at_once(connection, now)

    async def _refresh_at_once(self, connection: AsyncConnection, now: datetime) -> None:
        """A worker that starts in the minute of the clean: a refresh comes only with the next."""
        last = await select_last_done(connection, Job.REFRESH)
        if last is None or now - last > _MINUTE:
            await request_now(self._context.redis, self._context.settings, Job.REFRESH, "start")
