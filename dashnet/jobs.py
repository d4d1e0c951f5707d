"""How any process asks for a job by name, without knowing the worker. Besides workers/main.py all that knows arq."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import orjson
from arq.connections import ArqRedis, RedisSettings
from arq.constants import job_key_prefix
from redis.asyncio import Redis

from dashnet.channels import job_queue, requested_tick_key, wished_jobs_key
from dashnet.reading import to_wire
from dashnet.redis import RETRIED_ERRORS, reconnect_policy
from dashnet.settings import Settings

MOST_SECONDS_AHEAD = 5
# A worker that is told to stop lets its jobs end for so long, then cancels those that still run: another start takes
# them up. Breaking off what Postgres does for a large fleet takes a while too.
COMPLETION_WAIT_SECONDS, BREAKING_OFF_SECONDS = 5, 10
# Of one job that is asked for by name.
MOST_WAITING = 4
_SCRIPT = (Path(__file__).parent / "request_tick.lua").read_text()


class Job(StrEnum):
    """What a worker can be asked for."""

    REFRESH = "refresh"
    CLEAN = "clean"
    REFRESH_PAGE = "refresh_page"
    SYNC = "sync"
    ROLLUP = "rollup"
    BACKFILL = "backfill"
    REPORT = "report"


async def request_now(
    redis: Redis, settings: Settings, job: Job, requested_by: str = "hand", *arguments: str | int
) -> datetime:
    """Ask for a job now; returns its tick, which is the running second or the next that is free.

    Whoever asks more often than that, for more than a few seconds, is given the last tick again. The wish is kept until
    the ledger has the tick, so that it is lost neither with a worker nor while Postgres is away (workers/wishes.py).

    Raises:
        redis.RedisError: the job may not have been queued.
    """
    tick, _ = await _take_tick(redis, settings, job)
    async with redis.pipeline() as pipeline:
        wish = orjson.dumps([requested_by, *arguments]).decode()
        pipeline.hset(wished_jobs_key(settings), f"{job} {to_wire(tick)}", wish)
        await pipeline.execute()
    await enqueue(redis, settings, job, to_wire(tick), requested_by, *arguments, job_id=f"{job}:{to_wire(tick)}")
    return tick


async def request_once(
    redis: Redis, settings: Settings, job: Job, name: str, requested_by: str, *arguments: str | int
) -> datetime | None:
    """Ask for a job unless one of this name waits or runs; returns the tick of whichever it is.

    None where too many of this job wait or run already, so that they do not keep a refresh waiting: ask again later.

    Raises:
        redis.RedisError: the job may not have been queued.
    """
    job_id = f"{job}:{name}"
    if (queued := await _read_queued_tick(redis, job_id)) is not None:
        return queued
    waiting: list[bytes] = await redis.zrange(job_queue(settings), 0, -1)
    if sum(one.startswith(f"{job}:".encode()) for one in waiting) >= MOST_WAITING:
        return None
    tick, is_new = await _take_tick(redis, settings, job)
    if not is_new:
        return None
    if await enqueue(redis, settings, job, to_wire(tick), requested_by, *arguments, job_id=job_id):
        return tick
    return await _read_queued_tick(redis, job_id)


async def _read_queued_tick(redis: Redis, job_id: str) -> datetime | None:
    raw = await redis.get(job_key_prefix + job_id)
    return datetime.fromisoformat(deserialize(raw)["a"][0]) if raw else None


async def _take_tick(redis: Redis, settings: Settings, job: Job) -> tuple[datetime, bool]:
    """A tick, and whether nobody had it before."""
    now = int(datetime.now(UTC).timestamp())
    taken = int(await redis.register_script(_SCRIPT)([requested_tick_key(settings, job)], (now, MOST_SECONDS_AHEAD)))
    return datetime.fromtimestamp(abs(taken), UTC), taken > 0


async def request_sync(redis: Redis, settings: Settings, revision: int) -> None:
    """Ask that the inventory's changes up to `revision` reach the store and every screen.

    Raises:
        redis.RedisError: the job may not have been queued; the next refresh brings the changes all the same.
    """
    await enqueue(redis, settings, Job.SYNC, revision, job_id=f"{Job.SYNC}:{revision}")


async def enqueue(redis: Redis, settings: Settings, job: Job, *arguments: str | int, job_id: str) -> bool:
    """Put a job into the queue; false where one of this id waits, runs, or left its result.

    Raises:
        redis.RedisError: the job may not have been queued.
    """
    queue = ArqRedis(
        redis.connection_pool,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=job_queue(settings),
    )
    return await queue.enqueue_job(job.value, *arguments, _job_id=job_id) is not None


async def release_future_jobs(redis: Redis, settings: Settings) -> int:
    """Let jobs run now that were queued before the clock was set back; returns how many.

    Raises:
        redis.RedisError: they wait until the clock is there again.
    """
    now = round(datetime.now(UTC).timestamp() * 1000)
    waiting = await redis.zrangebyscore(job_queue(settings), now + 1, "+inf")
    if waiting:
        await redis.zadd(job_queue(settings), dict.fromkeys(waiting, now), xx=True)
    return len(waiting)


def arq_redis_settings(settings: Settings) -> RedisSettings:
    """The address and reconnect policy for arq's own pool."""
    arq_settings = RedisSettings.from_dsn(settings.redis_url)
    arq_settings.conn_timeout = int(settings.redis_timeout_seconds)
    arq_settings.conn_retries = 10
    arq_settings.retry = reconnect_policy(6)
    arq_settings.retry_on_error = list(RETRIED_ERRORS)
    return arq_settings


def serialize(job: dict[str, Any]) -> bytes:
    """JSON instead of arq's pickle, so that nothing in Redis can run code; errors become their text."""
    return orjson.dumps(job, default=repr)


def deserialize(raw: bytes) -> dict[str, Any]:
    """The inverse of `serialize`."""
    return cast(dict[str, Any], orjson.loads(raw))
