"""The query on the store that makes the panel."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.bounds import MEASURED, select_as_stored
from dashnet.publication import Position
from dashnet.reading import state_of, to_wire
from services.app.panel import Panel
from services.app.stored_interfaces import select_latest_interfaces
from services.app.views import LiveDevice

_ROWS_AT_ONCE = 1000

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
    devices: dict[int, LiveDevice] = {}
    newest: datetime | None = None
    repeated = _Repeated()
    async with engine.connect() as connection:
        # Never all rows at once: they take more memory than the panel, and screens wait while they are worked up.
        async for rows in (await connection.stream(query)).mappings().partitions(_ROWS_AT_ONCE):
            devices.update((row["id"], _to_live_device(row, repeated)) for row in rows)
            newest = max((one for one in (newest, *(row["time_stamp"] for row in rows)) if one), default=None)
        interfaces = await select_latest_interfaces(connection)
    return Panel(position, to_wire(newest) if newest else None, devices, interfaces)


class _Repeated:
    """Values that many devices share, kept once for all of them; treat them as read-only."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._documents: dict[str, Any] = {}
        self._moments: dict[datetime, str] = {}

    def text(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def document(self, encoded: str) -> Any:  # any JSON value
        if encoded not in self._documents:
            self._documents[encoded] = orjson.loads(encoded)
        return self._documents[encoded]

    def moment(self, moment: datetime) -> str:
        if moment not in self._moments:
            self._moments[moment] = to_wire(moment)
        return self._moments[moment]


def _to_live_device(row: RowMapping, repeated: _Repeated) -> LiveDevice:
    taken = row["time_stamp"]
    return {
        "id": row["id"],
        "host_name": row["host_name"],
        "device_type": repeated.text(row["device_type"]),
        "operating_system": repeated.text(row["operating_system"]),
        "mac_address": row["mac_address"],
        "ip_address": row["ip_address"],
        "driver": repeated.text(row["driver"]),
        "driver_options": repeated.document(row["driver_options"]),
        "tags": repeated.document(row["tags"]),
        "parent_id": row["parent_id"],
        "state": state_of(row["active_connection"] if taken else None),
        "snap_shot": {
            "time_stamp": repeated.moment(taken),
            "active_connection": row["active_connection"],
            **{name: row[name] for name in MEASURED},
        }
        if taken
        else None,
    }
