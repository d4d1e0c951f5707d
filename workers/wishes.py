"""Jobs that somebody asked for by hand: each is offered until the ledger has it, or written down as missed.

A queued job is lost with a worker that is killed before it begins, and fails while Postgres is away. The wish in Redis
outlives both. A refresh without Postgres needs no second offer: its readings wait.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.channels import wished_jobs_key
from dashnet.jobs import Job, enqueue
from dashnet.reading import to_wire
from dashnet.settings import Settings
from workers.context import WorkerContext
from workers.ledger import LATEST_TAKE_UP
from workers.outages import read_past
from workers.parking import list_parked
from workers.reasons import explain_span

logger = logging.getLogger(__name__)

# The job itself was queued with the wish; one that is queued behind others is offered again to no effect.
FIRST_OFFER = timedelta(seconds=5)
_MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """A job that was asked for by hand, under its tick."""

    job: Job
    tick: datetime
    requested_by: str
    arguments: Sequence[str | int] = ()

    @property
    def name(self) -> str:
        """Its name among all wishes."""
        return f"{self.job} {to_wire(self.tick)}"


async def list_wishes(redis: Redis, settings: Settings) -> Sequence[Wish]:
    """All wishes that this version knows, the oldest first.

    Raises:
        redis.RedisError: nobody knows.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(wished_jobs_key(settings))
        (entries,) = await pipeline.execute()
    wishes = (_parse(name.decode(), raw) for name, raw in entries.items())
    return sorted((one for one in wishes if one is not None), key=lambda one: one.tick)


def _parse(name: str, raw: bytes) -> Wish | None:
    try:
        job, tick = name.split(" ")
        requested_by, *arguments = orjson.loads(raw)
        return Wish(Job(job), datetime.fromisoformat(tick).astimezone(UTC), requested_by, arguments)
    except (ValueError, TypeError):
        # Of another version, perhaps. It must not keep the others waiting.
        logger.error("a job that was asked for is unknown to this version and left alone name=%r", name[:100])
        return None


async def look_after_wishes(context: WorkerContext) -> None:
    """Offer what nobody has begun, record what is too late as missed, and forget what the ledger has.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError, redis.RedisError: out of reach; the wishes stay, call again.
    """
    redis, settings, now = context.redis, context.settings, datetime.now(UTC)
    wishes = (await list_wishes(redis, settings))[:_MOST_AT_ONCE]
    if not wishes:
        return
    waiting = {one.tick for one in await list_parked(redis, settings)}
    async with context.engine.connect() as connection:
        known = await _select_known(connection, wishes)
        for wish in wishes:
            if wish.name not in known and now - wish.tick > LATEST_TAKE_UP[wish.job]:
                if wish.job is Job.REFRESH and wish.tick in waiting:
                    continue
                await _record_missed(context, connection, wish)
            elif wish.name not in known:
                await _offer(context, wish, now)
                continue
            await _forget(redis, settings, wish)


async def _offer(context: WorkerContext, wish: Wish, now: datetime) -> None:
    if now - wish.tick < FIRST_OFFER:
        return
    # Under another name each time: that of a job whose worker was killed stays taken for long.
    job_id = context.offers.next_id(f"{wish.job}:{to_wire(wish.tick)}:wish")
    if job_id is not None:
        arguments = (to_wire(wish.tick), wish.requested_by, *wish.arguments)
        await enqueue(context.redis, context.settings, wish.job, *arguments, job_id=job_id)


async def _select_known(connection: AsyncConnection, wishes: Sequence[Wish]) -> set[str]:
    """Names of the wishes that the ledger has, whatever became of them."""
    query = text(
        "SELECT job, tick FROM store.job_run "
        "JOIN unnest(CAST(:jobs AS text[]), CAST(:ticks AS timestamptz[])) AS wished (job, tick) USING (job, tick)"
    )
    values = {"jobs": [one.job.value for one in wishes], "ticks": [one.tick for one in wishes]}
    rows = (await connection.execute(query, values)).all()
    await connection.commit()
    return {f"{row.job} {to_wire(row.tick)}" for row in rows}


async def _record_missed(context: WorkerContext, connection: AsyncConnection, wish: Wish) -> None:
    now = datetime.now(UTC)
    past = await read_past(context.redis, context.settings, context.outages, now)
    reason = explain_span(wish.tick, wish.tick + LATEST_TAKE_UP[wish.job], past) or "came too late"
    await connection.execute(
        text(
            "INSERT INTO store.job_run (job, tick, requested_by, outcome, finished_at, error) "
            "VALUES (:job, :tick, :by, 'missed', :now, :error) ON CONFLICT (job, tick, after_id) DO NOTHING"
        ),
        {"job": wish.job, "tick": wish.tick, "by": wish.requested_by, "now": now, "error": reason},
    )
    await connection.commit()
    logger.warning("a job that was asked for was missed job=%s reason=%s", wish.name, reason)


async def _forget(redis: Redis, settings: Settings, wish: Wish) -> None:
    async with redis.pipeline() as pipeline:
        pipeline.hdel(wished_jobs_key(settings), wish.name)
        await pipeline.execute()
