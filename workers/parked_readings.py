"""What becomes of a tick while Postgres is away: it is read, published and parked, and stored once Postgres is back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.database import describe_error, is_unreachable
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.jobs import Job
from dashnet.publication import Kind, publish
from dashnet.reading import to_wire
from dashnet.store import Outcome
from workers.context import WorkerContext
from workers.devices import sync_inventory
from workers.interfaces import insert_interfaces, to_part
from workers.ledger import LATEST_START, SCHEDULE, RunKey
from workers.ledger_queries import select_outcome
from workers.long_publications import split_publication
from workers.network_client import Readings
from workers.parking import (
    MOST_TICKS,
    ParkedTick,
    Parking,
    claim_tick,
    forget_lost,
    forget_parked,
    is_parked,
    list_lost,
    list_parked,
    read_pages,
)
from workers.partitions import ensure_partitions
from workers.publishing import Outbox, change_store_in_steps
from workers.snapshots import insert_snapshots, to_publication
from workers.state_changes import insert_state_changes

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


@dataclass(slots=True)
class Taken:
    """The readings that a run has taken so far, for the case that Postgres goes away before they are stored."""

    pages: list[Readings] = field(default_factory=list)
    is_complete: bool = False


async def park_tick(context: WorkerContext, tick: datetime, taken: Taken, requested_by: str = SCHEDULE) -> None:
    """Park the readings of a tick, those taken or new ones, and show them on every screen; once for all workers.

    Raises:
        ServiceUnavailable: the network service gives no answer, or Postgres went away and the tick's minute is over.
        DashnetError: its answer cannot be used.
        redis.RedisError: they may be parked, and may not.
    """
    redis, settings = context.redis, context.settings
    async with claim_tick(redis, settings, tick) as is_ours:
        if not is_ours or await is_parked(redis, settings, tick):
            return
        parking = Parking(redis, settings, tick, datetime.now(UTC), requested_by)
        pages: list[Readings] = []
        async with asyncio.timeout(settings.refresh_timeout_seconds):
            async for readings in _take_pages(context, tick, taken):
                await parking.add(len(pages), readings)
                pages.append(readings)
            is_first = await parking.enter()
        if is_first:
            await _publish(context, tick, pages)
            logger.info("readings wait for Postgres tick=%s devices=%d", to_wire(tick), _count(pages))


def _count(pages: Sequence[Readings]) -> int:
    return sum(len(readings.device_ids) for readings in pages)


async def _take_pages(context: WorkerContext, tick: datetime, taken: Taken) -> AsyncIterator[Readings]:
    if taken.is_complete:
        for readings in taken.pages:
            yield readings
        return
    if datetime.now(UTC) - tick > LATEST_START:
        raise ServiceUnavailable(f"Postgres went away, and the minute of {to_wire(tick)} is over")
    after, limit = 0, context.settings.refresh_page_devices
    while True:
        readings = await context.network.read_devices(after, limit)
        if readings.device_ids or not after:
            yield readings
        if readings.answered_count < limit or not readings.device_ids:
            return
        after = readings.device_ids[-1]


async def _publish(context: WorkerContext, tick: datetime, pages: Sequence[Readings]) -> None:
    waiting = await list_parked(context.redis, context.settings)
    since = to_wire(min([tick, *(one.tick for one in waiting)]))
    for readings in pages:
        shown = set(readings.device_ids)
        fields = {**to_publication(to_wire(tick), readings, shown), "storing_delayed_since": since}
        part = await asyncio.to_thread(to_part, readings.interfaces, shown) if readings.interfaces else b""
        for piece, beside in split_publication(Kind.SNAPSHOTS, fields, part):
            await publish(context.redis, context.settings, Kind.SNAPSHOTS, piece, beside)


async def watch_parked(context: WorkerContext) -> None:
    """Store what waits as soon as that is possible, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if context.prepared.is_set():
                await store_parked(context)
        except (RedisError, DashnetError) as error:
            logger.warning("readings still wait error=%s", error)
        except Exception as error:
            # A watch that ended would leave the readings waiting until the next start.
            if not is_unreachable(error):
                logger.exception("storing readings that waited failed, trying again")


