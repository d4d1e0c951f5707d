"""A past to measure on: raw snapshots of two weeks with their roll-ups, and two years of hours and days."""

import asyncio
import random
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.history.measures import DEVICE_MEASURES, SUMMARY_MEASURES, list_columns, merge_rows
from dashnet.history.tiers import Tier, floor_to
from workers.network_client import Readings
from workers.partitions import ensure_partitions
from workers.rollup import merge_rows_between, roll_up_between
from workers.snapshots import insert_snapshots

RAW_DAYS, YEARS = 14, 2
AT_ONCE = 2
_DAY_OF = "date_bin('1 day', begin_at, 'epoch') AS day"
_MINUTE, _HOUR, _DAY, _MONTH = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=30)

# Each device is down for half an hour in every 25 hours, one after the other.
_INSERT_SNAPSHOTS = text(
    """
    INSERT INTO store.snapshot
        (time_stamp, device_id, upload_speed, download_speed, round_trip_seconds, active_connection, is_simulated,
            is_edge)
    SELECT tick, device_id, CASE WHEN up THEN 20 * random() ELSE 0 END, CASE WHEN up THEN 100 * random() ELSE 0 END,
        CASE WHEN up THEN 0.001 + 0.02 * random() END, up, true, true
    FROM generate_series(
        CAST(:begin AS timestamptz), CAST(:end AS timestamptz) - interval '1 minute', '1 minute') AS tick
    CROSS JOIN unnest(CAST(:ids AS int[])) AS device_id
    CROSS JOIN LATERAL (SELECT (7 * device_id + floor(date_part('epoch', tick) / 1800)::int) % 50 > 0 AS up) AS its
    WHERE tick <> date_trunc('hour', tick) ORDER BY tick, device_id
    """
)
# In the order that the roll-up leaves them in: the 24 hours of a device's day side by side.
_INSERT_HOURS = text(
    """
    INSERT INTO store.rollup_1h
    SELECT hour, 3600 * 10 * known, 3600 * 50 * known, 3600 * 0.01 * known, device_id, 59, 3600 * known,
        3600 - 3600 * known, 0, 3600 * known, 0, 20, 0, 100, 0.001, 0.021
    FROM generate_series(CAST(:begin AS timestamptz), CAST(:end AS timestamptz) - interval '1 hour', '1 hour') AS hour
    CROSS JOIN unnest(CAST(:ids AS int[])) AS device_id CROSS JOIN LATERAL (SELECT 0.9 + 0.1 * random() AS known) AS its
    ORDER BY date_bin('1 day', hour, 'epoch'), device_id, hour
    """
)
_INSERT_SUMMARY_HOURS = text(
    """
    INSERT INTO store.summary_1h (kind, begin_at, upload_megabits, download_megabits, up_seconds, down_seconds,
        unknown_seconds, upload_min, upload_max, download_min, download_max, covered_seconds, tick_count, up_min,
        up_max)
    SELECT 'simulated', begin_at, sum(upload_megabits), sum(download_megabits), sum(up_seconds), sum(down_seconds), 0,
        4000, 6000, 20000, 30000, 3600, 59, 480, 500
    FROM store.rollup_1h WHERE begin_at >= :begin AND begin_at < :end GROUP BY begin_at ORDER BY begin_at
    """
)


@dataclass(frozen=True, slots=True)
class Past:
    """Raw snapshots reach from `raw_since`, hours and days from `hours_since`, all of them to `until` and beyond.

    `refreshed_day` was written a tick at a time by what a refresh writes with, `made_day` by one statement.
    """

    device_ids: Sequence[int]
    hours_since: datetime
    raw_since: datetime
    until: datetime

    @property
    def refreshed_day(self) -> datetime:
        """Yesterday."""
        return floor_to(self.until, _DAY) - _DAY

    @property
    def made_day(self) -> datetime:
        """The day before."""
        return self.refreshed_day - _DAY


async def make_past(engine: AsyncEngine, device_ids: Sequence[int], now: datetime) -> Past:
    """Write it, the two weeks through the real roll-up; a worker that runs beside it rolls up only what follows."""
    until = floor_to(now, Tier.FIVE_MINUTES.step)
    today = floor_to(until, _DAY)
    past = Past(device_ids, today - timedelta(days=365 * YEARS), today - timedelta(days=RAW_DAYS), until)
    days = [past.raw_since + number * _DAY for number in range(RAW_DAYS + 1)]
    await ensure_partitions(engine, {day.date() for day in days})
    await _record_extent(engine, past)
    works = [_make_day(engine, past, day) for day in days]
    begin = past.hours_since
    while begin < past.raw_since:
        works.append(_make_old(engine, past, begin, min(begin + _MONTH, past.raw_since)))
        begin += _MONTH
    await _run(works)
    return past


