"""Raw snapshots for tests: stored as they are, and read again."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.oracle import MINUTE, Row
from workers.partitions import ensure_partitions
from workers.rollup import roll_up
from workers.state_changes import insert_past_changes


async def store_rows(engine: AsyncEngine, rows: Sequence[Row]) -> None:
    """Put these snapshots into the store, with the partitions that they need."""
    days: set[date] = {row.time_stamp.date() for row in rows}
    await ensure_partitions(engine, days)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.snapshot (time_stamp, device_id, upload_speed, download_speed, round_trip_seconds, "
                "active_connection, loss_ratio, jitter_seconds, is_simulated, is_edge) "
                "SELECT * FROM unnest(CAST(:times AS timestamptz[]), "
                "CAST(:ids AS int[]), CAST(:up AS real[]), CAST(:down AS real[]), CAST(:round_trip AS real[]), "
                "CAST(:active AS bool[]), CAST(:loss AS real[]), CAST(:jitter AS real[]), "
                "CAST(:simulated AS bool[]), CAST(:edge AS bool[]))"
            ),
            {
                "times": [row.time_stamp for row in rows],
                "ids": [row.device_id for row in rows],
                "up": [row.upload for row in rows],
                "down": [row.download for row in rows],
                "round_trip": [row.round_trip for row in rows],
                "active": [row.active for row in rows],
                "loss": [row.loss for row in rows],
                "jitter": [row.jitter for row in rows],
                "simulated": [row.simulated for row in rows],
                "edge": [row.edge for row in rows],
            },
        )


def scheduled(begin: datetime, end: datetime) -> Iterator[datetime]:
    """The ticks of refreshes between two full minutes: each minute but those of the hour."""
    ticks = (begin + number * MINUTE for number in range((end - begin) // MINUTE))
    return (tick for tick in ticks if tick.minute)


def steady(
    device_id: int, begin: datetime, end: datetime, *, active: bool | None = True, upload: float = 2.0
) -> list[Row]:
    """A device that is in one state all the time, with this upload and twice as much download while it is up."""
    speed = upload if active else 0.0
    round_trip = 0.25 if active else None
    return [Row(device_id, tick, active, speed, 2 * speed, round_trip) for tick in scheduled(begin, end)]


def restless(device_id: int, begin: datetime, end: datetime) -> list[Row]:
    """A device whose speeds change each minute, that is down for a while and not read for another."""
    rows = []
    for number, tick in enumerate(scheduled(begin, end)):
        active = number % 50 >= 7
        if number % 90 < 80:
            speed = float(number * 7 % 31) / 4 if active else 0.0
            rows.append(Row(device_id, tick, active, speed, 3 * speed, 0.5 if active else None))
    return rows


async def store_past(engine: AsyncEngine, rows: Sequence[Row], rolled_at: datetime | None = None) -> None:
    """Store these snapshots with the state changes that refreshes would have found, and roll up what is final then."""
    await store_rows(engine, rows)
    times = [row.time_stamp for row in rows]
    async with engine.begin() as connection:
        await insert_past_changes(connection, min(times), max(times) + MINUTE, with_first=True)
    if rolled_at is not None:
        await roll_up(engine, rolled_at)


async def forget_finer_than_hours(engine: AsyncEngine, until: datetime) -> None:
    """What retention leaves of a past up to `until`: hours and days."""
    async with engine.begin() as connection:
        values = {"until": until}
        await connection.execute(text("DELETE FROM store.snapshot WHERE time_stamp < :until"), values)
        await connection.execute(text("DELETE FROM store.rollup_5m WHERE begin_at < :until"), values)
        await connection.execute(text("DELETE FROM store.summary_5m WHERE begin_at < :until"), values)
        await connection.execute(
            text(
                "UPDATE store.history_extent SET raw_since = :until, simulated_raw_since = :until, "
                "five_minutes_since = :until"
            ),
            values,
        )


async def clear_history(engine: AsyncEngine) -> None:
    """Forget all snapshots and all tiers, for a test that goes through many histories."""
    tiers = [f"store.{table}_{tier}" for table in ("rollup", "summary") for tier in ("5m", "1h", "1d")]
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE store.snapshot, {', '.join(tiers)}"))
        await connection.execute(
            text(
                "UPDATE store.history_extent SET rolled_until = NULL, raw_since = 'epoch', "
                "simulated_raw_since = 'epoch', five_minutes_since = 'epoch', hours_since = 'epoch'"
            )
        )
