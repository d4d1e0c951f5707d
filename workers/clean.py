"""The job `clean`: reset the simulated devices to a short past, drop what is past its retention."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.jobs import Job, request_now
from dashnet.publication import Kind
from dashnet.reading import to_tick
from workers.context import WorkerContext
from workers.devices import sync_inventory
from workers.ledger import Run, RunKey, delete_runs_before, open_run, select_last_done
from workers.network_client import Readings
from workers.partitions import drop_partitions_before, ensure_partitions
from workers.publishing import change_store
from workers.snapshots import delete_snapshots_until, insert_snapshots

BASELINE_MINUTES = 10


async def clean(context: WorkerContext, tick: datetime, requested_by: str) -> None:
    """Clean the store. The very first one is followed by a refresh, so that the screen is full at once.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError, redis.RedisError: it failed; the ledger says why.
    """
    settings = context.settings
    async with open_run(
        context.engine,
        RunKey(Job.CLEAN, tick),
        requested_by=requested_by,
        worker=settings.worker_name,
        timeout_seconds=settings.clean_timeout_seconds,
    ) as run:
        if run is None:
            return
        is_first = await select_last_done(run.connection, Job.CLEAN) is None
        await run.connection.commit()
        await _drop_expired(context, tick)
        async with change_store(context, run.connection) as outbox:
            await sync_inventory(context, run.connection, outbox)
        if settings.demo_reset or is_first:
            await _reset_simulated(context, run, tick)
        async with change_store(context, run.connection) as outbox:
            outbox.put(Kind.RESET, {})
    if is_first:
        await request_now(context.redis, settings, Job.REFRESH, "first start")


async def _drop_expired(context: WorkerContext, tick: datetime) -> None:
    settings = context.settings
    today = tick.astimezone(UTC).date()
    # The baseline may begin yesterday, and tomorrow's snapshots must not wait for their partition.
    await ensure_partitions(context.engine, {(tick - timedelta(minutes=BASELINE_MINUTES)).date(), *coming_days(tick)})
    await drop_partitions_before(context.engine, today - timedelta(days=settings.snapshot_retention_days))
    await delete_runs_before(context.engine, tick - timedelta(days=settings.ledger_retention_days))


def coming_days(moment: datetime) -> set[date]:
    """Today and tomorrow in UTC."""
    today = moment.astimezone(UTC).date()
    return {today, today + timedelta(days=1)}


async def _reset_simulated(context: WorkerContext, run: Run, tick: datetime) -> None:
    """Page by page: read ten minutes of the past, delete everything up to the tick, write the ten minutes."""
    minutes = [to_tick(tick) - timedelta(minutes=back) for back in range(BASELINE_MINUTES, 0, -1)]
    after, limit = 0, context.settings.refresh_page_devices
    while True:
        page = await _select_page(run.connection, after, limit)
        if not page:
            return
        baseline = [await context.network.read_devices(after, limit, at=minute) for minute in minutes]
        ids = sorted({device_id for readings in baseline for device_id in readings.device_ids})
        await delete_snapshots_until(context.engine, ids, tick)
        await _insert_baseline(context, run, minutes, baseline)
        run.device_count += len(ids)
        after = page[-1]


async def _insert_baseline(
    context: WorkerContext, run: Run, minutes: Sequence[datetime], baseline: Sequence[Readings]
) -> None:
    async with change_store(context, run.connection):
        for minute, readings in zip(minutes, baseline, strict=True):
            run.snapshot_count += len(await insert_snapshots(run.connection, minute, readings))


async def _select_page(connection: AsyncConnection, after: int, limit: int) -> Sequence[int]:
    query = text("SELECT id FROM store.device WHERE id > :after ORDER BY id LIMIT :limit")
    ids = list(await connection.scalars(query, {"after": after, "limit": limit}))
    await connection.commit()
    return ids
