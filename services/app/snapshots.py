"""Queries on the store that make whole states: the panel, and the full state of 2020."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
# The clean leaves this much of a past before its own tick.
_BASELINE = timedelta(minutes=10)
# Ids of 2020's snapshots were whole numbers; ours are made of second and device and stay below 2**53.
_ID_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_ID_DEVICES = 2**21


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


@dataclass(frozen=True, slots=True)
class _Columns:
    times: Sequence[datetime]
    uploads: Sequence[float | None]
    downloads: Sequence[float | None]
    actives: Sequence[bool | None]


async def select_full_state(engine: AsyncEngine, most_snapshots: int) -> bytes:
    """The array of 2020: every device with its snapshots since the last clean, oldest first, in JSON.

    The clean's own baseline counts as since; at most `most_snapshots` per device, the newest.
    """
    query = text(
        "WITH cleaned AS (SELECT coalesce(max(tick), '-infinity') AS tick FROM store.job_run "
        "WHERE job = 'clean' AND outcome = 'done'), "
        "shown AS (SELECT device_id, time_stamp, upload_speed, download_speed, active_connection, "
        "row_number() OVER (PARTITION BY device_id ORDER BY time_stamp DESC) AS place FROM store.snapshot "
        "WHERE time_stamp >= (SELECT date_trunc('minute', tick) - CAST(:baseline AS interval) FROM cleaned)) "
        "SELECT device.id, mac_address, ip_address, device_type, host_name, operating_system, "
        "array_agg(time_stamp ORDER BY time_stamp) FILTER (WHERE device_id IS NOT NULL) AS times, "
        "array_agg(upload_speed::text::float8 ORDER BY time_stamp) AS uploads, "
        "array_agg(download_speed::text::float8 ORDER BY time_stamp) AS downloads, "
        "array_agg(active_connection ORDER BY time_stamp) AS actives "
        "FROM store.device LEFT JOIN shown ON device_id = device.id AND place <= :most "
        "GROUP BY device.id ORDER BY device.id"
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query, {"baseline": _BASELINE, "most": most_snapshots})).mappings().all()
    return orjson.dumps([_to_full_device(row) for row in rows])


def _to_full_device(row: RowMapping) -> dict[str, Any]:
    device_id = row["id"]
    columns = _Columns(row["times"] or (), row["uploads"], row["downloads"], row["actives"])
    return {
        "id": device_id,
        "mac_address": row["mac_address"],
        "ip_address": row["ip_address"],
        "device_type": row["device_type"],
        "host_name": row["host_name"],
        "operating_system": row["operating_system"],
        "snap_shots": [
            {
                "id": int((time - _ID_EPOCH).total_seconds()) * _ID_DEVICES + device_id,
                "time_stamp": f"{time:%Y-%m-%d %H:%M:%S.%f}",
                # The front end of 2020 adds them up: what is not known is 0 here, and null everywhere else.
                "upload_speed": upload or 0.0,
                "download_speed": download or 0.0,
                "active_connection": active,
            }
            for time, upload, download, active in zip(
                columns.times, columns.uploads, columns.downloads, columns.actives, strict=False
            )
        ],
    }
