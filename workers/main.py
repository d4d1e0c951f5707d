"""The worker: `arq workers.main.WorkerSettings`. All that binds our jobs to arq; the jobs know nothing of it."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import stamina
from arq import cron, func
from arq.cron import CronJob
from arq.worker import Function

from dashnet.channels import job_queue, worker_health_key
from dashnet.database import create_engine, is_unreachable, migrate
from dashnet.jobs import Job, arq_redis_settings, deserialize, request_now, serialize
from dashnet.logs import configure_logging
from dashnet.memory import collect_less_often
from dashnet.reading import to_tick
from dashnet.redis import create_redis
from dashnet.settings import get_settings
from dashnet.store import SCHEMA
from dashnet.tasks import cancel_and_wait
from workers.backfill import TIMEOUT_SECONDS as BACKFILL_TIMEOUT_SECONDS
from workers.backfill import backfill
from workers.clean import clean, coming_days
from workers.context import WorkerContext
from workers.ledger import record_missed, select_last_done
from workers.network_client import NetworkClient
from workers.partitions import ensure_partitions
from workers.refresh import refresh, refresh_page
from workers.report import report
from workers.rollup import rollup
from workers.sync import sync
from workers.watch import watch_for_abandoned

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
START_SECONDS = 60
# Final are five minutes after 90 seconds; refreshes take the first seconds of each minute.
ROLLUP_SECOND = 40

ArqContext = dict[str, Any]  # arq hands its own entries and ours over in one dict


async def start(ctx: ArqContext) -> None:
    """Prepare the store and everything that jobs share; waits a while for Postgres to come up."""
    settings = get_settings()
    configure_logging(settings)
    collect_less_often()
    engine = create_engine(settings, "dashnet-worker")
    async for attempt in stamina.retry_context(on=is_unreachable_error, timeout=START_SECONDS, attempts=None):
        with attempt:
            await migrate(engine, MIGRATIONS, SCHEMA)
    await ensure_partitions(engine, coming_days(datetime.now(UTC)))
    context = WorkerContext(settings, engine, create_redis(settings, "dashnet-worker"), NetworkClient(settings))
    ctx["context"] = context
    # What a killed worker of this name left there does not tell of this one.
    await context.redis.delete(worker_health_key(settings))
    ctx["watch"] = asyncio.create_task(watch_for_abandoned(context))
    async with engine.connect() as connection:
        missed = await record_missed(connection, datetime.now(UTC), settings.ledger_retention_days)
        last_clean = await select_last_done(connection, Job.CLEAN)
        last_refresh = await select_last_done(connection, Job.REFRESH)
    if missed:
        logger.warning("ticks were missed while no worker was up count=%d", missed)
    if last_clean is None:
        await request_now(context.redis, settings, Job.CLEAN, "first start")
    elif last_refresh is None or datetime.now(UTC) - last_refresh > timedelta(minutes=1):
        await request_now(context.redis, settings, Job.REFRESH, "start")


def is_unreachable_error(error: Exception) -> bool:
    """Whether waiting for Postgres makes sense."""
    return is_unreachable(error)


async def stop(ctx: ArqContext) -> None:
    """Close what `start` opened, in reverse order."""
    context: WorkerContext = ctx["context"]
    await cancel_and_wait(ctx["watch"])
    await context.network.__aexit__(None, None, None)
    await context.redis.aclose()
    await context.engine.dispose()


def _scheduled_tick(ctx: ArqContext) -> datetime:
    """The minute a cron run was meant for: arq ends such a job's id with that time in milliseconds."""
    return to_tick(datetime.fromtimestamp(int(ctx["job_id"].rsplit(":", 1)[1]) / 1000, UTC))


async def refresh_on_schedule(ctx: ArqContext) -> None:
    """Minutes 1 to 59."""
    await _record_missed(ctx)
    await refresh(ctx["context"], _scheduled_tick(ctx), "schedule")


