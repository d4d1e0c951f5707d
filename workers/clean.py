"""The job `clean`: reset the simulated devices to a short past, drop what is past its retention."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from dashnet.database import create_engine
from dashnet.jobs import Job, request_now
from dashnet.publication import Kind
from dashnet.reading import to_tick
from workers.context import WorkerContext
from workers.devices import forget_driver_since, sync_inventory
from workers.ledger import Run, RunKey, open_run
from workers.ledger_queries import select_last_done
from workers.network_client import PastReadings
from workers.packing import pack_finished_day
from workers.parked_readings import store_parked
from workers.partitions import ensure_partitions
from workers.publishing import change_store
from workers.retention import drop_expired, record_reset
from workers.rollup import limit_to_stored, roll_up
from workers.snapshots import delete_snapshots_before, delete_snapshots_between, insert_snapshots

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
        # The baseline may begin yesterday, and tomorrow's snapshots must not wait for their partition.
        days = {(tick - timedelta(minutes=BASELINE_MINUTES)).date(), *coming_days(tick)}
        await ensure_partitions(context.engine, days)
        # First of all, for what is not rolled up must not go.
        await store_parked(context)
        await roll_up(context.engine, await limit_to_stored(context, datetime.now(UTC)))
        await drop_expired(context, tick)
        await _pack_finished_day(context, tick)
        async with change_store(context, run.connection) as outbox:
            await sync_inventory(context, run.connection, outbox)
            if is_first:
                await forget_driver_since(run.connection)
        if settings.demo_reset or is_first:
            await _reset_simulated(context, run, tick)
        async with change_store(context, run.connection) as outbox:
            outbox.put(Kind.RESET, {})
    if is_first:
        await request_now(context.redis, settings, Job.REFRESH, "first start")


async def _pack_finished_day(context: WorkerContext, tick: datetime) -> None:
    # The index of a large fleet's day takes longer than commands may elsewhere; all of clean has its limit.
    engine = create_engine(context.settings, "dashnet-worker", limits_commands=False)
    try:
        await pack_finished_day(engine, tick.astimezone(UTC).date())
    finally:
        await engine.dispose()


def coming_days(moment: datetime) -> set[date]:
    """Today and tomorrow in UTC."""
    today = moment.astimezone(UTC).date()
    return {today, today + timedelta(days=1)}


async def _reset_simulated(context: WorkerContext, run: Run, tick: datetime) -> None:
    """Page by page: read the ten full minutes before the tick, delete everything up to it, write these minutes anew.

    What is older than these and not rolled up yet stays until the next time. A device that was added within them gets
    only those since, and one that was real before keeps what was read of it.
    """
    last = to_tick(tick - timedelta(microseconds=1))
    minutes = [last - timedelta(minutes=back) for back in reversed(range(BASELINE_MINUTES))]
    rolled_until = await record_reset(context.engine, minutes[0])
    after, limit = 0, context.settings.refresh_page_devices
    end = minutes[-1] + timedelta(minutes=1)
    while True:
        past = await context.network.read_past(minutes[0], end, 60, after=after, limit=limit)
        if rolled_until is not None:
            await delete_snapshots_before(context.engine, past.device_ids, rolled_until)
        await _replace_baseline(context, run, tick, minutes, past)
        run.device_count += len(past.device_ids)
        if len(past.device_ids) < limit:
            return
        after = past.device_ids[-1]


async def _replace_baseline(
    context: WorkerContext, run: Run, tick: datetime, minutes: Sequence[datetime], past: PastReadings
) -> None:
    """In one transaction, for these minutes are not all rolled up yet: nobody must find them gone."""
    async with change_store(context, run.connection):
        await delete_snapshots_between(run.connection, past.device_ids, minutes, tick)
        for number, minute in enumerate(minutes):
            run.snapshot_count += len(await insert_snapshots(run.connection, minute, past.at(number), of_past=True))
