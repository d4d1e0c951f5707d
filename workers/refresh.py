"""The job `refresh`: read every device, store the readings under their tick, publish them."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.database import describe_error, is_unreachable
from dashnet.errors import ServiceUnavailable
from dashnet.jobs import Job, enqueue
from dashnet.publication import Kind
from dashnet.reading import to_wire
from workers.context import WorkerContext
from workers.devices import select_page_starts, sync_inventory
from workers.interfaces import insert_interfaces, to_part
from workers.ledger import Run, RunKey, open_run
from workers.network_client import Readings
from workers.parked_readings import Taken, park_tick, reopen_rolled, store_parked
from workers.publishing import change_store
from workers.snapshots import insert_snapshots, to_publication
from workers.state_changes import insert_state_changes

logger = logging.getLogger(__name__)

# Who asks for the ticks of the schedule.
SCHEDULE = "schedule"
# Postgres gets so long to say that it is there.
ASK_SECONDS = 5.0
PAGE_POLL_SECONDS = 0.1
# A page that nobody works on is offered again after so long.
PAGE_OFFER_SECONDS = 3.0


async def refresh(context: WorkerContext, tick: datetime, requested_by: str) -> None:
    """Refresh all devices; more than one page of them as jobs that any worker takes.

    While Postgres is away a scheduled refresh reads and publishes all the same, and its readings wait in Redis.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError, redis.RedisError: it failed; the ledger says why.
    """
    taken = Taken()
    is_scheduled = requested_by == SCHEDULE
    if is_scheduled and not await is_store_reachable(context):
        await park_tick(context, tick, taken)
        return
    try:
        await store_parked(context)
        await _refresh_into_store(context, tick, requested_by, taken)
    except Exception as error:
        if not is_scheduled or not await _is_store_away(context, error):
            raise
        logger.warning("Postgres went away in a refresh, its readings wait error=%s", describe_error(error))
        await park_tick(context, tick, taken)


async def _is_store_away(context: WorkerContext, error: Exception) -> bool:
    # A refresh that took too long ends with a TimeoutError too.
    return is_unreachable(error) and not (isinstance(error, TimeoutError) and await is_store_reachable(context))


async def is_store_reachable(context: WorkerContext) -> bool:
    """Whether Postgres answers, soon, and has the store's tables."""
    if not context.prepared.is_set():
        return False
    try:
        async with asyncio.timeout(ASK_SECONDS), context.engine.connect() as connection:
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
        starts = await select_page_starts(run.connection, settings.refresh_page_devices)
        await run.connection.commit()
        if len(starts) == 1:
            await _refresh_between(context, run, tick, 0, None, taken)
        else:
            await _hand_out_pages(context, run, tick, list(starts))


async def refresh_page(context: WorkerContext, tick: datetime, after: int, until: int) -> None:
    """One page of a large refresh: devices after id `after` up to `until`; 0 for all that follow.

    Raises:
        As `refresh`.
    """
    async with open_run(
        context.engine,
        RunKey(Job.REFRESH_PAGE, tick, after),
        requested_by=Job.REFRESH,
        worker=context.settings.worker_name,
        timeout_seconds=context.settings.refresh_timeout_seconds,
    ) as run:
        if run is not None:
            await _refresh_between(context, run, tick, after, until or None, Taken())


async def _refresh_between(
    context: WorkerContext, run: Run, tick: datetime, after: int, until: int | None, taken: Taken
) -> None:
    limit = context.settings.refresh_page_devices
    readings = await context.network.read_devices(after, limit)
    while True:
        wanted = readings if until is None else up_to(readings, until)
        is_last = readings.answered_count < limit or len(wanted.device_ids) < len(readings.device_ids)
        taken.pages.append(wanted)
        taken.is_complete = is_last
        await _store_readings(context, run, tick, wanted)
        if is_last or not wanted.device_ids or wanted.device_ids[-1] == until:
            return
        readings = await context.network.read_devices(wanted.device_ids[-1], limit)
        if not readings.device_ids:
            # The page before was just full; an empty one is no news for anybody.
            return


def up_to(readings: Readings, until: int) -> Readings:
    """The readings of devices up to and with id `until`."""
    count = sum(device_id <= until for device_id in readings.device_ids)
    return Readings(
        readings.device_ids[:count],
        readings.active_connections[:count],
        readings.upload_speeds[:count],
        readings.download_speeds[:count],
        readings.round_trips_seconds[:count],
        readings.errors[:count],
        {one: its for one, its in readings.interfaces.items() if one <= until},
        readings.loss_ratios and readings.loss_ratios[:count],
        readings.jitters_seconds and readings.jitters_seconds[:count],
        readings.answered_count,
    )


async def _store_readings(context: WorkerContext, run: Run, tick: datetime, readings: Readings) -> None:
    async with change_store(context, run.connection) as outbox:
        # The inventory as it is now, not as it was before slow devices were waited for.
        await sync_inventory(context, run.connection, outbox)
        stored = await insert_snapshots(run.connection, tick, readings)
        changes = await insert_state_changes(run.connection, tick, readings, stored)
        await insert_interfaces(run.connection, tick, readings.interfaces, stored)
        await reopen_rolled(run.connection, tick)
        part = await asyncio.to_thread(to_part, readings.interfaces, stored) if readings.interfaces else b""
        outbox.put(Kind.SNAPSHOTS, to_publication(to_wire(tick), readings, stored, changes), part)
    run.device_count += len(readings.device_ids)
    run.snapshot_count += len(stored)


async def _hand_out_pages(context: WorkerContext, run: Run, tick: datetime, starts: list[int]) -> None:
    ends = [*starts[1:], 0]
    waiting = dict(zip(starts, ends, strict=True))
    offer, offered_at = 0, datetime.min.replace(tzinfo=UTC)
    while waiting:
        if datetime.now(UTC) - offered_at > timedelta(seconds=PAGE_OFFER_SECONDS):
            offer, offered_at = offer + 1, datetime.now(UTC)
            for after, until in waiting.items():
                await _offer_page(context, tick, after, until, f"{run.attempt}.{offer}")
        await asyncio.sleep(PAGE_POLL_SECONDS)
        for row in await _select_ended_pages(run.connection, tick):
            if waiting.pop(row.after_id, None) is None:
                continue
            if row.outcome != "done":
                raise ServiceUnavailable(f"the page after device {row.after_id} {row.outcome}: {row.error}")
            run.device_count += row.device_count
            run.snapshot_count += row.snapshot_count


async def _offer_page(context: WorkerContext, tick: datetime, after: int, until: int, offer: str) -> None:
    job_id = f"{Job.REFRESH_PAGE}:{to_wire(tick)}:{after}:{offer}"
    await enqueue(context.redis, context.settings, Job.REFRESH_PAGE, to_wire(tick), after, until, job_id=job_id)


async def _select_ended_pages(connection: AsyncConnection, tick: datetime) -> Sequence[Row[Any]]:
    rows = await connection.execute(
        text(
            "SELECT after_id, outcome, error, device_count, snapshot_count FROM store.job_run "
            "WHERE job = 'refresh_page' AND tick = :tick AND outcome IS NOT NULL"
        ),
        {"tick": tick},
    )
    ended = rows.all()
    await connection.commit()
    return ended