async def _record_extent(engine: AsyncEngine, past: Past) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE store.history_extent SET rolled_until = :until, raw_since = :raw, five_minutes_since = :raw, "
                "hours_since = :hours, days_since = :hours"
            ),
            {"until": past.until, "raw": past.raw_since, "hours": past.hours_since},
        )


async def _run(works: Sequence[Awaitable[None]]) -> None:
    """A core each."""
    limit, started, done = asyncio.Semaphore(AT_ONCE), time.monotonic(), 0

    async def run_one(work: Awaitable[None]) -> None:
        nonlocal done
        async with limit:
            await work
        done += 1
        print(f"  made {done} of {len(works)} parts of the past, {time.monotonic() - started:.0f} s", flush=True)

    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(run_one(work))


async def _make_day(engine: AsyncEngine, past: Past, day: datetime) -> None:
    end = min(day + _DAY, past.until)
    if day == past.refreshed_day:
        await _refresh_day(engine, past, day)
    else:
        await make_snapshots(engine, past.device_ids, day, end)
    begin = day
    while begin < end:
        async with engine.begin() as connection:
            await roll_up_hour(connection, begin, min(begin + _HOUR, end))
        begin += _HOUR


async def make_snapshots(engine: AsyncEngine, device_ids: Sequence[int], begin: datetime, end: datetime) -> None:
    """Write what refreshes of these minutes would have, in their order."""
    async with engine.begin() as connection:
        await connection.execute(_INSERT_SNAPSHOTS, {"begin": begin, "end": end, "ids": list(device_ids)})


async def roll_up_hour(connection: AsyncConnection, begin: datetime, end: datetime) -> int:
    """What the roll-up does in one transaction."""
    count = await roll_up_between(connection, begin, end)
    await merge_rows_between(connection, begin, end, with_last=False)
    return count


async def _refresh_day(engine: AsyncEngine, past: Past, day: datetime) -> None:
    """A transaction a tick, by the statement of the refresh."""
    async with engine.connect() as connection:
        for minute in range(1440):
            if minute % 60:
                await insert_snapshots(connection, day + minute * _MINUTE, make_readings(past.device_ids))
                await connection.commit()


def make_readings(device_ids: Sequence[int]) -> Readings:
    """Any readings; every fiftieth device is down."""
    up = [random.random() > 0.02 for _ in device_ids]
    return Readings(
        device_ids,
        up,
        [20 * random.random() * is_up for is_up in up],
        [100 * random.random() * is_up for is_up in up],
        [0.001 + 0.02 * random.random() if is_up else None for is_up in up],
        [None] * len(up),
    )


async def make_hours(engine: AsyncEngine, device_ids: Sequence[int], begin: datetime, end: datetime) -> None:
    """Write hours of devices that have no snapshots."""
    async with engine.begin() as connection:
        await connection.execute(_INSERT_HOURS, {"begin": begin, "end": end, "ids": list(device_ids)})


async def _make_old(engine: AsyncEngine, past: Past, begin: datetime, end: datetime) -> None:
    await make_hours(engine, past.device_ids, begin, end)
    async with engine.begin() as connection:
        values = {"begin": begin, "end": end}
        await connection.execute(_INSERT_SUMMARY_HOURS, values)
        for table in ("rollup", "summary"):
            await connection.execute(text(_insert_days(table)), values)


def _insert_days(table: str) -> str:
    """As the roll-up does, which would put the hours in order too."""
    keys, measures = (["device_id"], DEVICE_MEASURES) if table == "rollup" else ([], SUMMARY_MEASURES)
    return (
        f"INSERT INTO store.{table}_1d ({', '.join(['begin_at', *keys, list_columns(measures)])}) "
        f"SELECT {', '.join([_DAY_OF, *keys, merge_rows(measures)])} "
        f"FROM store.{table}_1h WHERE begin_at >= :begin AND begin_at < :end "
        f"GROUP BY {', '.join(['day', *keys])} ORDER BY {', '.join(['day', *keys])}"
    )


async def vacuum(engine: AsyncEngine) -> None:
    """What autovacuum does after so many rows, to the tables that it looks at: not to partitioned ones themselves."""
    names = text("SELECT relname FROM pg_class WHERE relnamespace = 'store'::regnamespace AND relkind = 'r'")
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for name in list(await connection.scalars(names)):
            await connection.execute(text(f"VACUUM (ANALYZE) store.{name}"))
