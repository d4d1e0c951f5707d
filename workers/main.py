"""The worker: `arq workers.main.WorkerSettings`. All that binds our jobs to arq; the jobs know nothing of it."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import stamina
from arq import func
from arq.cron import CronJob
from arq.worker import Function

from dashnet.channels import job_queue, worker_health_key
from dashnet.clocks import Clock
from dashnet.database import create_engine, is_unreachable, migrate
from dashnet.jobs import Job, arq_redis_settings, deserialize, serialize
from dashnet.logs import configure_logging
from dashnet.memory import collect_less_often
from dashnet.redis import create_redis
from dashnet.settings import get_settings
from dashnet.store import SCHEMA
from dashnet.tasks import cancel_and_wait
from workers.backfill import TIMEOUT_SECONDS as BACKFILL_TIMEOUT_SECONDS
from workers.backfill import backfill
from workers.clean import clean, coming_days
from workers.context import WorkerContext
from workers.network_client import NetworkClient
from workers.partitions import ensure_partitions
from workers.refresh import refresh, refresh_page
from workers.report import report
from workers.rollup import rollup
from workers.schedule import Schedule
from workers.sync import sync
from workers.watch import watch_for_abandoned

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
START_SECONDS = 60

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
    schedule = Schedule(context, Clock())
    duties = (watch_for_abandoned(context), schedule.watch_clock(), schedule.run())
    ctx["duties"] = [asyncio.create_task(duty) for duty in duties]


def is_unreachable_error(error: Exception) -> bool:
    """Whether waiting for Postgres makes sense."""
    return is_unreachable(error)


async def stop(ctx: ArqContext) -> None:
    """Close what `start` opened, in reverse order."""
    context: WorkerContext = ctx["context"]
    for duty in ctx["duties"]:
        await cancel_and_wait(duty)
    await context.network.__aexit__(None, None, None)
    await context.redis.aclose()
    await context.engine.dispose()


async def rollup_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """All that is final and not rolled up yet."""
    await rollup(ctx["context"], datetime.fromisoformat(tick), requested_by)


async def backfill_by_name(ctx: ArqContext, tick: str, requested_by: str, days: int) -> None:
    """A past for the simulated devices."""
    await backfill(ctx["context"], datetime.fromisoformat(tick), requested_by, days)


async def report_by_name(ctx: ArqContext, tick: str, requested_by: str, month: str, zone: str) -> None:
    """The figures of a month."""
    await report(ctx["context"], datetime.fromisoformat(tick), requested_by, month, zone)


async def refresh_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """Every device, under a tick of the schedule or of somebody who asked."""
    await refresh(ctx["context"], datetime.fromisoformat(tick), requested_by)


async def clean_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """The hourly clean, or one that somebody asked for."""
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
    # None: those of arq are planned by the wall clock, and wait for hours once that is set back (workers/schedule.py).
    cron_jobs: ClassVar[Sequence[CronJob]] = []
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
