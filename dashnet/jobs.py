"""How any process asks for a job by name, without knowing the worker. Besides workers/main.py all that knows arq."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import orjson
from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import Redis

from dashnet.channels import job_queue, requested_tick_key
from dashnet.reading import to_wire
from dashnet.redis import RETRIED_ERRORS, reconnect_policy
from dashnet.settings import Settings

MOST_SECONDS_AHEAD = 5
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

    Whoever asks more often than that, for more than a few seconds, is given the last tick again.

    Raises:
        redis.RedisError: the job may not have been queued.
    """
    now = int(datetime.now(UTC).timestamp())
    taken = await redis.register_script(_SCRIPT)([requested_tick_key(settings, job)], (now, MOST_SECONDS_AHEAD))
    tick = datetime.fromtimestamp(int(taken), UTC)
    await enqueue(redis, settings, job, to_wire(tick), requested_by, *arguments, job_id=f"{job}:{to_wire(tick)}")
    return tick


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
