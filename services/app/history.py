"""Queries on what was: one device's snapshots, and the whole network's sums by tick."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

MOST_ROWS = 10_080


async def select_history(
    engine: AsyncEngine, device_id: int, begin: datetime, end: datetime, limit: int
) -> Sequence[dict[str, Any]]:
    """The newest `limit` snapshots of a device from `begin` up to `end`, oldest first."""
    query = text(
        "SELECT * FROM (SELECT time_stamp, active_connection, upload_speed::text::float8 AS upload_speed, "
        "download_speed::text::float8 AS download_speed, round_trip_seconds::text::float8 AS round_trip_seconds "
        "FROM store.snapshot WHERE device_id = :device_id AND time_stamp >= :begin AND time_stamp < :end "
        "ORDER BY time_stamp DESC LIMIT :limit) AS newest ORDER BY time_stamp"
    )
    values = {"device_id": device_id, "begin": begin, "end": end, "limit": limit}
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(query, values)).mappings()]


async def select_summary_history(
    engine: AsyncEngine, begin: datetime, end: datetime, limit: int
) -> Sequence[dict[str, Any]]:
    """Sums over all devices for the newest `limit` ticks from `begin` up to `end`, oldest first."""
    query = text(
        "SELECT * FROM (SELECT time_stamp, round(sum(upload_speed::float8)::numeric, 6)::float8 AS upload_speed, "
        "round(sum(download_speed::float8)::numeric, 6)::float8 AS download_speed, "
        "count(*) FILTER (WHERE active_connection) AS up, count(*) FILTER (WHERE NOT active_connection) AS down, "
        "count(*) FILTER (WHERE active_connection IS NULL) AS unknown "
        "FROM store.snapshot WHERE time_stamp >= :begin AND time_stamp < :end "
        "GROUP BY time_stamp ORDER BY time_stamp DESC LIMIT :limit) AS newest ORDER BY time_stamp"
    )
    async with engine.connect() as connection:
        rows = await connection.execute(query, {"begin": begin, "end": end, "limit": limit})
        return [dict(row) for row in rows.mappings()]
