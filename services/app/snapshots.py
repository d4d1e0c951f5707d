"""The query on the store that makes the panel."""

from typing import Any

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.bounds import MEASURED, select_as_stored
from dashnet.publication import Position
from dashnet.reading import state_of, to_wire
from services.app.panel import Panel
from services.app.stored_interfaces import select_latest_interfaces

_STATIC = (
    "device.id, host_name, device_type, operating_system, mac_address, ip_address, driver, "
    "driver_options::text AS driver_options, tags::text AS tags, parent_id"
)


async def select_panel(engine: AsyncEngine, position: Position) -> Panel:
    """Every device with its latest snapshot; holds at least all that was published up to `position`."""
    query = text(
        f"SELECT {_STATIC}, latest.* "
        f"FROM store.device LEFT JOIN LATERAL (SELECT time_stamp, active_connection, {select_as_stored(*MEASURED)} "
        f"FROM store.snapshot WHERE device_id = device.id ORDER BY time_stamp DESC LIMIT 1) AS latest ON true "
        f"ORDER BY device.id"
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
        interfaces = await select_latest_interfaces(connection)
    devices = {row["id"]: _to_live_device(row) for row in rows}
    times = [row["time_stamp"] for row in rows if row["time_stamp"] is not None]
    return Panel(position, to_wire(max(times)) if times else None, devices, interfaces)


def _to_live_device(row: RowMapping) -> dict[str, Any]:
    taken = row["time_stamp"]
    return {
        "id": row["id"],
        "host_name": row["host_name"],
        "device_type": row["device_type"],
        "operating_system": row["operating_system"],
        "mac_address": row["mac_address"],
        "ip_address": row["ip_address"],
        "driver": row["driver"],
        "driver_options": orjson.loads(row["driver_options"]),
        "tags": orjson.loads(row["tags"]),
        "parent_id": row["parent_id"],
        "state": state_of(row["active_connection"] if taken else None),
        "snap_shot": {
            "time_stamp": to_wire(taken),
            "active_connection": row["active_connection"],
            **{name: row[name] for name in MEASURED},
        }
        if taken
        else None,
    }
