"""The worker: `arq workers.main.WorkerSettings`. All that binds our jobs to arq; the jobs know nothing of it."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from arq import func
from arq.cron import CronJob
from arq.worker import Function

from dashnet.channels import job_queue, worker_health_key
from dashnet.clocks import Clock
from dashnet.database import create_engine, describe_outage, is_unreachable, migrate
from dashnet.errors import ServiceUnavailable
from dashnet.jobs import COMPLETION_WAIT_SECONDS, Job, arq_redis_settings, deserialize, serialize
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
from workers.outages import Outage, OutageLog
from workers.pages import Page
from workers.parked_readings import watch_parked
from workers.partitions import ensure_partitions
from workers.refresh import refresh, refresh_page
from workers.report import report
from workers.rollup import rollup
from workers.schedule import Schedule
from workers.sync import sync
from workers.watch import watch_for_abandoned

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
# How long a job waits for the store's tables.
PREPARED_SECONDS = 10.0
# A worker that needs longer from its import to its start has waited for Redis.
LONGEST_START_SECONDS = 5.0
_IMPORTED_AT = time.monotonic()

ArqContext = dict[str, Any]  # arq hands its own entries and ours over in one dict


async def start(ctx: ArqContext) -> None:
    """Make what jobs share, and begin with the worker's duties; Postgres may come later."""
    settings = get_settings()
    configure_logging(settings)
    collect_less_often()
    engine = create_engine(settings, "dashnet-worker")
    redis = create_redis(settings, "dashnet-worker")
    log = OutageLog(datetime.now(UTC))
    context = WorkerContext(settings, engine, redis, NetworkClient(settings), log, asyncio.Event())
    ctx["context"] = context
    # What a killed worker of this name left there does not tell of this one.
    await context.redis.delete(worker_health_key(settings))
    waited = time.monotonic() - _IMPORTED_AT
    if waited > LONGEST_START_SECONDS:
        log.add(Outage("Redis was out of reach", datetime.now(UTC) - timedelta(seconds=waited), datetime.now(UTC)))
    schedule = Schedule(context, Clock())
    duties = (
        prepare_store(context),
        watch_for_abandoned(context),
        watch_parked(context),
        schedule.watch_clock(),
        schedule.run(),
    )
    ctx["duties"] = [asyncio.create_task(duty) for duty in duties]


async def prepare_store(context: WorkerContext) -> None:
    """Bring the store's tables up to date, and say so; waits for Postgres as long as that takes."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            await migrate(context.engine, MIGRATIONS, SCHEMA)
            await ensure_partitions(context.engine, coming_days(datetime.now(UTC)))
            break
        except Exception as error:
            if is_unreachable(error):
                context.outages.see("Postgres", describe_outage(error), datetime.now(UTC))
            else:
                # Another version of the tables, no permission: an operator mends that while readings go on.
                logger.exception("the store cannot be prepared, trying again")
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
    context.prepared.set()


async def _get_context(ctx: ArqContext) -> WorkerContext:
    """What jobs work with, once the store is prepared.

    Raises:
        ServiceUnavailable: it is not, and the job must not wait for ever.
    """
    context: WorkerContext = ctx["context"]
    try:
        async with asyncio.timeout(PREPARED_SECONDS):
            await context.prepared.wait()
    except TimeoutError:
        raise ServiceUnavailable("Postgres is out of reach, the store is not prepared") from None
    return context


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
    await rollup(await _get_context(ctx), datetime.fromisoformat(tick), requested_by)


async def backfill_by_name(ctx: ArqContext, tick: str, requested_by: str, days: int) -> None:
    """A past for the simulated devices."""
    await backfill(await _get_context(ctx), datetime.fromisoformat(tick), requested_by, days)


async def report_by_name(ctx: ArqContext, tick: str, requested_by: str, month: str, zone: str) -> None:
    """The figures of a month."""
    await report(await _get_context(ctx), datetime.fromisoformat(tick), requested_by, month, zone)


async def refresh_by_name(ctx: ArqContext, tick: str, requested_by: str, *_: int) -> None:
    """Every device, under a tick of the schedule or of somebody who asked; its pages stand in the ledger."""
    await refresh(ctx["context"], datetime.fromisoformat(tick), requested_by)


async def clean_by_name(ctx: ArqContext, tick: str, requested_by: str) -> None:
    """The hourly clean, or one that somebody asked for."""
    await clean(await _get_context(ctx), datetime.fromisoformat(tick), requested_by)


async def refresh_page_by_name(ctx: ArqContext, tick: str, after: int, until: int) -> None:
    """A page of a large refresh."""
    page = Page(after, until or None)
    await refresh_page(await _get_context(ctx), datetime.fromisoformat(tick), page)


async def sync_by_name(ctx: ArqContext, revision: int) -> None:
    """The inventory was edited."""
    await sync(await _get_context(ctx), revision)


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
    job_completion_wait = COMPLETION_WAIT_SECONDS
    keep_result = 0
    max_tries = 2
    # A run holds one connection for its lock and needs another to end, and the watch has one: no job may wait for ever.
    max_jobs = (_settings.database_pool_size - 2) // 2
    poll_delay = 0.2
    timezone = UTC
    log_results = False
