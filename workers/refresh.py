"""The job `refresh`: read every device, store the readings under their tick, publish them."""

import asyncio
import logging
from datetime import datetime

from sqlalchemy import text

from dashnet.database import describe_error, is_unreachable
from dashnet.jobs import Job
from dashnet.publication import Kind
from dashnet.reading import to_wire
from workers.context import WorkerContext
from workers.devices import ask_inventory, sync_inventory
from workers.interfaces import insert_interfaces, to_part
from workers.ledger import Run, RunKey, open_run
from workers.network_client import Readings
from workers.pages import Page, plan_pages, run_pages, to_limit
from workers.parked_readings import Taken, park_tick, reopen_rolled, store_parked
from workers.publishing import change_store
from workers.snapshots import count_snapshots, insert_snapshots, to_publication
from workers.state_changes import insert_state_changes

logger = logging.getLogger(__name__)

# Postgres gets so long to say that it is there.
ASK_SECONDS = 5.0


async def refresh(context: WorkerContext, tick: datetime, requested_by: str) -> None:
    """Refresh all devices; more than one page of them as jobs that any worker takes.

    While Postgres is away it reads and publishes all the same, and its readings wait in Redis.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError, redis.RedisError: it failed; the ledger says why.
    """
    taken = Taken()
    if not await is_store_reachable(context):
        await park_tick(context, tick, taken, requested_by)
        return
    try:
        await store_parked(context)
        await _refresh_into_store(context, tick, requested_by, taken)
    except Exception as error:
        if not await _is_store_away(context, error):
            raise
        logger.warning("Postgres went away in a refresh, its readings wait error=%s", describe_error(error))
        await park_tick(context, tick, taken, requested_by)


async def _is_store_away(context: WorkerContext, error: Exception) -> bool:
    # A refresh that took too long ends with a TimeoutError too.
    return is_unreachable(error) and not (isinstance(error, TimeoutError) and await is_store_reachable(context))


async def is_store_reachable(context: WorkerContext) -> bool:
    """Whether Postgres answers, soon, and has the store's tables."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            # A worker that starts prepares the store in a moment, where Postgres is there.
            await context.prepared.wait()
            async with context.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
    except Exception as error:
        if not is_unreachable(error):
            raise
        return False
    return True


async def _refresh_into_store(context: WorkerContext, tick: datetime, requested_by: str, taken: Taken) -> None:
    settings = context.settings
    async with open_run(
        context.engine,
        RunKey(Job.REFRESH, tick),
        requested_by=requested_by,
        worker=settings.worker_name,
        timeout_seconds=settings.refresh_timeout_seconds,
    ) as run:
        if run is None:
            return
        pages = await plan_pages(run, settings.refresh_page_devices)
        if len(pages) == 1:
            await _refresh_devices(context, run, pages[0], taken)
        else:
            await run_pages(context, run, pages, lambda page: refresh_page(context, tick, page))


async def refresh_page(context: WorkerContext, tick: datetime, page: Page) -> None:
    """One page of a large refresh; waits while this process has its hands full with others.

    Raises:
        As `refresh`.
    """
    async with (
        context.page_slots,
        open_run(
            context.engine,
            RunKey(Job.REFRESH_PAGE, tick, page.after),
            requested_by=Job.REFRESH,
            worker=context.settings.worker_name,
            timeout_seconds=context.settings.refresh_timeout_seconds,
        ) as run,
    ):
        if run is not None:
            await _refresh_devices(context, run, page, Taken())


async def _refresh_devices(context: WorkerContext, run: Run, page: Page, taken: Taken) -> None:
    limit = to_limit(context.settings.refresh_page_devices)
    after: int | None = page.after
    while after is not None:
        readings = await context.network.read_devices(after, limit, until=page.until)
        after = _find_next(readings, limit, page.until)
        if readings.device_ids or not taken.pages:
            # An empty page after one that was just full is no news for anybody.
            taken.pages.append(readings)
            await _store_readings(context, run, readings)
        taken.is_complete = after is None


def _find_next(readings: Readings, limit: int, until: int | None) -> int | None:
    """The id after which to go on reading; None after the last."""
    if readings.answered_count < limit or not readings.device_ids or readings.device_ids[-1] == until:
        return None
    return readings.device_ids[-1]


async def _store_readings(context: WorkerContext, run: Run, readings: Readings) -> None:
    tick = run.key.tick
    # The inventory as it is now, not as it was before slow devices were waited for.
    asked = await ask_inventory(context, run.connection)
    async with change_store(context, run.connection) as outbox:
        await sync_inventory(context, run.connection, outbox, asked)
        stored = await insert_snapshots(run.connection, tick, readings)
        changes = await insert_state_changes(run.connection, tick, readings, stored)
        await insert_interfaces(run.connection, tick, readings.interfaces, stored)
        await reopen_rolled(run.connection, tick)
        part = await asyncio.to_thread(to_part, readings.interfaces, stored) if readings.interfaces else b""
        outbox.put(Kind.SNAPSHOTS, to_publication(to_wire(tick), readings, stored, changes), part)
        is_all = len(stored) == len(readings.device_ids)
        count = len(stored) if is_all else await count_snapshots(run.connection, tick, readings.device_ids)
    run.device_count += len(readings.device_ids)
    run.snapshot_count += count