async def clean_on_schedule(ctx: ArqContext) -> None:
    """Minute 0."""
    await _record_missed(ctx)
    await clean(ctx["context"], _scheduled_tick(ctx), "schedule")


async def rollup_on_schedule(ctx: ArqContext) -> None:
    """Some seconds after the snapshots of five minutes have become final, in between two refreshes."""
    await rollup(ctx["context"], datetime.now(UTC).replace(microsecond=0), "schedule")


async def rollup_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """A roll-up taken up from a dead worker."""
    await rollup(ctx["context"], datetime.fromisoformat(tick), requested_by)


async def backfill_by_name(ctx: ArqContext, tick: str, requested_by: str, days: int) -> None:
    """A past for the simulated devices."""
    await backfill(ctx["context"], datetime.fromisoformat(tick), requested_by, days)


async def report_by_name(ctx: ArqContext, tick: str, requested_by: str, month: str, zone: str) -> None:
    """The figures of a month."""
    await report(ctx["context"], datetime.fromisoformat(tick), requested_by, month, zone)


async def _record_missed(ctx: ArqContext) -> None:
    context: WorkerContext = ctx["context"]
    async with context.engine.connect() as connection:
        await record_missed(connection, datetime.now(UTC), context.settings.ledger_retention_days)


async def refresh_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """A refresh asked for by hand, or taken up from a dead worker."""
    await refresh(ctx["context"], datetime.fromisoformat(tick), requested_by)


async def clean_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """A clean asked for by hand, or taken up from a dead worker."""
    await clean(ctx["context"], datetime.fromisoformat(tick), requested_by)


async def refresh_page_by_name(ctx: ArqContext, tick: str, after: int, until: int) -> None:
    """A page of a large refresh."""
    await refresh_page(ctx["context"], datetime.fromisoformat(tick), after, until)


async def sync_by_name(ctx: ArqContext, revision: int) -> None:
    """The inventory was edited."""
    await sync(ctx["context"], revision)


_settings = get_settings()


class WorkerSettings:
    """Read by arq, which looks at this very class and not at its bases."""

    functions: ClassVar[Sequence[Function]] = [
        func(refresh_by_name, name=Job.REFRESH.value),
        func(clean_by_name, name=Job.CLEAN.value, timeout=_settings.clean_timeout_seconds + 5),
        func(refresh_page_by_name, name=Job.REFRESH_PAGE.value),
        func(sync_by_name, name=Job.SYNC.value),
        func(rollup_by_name, name=Job.ROLLUP.value, timeout=_settings.clean_timeout_seconds + 5),
        func(backfill_by_name, name=Job.BACKFILL.value, timeout=BACKFILL_TIMEOUT_SECONDS + 5),
        func(report_by_name, name=Job.REPORT.value, timeout=_settings.clean_timeout_seconds + 5),
    ]
    # No job id of ours here: arq's own holds the tick, and it lets each tick run once whatever the number of workers.
    cron_jobs: ClassVar[Sequence[CronJob]] = [
        cron(refresh_on_schedule, minute=set(range(1, 60))),
        cron(clean_on_schedule, minute=0, timeout=_settings.clean_timeout_seconds + 5),
        cron(
            rollup_on_schedule,
            minute=set(range(1, 60, 5)),
            second=ROLLUP_SECOND,
            timeout=_settings.clean_timeout_seconds + 5,
        ),
    ]
    on_startup = start
    on_shutdown = stop
    redis_settings = arq_redis_settings(_settings)
    queue_name = job_queue(_settings)
    health_check_key = worker_health_key(_settings)
    health_check_interval = 2
    job_serializer = serialize
    job_deserializer = deserialize
    job_timeout = _settings.refresh_timeout_seconds + 5
    job_completion_wait = 10
    keep_result = 0
    max_tries = 2
    # A run holds one connection for its lock and needs another to end, and the watch has one: no job may wait for ever.
    max_jobs = (_settings.database_pool_size - 2) // 2
    poll_delay = 0.2
    timezone = UTC
    log_results = False
