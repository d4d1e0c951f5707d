"""Queries on the interfaces that the store holds: those of a device, and those that a panel begins with."""

import asyncio
from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.bounds import RATES, select_as_stored, select_believed
from dashnet.interface_part import Packed, pack_json
from dashnet.reading import State, state_of, to_wire

_OF_DEVICE = text(
    f"""
    SELECT name, alias, interface_type, {select_believed("line_speed")} AS line_speed, first_seen_at, last_seen_at,
        seen.*,
        seen.time_stamp = (SELECT max(time_stamp) FROM store.snapshot WHERE device_id = :device_id) AS is_latest
    FROM (SELECT * FROM store.interface WHERE device_id = :device_id ORDER BY last_seen_at DESC, id LIMIT :limit)
        AS listed LEFT JOIN LATERAL (
        SELECT time_stamp, is_up, {select_as_stored(*RATES)} FROM store.interface_snapshot
        WHERE interface_id = listed.id ORDER BY time_stamp DESC LIMIT 1
    ) AS seen ON true ORDER BY listed.id
    """
)
# OFFSET 0 keeps Postgres from reading all snapshots and comparing them: each is looked up by index, in its partition.
_LATEST = text(
    f"""
    SELECT interface.device_id, json_agg(json_build_object('name', name,
        'state', CASE WHEN is_up THEN 'up' WHEN NOT is_up THEN 'down' ELSE 'unknown' END,
        'alias', alias, 'interface_type', interface_type, 'line_speed', {select_believed("line_speed")},
        {", ".join(f"'{rate}', {select_believed(rate)}" for rate in RATES)}) ORDER BY interface.id)::text AS interfaces
    FROM (SELECT DISTINCT device_id FROM store.interface) AS owner
    CROSS JOIN LATERAL (SELECT time_stamp FROM store.snapshot WHERE device_id = owner.device_id
        ORDER BY time_stamp DESC LIMIT 1) AS latest
    JOIN store.interface ON interface.device_id = owner.device_id
    CROSS JOIN LATERAL (SELECT * FROM store.interface_snapshot
        WHERE interface_id = interface.id AND time_stamp = latest.time_stamp OFFSET 0) AS seen
    GROUP BY interface.device_id
    """
)


async def select_interface_id(engine: AsyncEngine, device_id: int, name: str) -> int | None:
    """The id of a device's interface; None where it has shown none of that name."""
    query = text("SELECT id FROM store.interface WHERE device_id = :device_id AND name = :name")
    async with engine.connect() as connection:
        found: int | None = await connection.scalar(query, {"device_id": device_id, "name": name.replace("\0", "")})
    return found


async def select_interfaces(engine: AsyncEngine, device_id: int, limit: int) -> Sequence[dict[str, Any]]:
    """The interfaces that a device has shown, in the fields of `StoredInterface`; so many that were seen last."""
    async with engine.connect() as connection:
        rows = (await connection.execute(_OF_DEVICE, {"device_id": device_id, "limit": limit})).mappings().all()
    return [_to_stored(row) for row in rows]


def _to_stored(row: RowMapping) -> dict[str, Any]:
    taken = row["time_stamp"]
    return {
        "name": row["name"],
        "alias": row["alias"],
        "interface_type": row["interface_type"],
        "line_speed": row["line_speed"],
        "first_seen_at": to_wire(row["first_seen_at"]),
        "last_seen_at": to_wire(max(row["last_seen_at"], taken or row["last_seen_at"])),
        "state": state_of(row["is_up"]) if row["is_latest"] else State.UNKNOWN,
        "snap_shot": {
            "time_stamp": to_wire(taken),
            "state": state_of(row["is_up"]),
            **{rate: row[rate] for rate in RATES},
        }
        if taken
        else None,
    }


async def select_latest_interfaces(connection: AsyncConnection) -> dict[int, Packed]:
    """What the latest reading of each device showed of its interfaces, as publications have it."""
    rows = (await connection.execute(_LATEST)).all()
    return await asyncio.to_thread(lambda: {device_id: pack_json(listed.encode()) for device_id, listed in rows})