async def store_parked(context: WorkerContext) -> int:
    """Store all readings that wait, under their own ticks and in order; returns how many ticks.

    Whoever is killed has stored a tick whole, with its line in the ledger, or not at all.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError, OSError: not now; they go on waiting.
        redis.RedisError: what was stored may be stored again, to no effect.
    """
    redis, settings = context.redis, context.settings
    parked, lost = await list_parked(redis, settings), await list_lost(redis, settings)
    if not parked and not lost:
        return 0
    await ensure_partitions(context.engine, {one.tick.date() for one in parked})
    async with context.engine.connect() as connection, change_store_in_steps(context, connection) as step:
        async with step():
            await sync_inventory(context, connection, Outbox())
        # Another worker may have stored some while this one waited for its turn.
        parked = await list_parked(redis, settings)
        for one in parked:
            await _store_or_give_up(context, connection, step, one)
            await forget_parked(redis, settings, one)
        if lost:
            await _record_lost(connection, lost)
            await forget_lost(redis, settings, lost)
    logger.info("readings that waited were stored ticks=%d lost=%d", len(parked), len(lost))
    return len(parked)


async def _store_or_give_up(context: WorkerContext, connection: AsyncConnection, step: Any, parked: ParkedTick) -> None:
    try:
        async with step():
            await _store(context, connection, parked)
    except (DBAPIError, TypeError, ValueError) as error:
        if is_unreachable(error):
            raise
        # It would keep all later ticks waiting.
        logger.exception("readings that waited cannot be stored tick=%s", to_wire(parked.tick))
        async with step():
            await _enter(connection, parked, Outcome.FAILED, error=describe_error(error))


async def _store(context: WorkerContext, connection: AsyncConnection, parked: ParkedTick) -> None:
    if await select_outcome(connection, RunKey(Job.REFRESH, parked.tick)) == Outcome.DONE:
        return
    devices = snapshots = 0
    async for readings in read_pages(context.redis, context.settings, parked):
        stored = await insert_snapshots(connection, parked.tick, readings)
        await insert_state_changes(connection, parked.tick, readings, stored)
        await insert_interfaces(connection, parked.tick, readings.interfaces, stored)
        devices, snapshots = devices + len(readings.device_ids), snapshots + len(stored)
    await reopen_rolled(connection, parked.tick)
    await _enter(connection, parked, Outcome.DONE, devices=devices, snapshots=snapshots)


async def _enter(
    connection: AsyncConnection,
    parked: ParkedTick,
    outcome: Outcome,
    *,
    devices: int | None = None,
    snapshots: int | None = None,
    error: str | None = None,
) -> None:
    values = {
        "tick": parked.tick,
        "by": parked.requested_by,
        "worker": parked.worker,
        "started_at": parked.started_at,
        "outcome": outcome,
        "devices": devices,
        "snapshots": snapshots,
        "error": error,
    }
    await connection.execute(_ENTER, values)


# Over whatever is said of the tick meanwhile: that it was missed, or its worker dead.
_ENTER = text(
    "INSERT INTO store.job_run AS run "
    "(job, tick, requested_by, worker, started_at, finished_at, outcome, device_count, snapshot_count, error) "
    "VALUES ('refresh', :tick, :by, :worker, :started_at, now(), :outcome, :devices, :snapshots, :error) "
    "ON CONFLICT (job, tick, after_id) DO UPDATE SET worker = excluded.worker, started_at = excluded.started_at, "
    "finished_at = excluded.finished_at, outcome = excluded.outcome, device_count = excluded.device_count, "
    "snapshot_count = excluded.snapshot_count, error = excluded.error WHERE run.outcome IS DISTINCT FROM 'done'"
)
# Full minutes are those of the schedule.
_LOST = text(
    "INSERT INTO store.job_run AS run (job, tick, requested_by, finished_at, outcome, error) "
    "SELECT 'refresh', tick, CASE WHEN tick = date_trunc('minute', tick) THEN 'schedule' ELSE 'hand' END, "
    "now(), 'failed', :error FROM unnest(CAST(:ticks AS timestamptz[])) AS tick "
    "ON CONFLICT (job, tick, after_id) DO UPDATE SET outcome = excluded.outcome, finished_at = excluded.finished_at, "
    "error = excluded.error WHERE run.outcome IS DISTINCT FROM 'done'"
)
# Only as far back as all raw snapshots are still there: a roll-up of fewer would replace one of all.
_REOPEN = text(
    "UPDATE store.history_extent SET rolled_until = least(rolled_until, greatest("
    "date_bin('5 minutes', CAST(:tick AS timestamptz) - interval '2 minutes', 'epoch'), "
    "raw_since, interface_raw_since, simulated_raw_since)) WHERE rolled_until > :tick"
)


async def _record_lost(connection: AsyncConnection, ticks: Sequence[datetime]) -> None:
    error = f"its readings were given up: more than {MOST_TICKS} ticks waited for Postgres"
    await connection.execute(_LOST, {"ticks": list(ticks), "error": error})
    await connection.commit()


async def reopen_rolled(connection: AsyncConnection, tick: datetime) -> None:
    """Have a tick rolled up that comes after its time: history forgets that it was there already."""
    await connection.execute(_REOPEN, {"tick": tick})
