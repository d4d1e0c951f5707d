"""The job `rollup`: roll snapshots up into rows of five minutes, those into hours, and those into days."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.history.measures import (
    DEVICE_MEASURES,
    INTERFACE_MEASURES,
    SUMMARY_MEASURES,
    Measure,
    count_spans,
    list_columns,
    merge_rows,
    read_rows,
    store_counts,
)
from dashnet.history.pieces import bind_stretches, device_pieces, interface_pieces, summary_pieces
from dashnet.history.tiers import Tier, ceil_to, floor_to
from dashnet.jobs import Job
from workers.context import WorkerContext
from workers.ledger import LATEST_START, RunKey, open_run
from workers.parked_readings import store_parked
from workers.parking import list_parked
from workers.partitions import ensure_partitions
from workers.precedence import give_way

# When no snapshot of a moment can come any more: a refresh that has not begun by then is missed. Clocks may differ.
FINAL_AFTER = LATEST_START + timedelta(seconds=30)
LOCK_SECONDS = 30
_LONGEST_STEP = timedelta(hours=1)
_FIVE_MINUTES = Tier.FIVE_MINUTES.step


async def rollup(context: WorkerContext, tick: datetime, requested_by: str) -> None:
    """Roll up all that is final and was not rolled up yet.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError: it failed; what was rolled up stays, the next goes on from there.
    """
    async with open_run(
        context.engine,
        RunKey(Job.ROLLUP, tick),
        requested_by=requested_by,
        worker=context.settings.worker_name,
        timeout_seconds=context.settings.clean_timeout_seconds,
    ) as run:
        if run is not None:
            await store_parked(context)
            run.snapshot_count = await roll_up(context.engine, await limit_to_stored(context, tick))


async def limit_to_stored(context: WorkerContext, now: datetime) -> datetime:
    """The moment at which only such snapshots are final as are stored: none of readings that wait for Postgres.

    Raises:
        redis.RedisError: nobody knows whether any wait.
    """
    waiting = await list_parked(context.redis, context.settings)
    return min([now, *(one.tick + FINAL_AFTER for one in waiting)])


async def roll_up(engine: AsyncEngine, now: datetime) -> int:
    """Roll up to the newest five minutes that are final at `now`, an hour per transaction; returns how many snapshots.

    What one transaction rolled up it records as rolled up: whoever is killed has done each step whole or not at all.
    """
    count = 0
    while (rolled := await _roll_up_step(engine, now)) is not None:
        count += rolled
    return count


async def _roll_up_step(engine: AsyncEngine, now: datetime) -> int | None:
    """Up to an hour of snapshots, begun while no refresh is running; None where there is nothing left to do."""
    await give_way(engine)
    async with engine.connect() as connection:
        begin = await _select_begin(connection)
        until = await select_final_until(connection, now)
    if begin is None or begin >= until:
        return None
    await ensure_partitions(engine, {begin.date()})
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        await connection.execute(text("SELECT FROM store.history_extent FOR UPDATE"))
        if await _select_begin(connection) != begin:
            return 0  # another worker was here in between
        end = min(until, floor_to(begin, _LONGEST_STEP) + _LONGEST_STEP)
        count = await roll_up_between(connection, begin, end)
        if count == 0:
            # After a pause of days nobody needs to go through its hours one by one.
            end = min(until, await _select_next(connection, end) or until)
        await merge_rows_between(connection, begin, end, with_last=False)
        await connection.execute(text("UPDATE store.history_extent SET rolled_until = :end"), {"end": end})
    return count


async def _select_begin(connection: AsyncConnection) -> datetime | None:
    """Where rolling up goes on; None while there never was a snapshot."""
    until: datetime | None = await connection.scalar(text("SELECT rolled_until FROM store.history_extent"))
    first: datetime | None = until or await connection.scalar(text("SELECT min(time_stamp) FROM store.snapshot"))
    return floor_to(first, _FIVE_MINUTES) if first else None


async def _select_next(connection: AsyncConnection, moment: datetime) -> datetime | None:
    """The hour in which the next snapshot lies; None where there is none yet."""
    query = text("SELECT min(time_stamp) FROM store.snapshot WHERE time_stamp >= :moment")
    following: datetime | None = await connection.scalar(query, {"moment": moment})
    return max(moment, floor_to(following, _LONGEST_STEP)) if following else None


async def select_final_until(connection: AsyncConnection, now: datetime) -> datetime:
    """The end of the newest five minutes to which no refresh can add any more."""
    query = text(
        "SELECT min(tick) FROM store.job_run WHERE outcome IS NULL AND job IN ('refresh', 'refresh_page') "
        # A page that nobody takes up any more stays open for ever.
        "AND tick > CAST(:now AS timestamptz) - interval '15 minutes'"
    )
    running: datetime | None = await connection.scalar(query, {"now": now})
    return floor_to(min(now - FINAL_AFTER, running or now), _FIVE_MINUTES)


async def roll_up_between(connection: AsyncConnection, begin: datetime, end: datetime) -> int:
    """Make the rows of five minutes from `begin` to `end`, both on their grid; returns of how many snapshots."""
    marks = [begin + number * _FIVE_MINUTES for number in range((end - begin) // _FIVE_MINUTES + 1)]
    values = bind_stretches(marks, [(begin, end)])
    count = await connection.scalar(
        text(_insert_rows("rollup_5m", "device_id", device_pieces("true"), DEVICE_MEASURES)), values
    )
    await connection.execute(text(_insert_summary_rows()), values)
    await connection.scalar(
        text(_insert_rows("interface_rollup_5m", "interface_id", interface_pieces("true"), INTERFACE_MEASURES)), values
    )
    return int(count or 0)


async def merge_rows_between(connection: AsyncConnection, begin: datetime, end: datetime, *, with_last: bool) -> None:
    """Make the hours and days that hold any of this stretch, of the finer rows that there are.

    `with_last`: also those that `end` lies in, though what comes after it may be missing yet.
    """
    for finer, coarser in ((Tier.FIVE_MINUTES, Tier.HOUR), (Tier.HOUR, Tier.DAY)):
        first = floor_to(begin, coarser.step)
        last = ceil_to(end, coarser.step) if with_last else floor_to(end, coarser.step)
        if first < last:
            await _merge_rows(connection, finer, coarser, first, last)
    # Days become whole at their end, or at their begin where the past is written backwards.
    to_edge = ceil_to if with_last else floor_to
    for table, key in (("rollup_1h", "device_id"), ("interface_rollup_1h", "interface_id")):
        await _order_hours(connection, table, key, to_edge(begin, Tier.DAY.step), to_edge(end, Tier.DAY.step))


async def _merge_rows(connection: AsyncConnection, finer: Tier, coarser: Tier, begin: datetime, end: datetime) -> None:
    for table, keys, measures in (
        ("rollup", ["device_id"], DEVICE_MEASURES),
        ("summary", ["kind"], SUMMARY_MEASURES),
        ("interface_rollup", ["interface_id"], INTERFACE_MEASURES),
    ):
        listed = ", ".join(["begin_at", *keys])
        await connection.execute(
            text(
                f"WITH kept AS (SELECT {listed}, {read_rows(measures)} FROM store.{table}_{finer} "
                "WHERE begin_at >= :begin AND begin_at < :end), "
                f"merged AS (SELECT date_bin(CAST(:step AS interval), kept.begin_at, 'epoch') AS bucket, "
                f"{', '.join([*keys, merge_rows(measures)])} FROM kept GROUP BY {', '.join(['bucket', *keys])}) "
                f"INSERT INTO store.{table}_{coarser} ({listed}, {list_columns(measures)}) "
                f"SELECT {', '.join(['bucket', *keys])}, {store_counts(measures)} FROM merged "
                f"{_replace(keys, measures)}"
            ),
            {"step": coarser.step, "begin": begin, "end": end},
        )


async def _order_hours(connection: AsyncConnection, table: str, key: str, begin: datetime, end: datetime) -> None:
    """Write the hours of whole days anew, a device's or interface's 24 side by side.

    They came hour by hour, all devices each time, so that a year of a device lay on thousands of pages.
    """
    if begin < end:
        await connection.execute(
            text(
                f"WITH taken AS (DELETE FROM store.{table} WHERE begin_at >= :begin AND begin_at < :end RETURNING *) "
                f"INSERT INTO store.{table} SELECT * FROM taken "
                f"ORDER BY date_bin('1 day', begin_at, 'epoch'), {key}, begin_at"
            ),
            {"begin": begin, "end": end},
        )


def _insert_rows(table: str, key: str, pieces: str, measures: tuple[Measure, ...]) -> str:
    return (
        f"WITH {pieces}, counted AS (SELECT bucket, {key}, {count_spans(measures)} FROM piece GROUP BY bucket, {key}), "
        f"made AS (INSERT INTO store.{table} (begin_at, {key}, {list_columns(measures)}) "
        f"SELECT (CAST(:edges AS timestamptz[]))[bucket], {key}, {store_counts(measures)} "
        f"FROM counted {_replace([key], measures)} RETURNING snapshot_count) SELECT sum(snapshot_count) FROM made"
    )


def _insert_summary_rows() -> str:
    return (
        f"WITH {summary_pieces()}, counted AS (SELECT bucket, kind, {count_spans(SUMMARY_MEASURES)} FROM piece "
        f"GROUP BY bucket, kind) INSERT INTO store.summary_5m (begin_at, kind, {list_columns(SUMMARY_MEASURES)}) "
        f"SELECT (CAST(:edges AS timestamptz[]))[bucket], kind, {store_counts(SUMMARY_MEASURES)} "
        f"FROM counted {_replace(['kind'], SUMMARY_MEASURES)}"
    )


def _replace(keys: Sequence[str], measures: tuple[Measure, ...]) -> str:
    columns = [measure.name for measure in measures]
    return (
        f"ON CONFLICT ({', '.join([*keys, 'begin_at'])}) DO UPDATE SET "
        f"({', '.join(columns)}) = ROW ({', '.join('excluded.' + column for column in columns)})"
    )
