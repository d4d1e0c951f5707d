"""The job `backfill`: write the past of the simulated devices, as refreshes would have, through the same roll-ups.

It goes backwards, hours at a time, from where history begins: whoever is killed has written an unbroken past as far as
it came, and the next one goes on from there.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.errors import InvalidInput
from dashnet.history.tiers import Tier, floor_to
from dashnet.jobs import Job
from workers.context import WorkerContext
from workers.ledger import Run, RunKey, open_run, record_progress
from workers.network_client import PastReadings
from workers.partitions import ensure_partitions
from workers.retention import drop_expired
from workers.rollup import LOCK_SECONDS, merge_rows_between, roll_up, roll_up_between
from workers.state_changes import insert_past_changes, join_past_changes

TIMEOUT_SECONDS = 6 * 3600
MOST_DAYS = 3650
# How many snapshots are read, stored and rolled up at a time, and of how many devices they are read in one request.
_SNAPSHOTS_AT_ONCE = 400_000
_DEVICES_AT_ONCE = 5000
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
# The span of the last snapshot before a stretch may reach into it.
_BEFORE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the past; the `newest` borders on what is there, before the `oldest` there will be nothing."""

    begin: datetime
    end: datetime
    is_newest: bool
    is_oldest: bool


async def backfill(context: WorkerContext, tick: datetime, requested_by: str, days: int) -> None:
    """Write the past of the simulated devices from `days` before `tick` on to where history begins.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError: it failed; what was written stays, the next goes on from there.
    """
    async with open_run(
        context.engine,
        RunKey(Job.BACKFILL, tick),
        requested_by=requested_by,
        worker=context.settings.worker_name,
        timeout_seconds=TIMEOUT_SECONDS,
        arguments=(days,),
    ) as run:
        if run is not None:
            await _backfill(context, run, floor_to(tick - timedelta(days=days), Tier.DAY.step))


async def _backfill(context: WorkerContext, run: Run, goal: datetime) -> None:
    run.device_count = await _count_simulated(run.connection)
    if not run.device_count:
        raise InvalidInput("there are no simulated devices, and no other has a past that could be written")
    await roll_up(context.engine, datetime.now(UTC))
    newest = begin = await _find_begin(run.connection)
    await run.connection.commit()
    hours = max(1, min(24, _SNAPSHOTS_AT_ONCE // (60 * run.device_count)))
    while begin > goal:
        end, begin = begin, max(goal, floor_to(begin - timedelta(seconds=1), _HOUR) - (hours - 1) * _HOUR)
        stretch = _Stretch(begin, end, end == newest, begin == goal)
        run.snapshot_count += await _write_stretch(context, stretch)
        await record_progress(context.engine, run, (newest - begin) / (newest - goal))
        if floor_to(begin, Tier.DAY.step) != floor_to(end, Tier.DAY.step):
            await drop_expired(context, datetime.now(UTC))
    await drop_expired(context, datetime.now(UTC))


async def _count_simulated(connection: AsyncConnection) -> int:
    query = text("SELECT count(*) FROM store.device WHERE driver = 'simulated'")
    return int(await connection.scalar(query) or 0)


async def _find_begin(connection: AsyncConnection) -> datetime:
    """Where history begins; with it begins what the roll-up of every five minutes has to do."""
    query = text(
        """
        SELECT least(backfilled_since, five.begin_at, hour.begin_at, day.begin_at, raw.begin_at)
        FROM store.history_extent,
            (SELECT min(begin_at) AS begin_at FROM store.summary_5m) AS five,
            (SELECT min(begin_at) AS begin_at FROM store.summary_1h
                WHERE begin_at < (SELECT min(begin_at) - interval '1 hour' FROM store.summary_5m)) AS hour,
            (SELECT min(begin_at) AS begin_at FROM store.summary_1d
                WHERE begin_at < (SELECT min(begin_at) - interval '1 day' FROM store.summary_1h)) AS day,
            (SELECT min(time_stamp) AS begin_at FROM store.snapshot
                WHERE (SELECT rolled_until IS NULL FROM store.history_extent)) AS raw
        """
    )
    first: datetime = await connection.scalar(query) or datetime.now(UTC)
    begin = floor_to(first, Tier.FIVE_MINUTES.step)
    await connection.execute(
        text("UPDATE store.history_extent SET rolled_until = :begin WHERE rolled_until IS NULL"), {"begin": begin}
    )
    return begin


async def _write_stretch(context: WorkerContext, stretch: _Stretch) -> int:
    engine = context.engine
    days = {(stretch.begin - _BEFORE).date(), stretch.begin.date(), (stretch.end - _MINUTE).date()}
    # No simulated device has interfaces.
    await ensure_partitions(engine, days, ("snapshot", "rollup_5m"))
    after, moments = 0, (stretch.end - stretch.begin + _BEFORE) // _MINUTE
    limit = max(1, min(_DEVICES_AT_ONCE, _SNAPSHOTS_AT_ONCE // moments))
    while True:
        past = await context.network.read_past(stretch.begin - _BEFORE, stretch.end, 60, after=after, limit=limit)
        await _insert_past(engine, past)
        if len(past.device_ids) < limit:
            break
        after = past.device_ids[-1]
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        count = await roll_up_between(connection, stretch.begin, stretch.end)
        await merge_rows_between(connection, stretch.begin, stretch.end, with_last=True)
        await insert_past_changes(connection, stretch.begin, stretch.end, with_first=stretch.is_oldest)
        if stretch.is_newest:
            await join_past_changes(connection, stretch.end)
        await connection.execute(
            text("UPDATE store.history_extent SET backfilled_since = :begin"), {"begin": stretch.begin}
        )
    return count


async def _insert_past(engine: AsyncEngine, past: PastReadings) -> None:
    """Store readings of all minutes but the first of each hour, in which no refresh runs."""
    statement = text(
        "INSERT INTO store.snapshot "
        "(time_stamp, device_id, upload_speed, download_speed, round_trip_seconds, active_connection, is_simulated, "
        "is_edge) SELECT tick, device.id, up, down, round_trip, active, true, is_edge "
        "FROM unnest(CAST(:up AS real[]), CAST(:down AS real[]), CAST(:round_trip AS real[]), CAST(:active AS bool[])) "
        "WITH ORDINALITY AS reading (up, down, round_trip, active, number) "
        "CROSS JOIN LATERAL (SELECT (CAST(:ticks AS timestamptz[]))[(number - 1) / :devices + 1] AS tick) AS its "
        "JOIN store.device ON device.id = (CAST(:ids AS int[]))[(number - 1) % :devices + 1] "
        "WHERE tick <> date_trunc('hour', tick) ON CONFLICT DO NOTHING"
    )
    if not past.device_ids:
        return
    async with engine.begin() as connection:
        await connection.execute(
            statement,
            {
                "ticks": past.time_stamps,
                "ids": past.device_ids,
                "devices": len(past.device_ids),
                "up": past.upload_speeds,
                "down": past.download_speeds,
                "round_trip": past.round_trips_seconds,
                "active": past.active_connections,
            },
        )
