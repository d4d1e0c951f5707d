"""Raw snapshots for tests: stored as they are, and read again."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.oracle import Row
from workers.partitions import ensure_partitions


async def store_rows(engine: AsyncEngine, rows: Sequence[Row]) -> None:
    """Put these snapshots into the store, with the partitions that they need."""
    days: set[date] = {row.time_stamp.date() for row in rows}
    await ensure_partitions(engine, days)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.snapshot (time_stamp, device_id, upload_speed, download_speed, round_trip_seconds, "
                "active_connection) SELECT * FROM unnest(CAST(:times AS timestamptz[]), CAST(:ids AS int[]), "
                "CAST(:up AS real[]), CAST(:down AS real[]), CAST(:round_trip AS real[]), CAST(:active AS bool[]))"
            ),
            {
                "times": [row.time_stamp for row in rows],
                "ids": [row.device_id for row in rows],
                "up": [row.upload for row in rows],
                "down": [row.download for row in rows],
                "round_trip": [row.round_trip for row in rows],
                "active": [row.active for row in rows],
            },
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
