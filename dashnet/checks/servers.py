"""Looks at Postgres and Redis: whether they answer, hold what they should, and agree on the time."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError

from dashnet import store
from dashnet.channels import worker_health_pattern
from dashnet.checks.check import START_ADVICE, Check, describe_error, mask_secrets, note, ok, problem, to_limit
from dashnet.database import create_engine
from dashnet.redis import create_redis
from dashnet.settings import Settings

OLDEST_REDIS = (6, 2)
LONGEST_CLOCK_DIFFERENCE = timedelta(seconds=2)

# Each schema's tables, and the process that makes them when it starts.
_OWNERS = {"network": "the network service", store.SCHEMA: "a worker"}


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A server's clock, and ours right before and after it was asked."""

    server: datetime
    before: datetime
    after: datetime


async def check_postgres(settings: Settings) -> Sequence[Check]:
    """Whether Postgres answers, has our tables, and has our time."""
    limit = to_limit(settings.database_timeout_seconds)
    where = mask_secrets(settings.database_url)
    try:
        engine = create_engine(settings.model_copy(update={"database_timeout_seconds": limit}), "dashnet-doctor")
    except (ArgumentError, ImportError, ValueError):
        # The error could quote the password.
        advice = "correct DASHNET_DATABASE_URL, it begins with postgresql+asyncpg://"
        return [problem("postgres", "its address cannot be read, or is not Postgres'", advice)]
    try:
        async with asyncio.timeout(limit), engine.connect() as connection:
            version = await connection.scalar(text("SHOW server_version"))
            query = text("SELECT to_regclass(:table) IS NOT NULL")
            has_tables = {
                schema: bool(await connection.scalar(query, {"table": f"{schema}.alembic_version"}))
                for schema in _OWNERS
            }
            before = datetime.now(UTC)
            server = await connection.scalar(text("SELECT clock_timestamp()"))
            clock = ClockReading(server, before, datetime.now(UTC))
    except Exception as error:  # asyncpg's own errors have no base that it documents.
        detail = f"out of reach at {where}: {describe_error(error)}"
        return [problem("postgres", detail, f"{START_ADVICE}; or correct DASHNET_DATABASE_URL")]
    finally:
        await engine.dispose()
    return [ok("postgres", f"{version} at {where}"), *judge_tables(has_tables), judge_clock("postgres clock", clock)]


def judge_tables(has_tables: Mapping[str, bool]) -> Sequence[Check]:
    """A problem for each schema without tables."""
    missing = [schema for schema, is_there in has_tables.items() if not is_there]
    if not missing:
        return [ok("tables", f"those of {' and '.join(has_tables)} are there")]
    return [
        problem("tables", f"those of {schema} are missing", f"start {_OWNERS[schema]}, which makes them (make up)")
        for schema in missing
    ]


def judge_clock(name: str, clock: ClockReading) -> Check:
    """Whether the server's time is ours, as far as the way there and back lets one tell."""
    ahead, behind = clock.server - clock.after, clock.before - clock.server
    difference = max(ahead, behind, timedelta(0))
    if difference <= LONGEST_CLOCK_DIFFERENCE:
        return ok(name, "agrees with this machine's")
    direction = "ahead of" if ahead > behind else "behind"
    detail = f"{difference.total_seconds():.1f} s {direction} this machine's"
    return problem(name, detail, "set both clocks by a time server (NTP)")


async def check_redis(settings: Settings) -> Sequence[Check]:
    """Whether Redis answers, is new enough, outlives its own restart, has our time, and hears of a worker."""
    limit = to_limit(settings.redis_timeout_seconds)
    where = mask_secrets(settings.redis_url)
    try:
        limited = settings.model_copy(update={"redis_timeout_seconds": limit})
        redis = create_redis(limited, "dashnet-doctor", reconnects=False)
    except ValueError:
        # The error could quote the password.
        return [problem("redis", "its address cannot be read", "correct DASHNET_REDIS_URL, it begins with redis://")]
    try:
        async with asyncio.timeout(limit):
            return await _ask_redis(redis, settings, where)
    except (RedisError, OSError, TimeoutError) as error:
        detail = f"out of reach at {where}: {describe_error(error)}"
        return [problem("redis", detail, f"{START_ADVICE}; or correct DASHNET_REDIS_URL")]
    finally:
        await redis.aclose()


async def _ask_redis(redis: Redis, settings: Settings, where: str) -> Sequence[Check]:
    server = await redis.info("server")
    persistence = await redis.info("persistence")
    before = datetime.now(UTC)
    seconds, microseconds = await redis.time()
    clock = ClockReading(datetime.fromtimestamp(seconds + microseconds / 10**6, UTC), before, datetime.now(UTC))
    pattern = worker_health_pattern(settings)
    keys = [key.decode() async for key in redis.scan_iter(match=pattern, count=10_000)]
    return [
        judge_redis_version(str(server["redis_version"]), where),
        judge_persistence(appends=bool(persistence["aof_enabled"]), saves=await _read_saves(redis)),
        judge_clock("redis clock", clock),
        judge_workers([key.removeprefix(pattern.removesuffix("*")) for key in keys]),
    ]


async def _read_saves(redis: Redis) -> bool | None:
    """Whether Redis saves itself now and then; None where it does not tell, as managed ones often do not."""
    try:
        return bool((await redis.config_get("save")).get("save"))
    except ResponseError:
        return None


def judge_redis_version(version: str, where: str) -> Check:
    """Whether this Redis is new enough."""
    if tuple(map(int, re.findall(r"\d+", version)[:2])) >= OLDEST_REDIS:
        return ok("redis", f"{version} at {where}")
    return problem("redis", f"{version} at {where} is too old", "run Redis 6.2 or newer")


def judge_persistence(*, appends: bool, saves: bool | None) -> Check:
    """Whether what Redis knows outlives its restart. Nothing is lost for good where it does not."""
    if appends:
        return ok("redis memory", "survives a restart (append-only file)")
    if saves is None:
        return note("redis memory", "whether it survives a restart cannot be seen (CONFIG is not allowed)")
    lost = "jobs that wait and first counter samples are lost, every screen gets a fresh state"
    if saves:
        return note("redis memory", f"survives a restart in part (saved now and then): of the last minutes {lost}")
    return note("redis memory", f"does not survive a restart: then {lost}")


def judge_workers(names: Sequence[str]) -> Check:
    """Whether any worker renewed its key within the last seconds."""
    if names:
        return ok("workers", f"{len(names)} alive: {', '.join(sorted(names))}")
    return problem("workers", "none is alive", f"{START_ADVICE}; or one alone: arq workers.main.WorkerSettings")
