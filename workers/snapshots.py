"""The store's snapshot table: bulk writes and deletes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import repeat
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from workers.network_client import Readings

_DELETE_DEVICES = 200


async def insert_snapshots(
    connection: AsyncConnection, tick: datetime, readings: Readings, *, of_past: bool = False
) -> set[int]:
    """Store readings under their tick; returns the ids of the devices that got one.

    A device that is not in the store any more gets none, and one that has a snapshot of this tick keeps it. Whether it
    counts for the network's totals is kept too: parents that are set later do not change the past. `of_past`: they were
    made for a tick that is over, so a device that was added since, or had another driver then, gets none.
    """
    inserted = await connection.scalar(
        text(
            "WITH inserted AS (INSERT INTO store.snapshot "
            "(time_stamp, device_id, upload_speed, download_speed, round_trip_seconds, active_connection, loss_ratio, "
            "jitter_seconds, is_simulated, is_edge) SELECT :tick, reading.*, driver = 'simulated', is_edge "
            "FROM unnest(CAST(:ids AS int[]), CAST(:up AS real[]), "
            "CAST(:down AS real[]), CAST(:round_trip AS real[]), CAST(:active AS bool[]), CAST(:loss AS real[]), "
            "CAST(:jitter AS real[])) AS reading (device_id) "
            # By their range, or a page of 10,000 would look at all devices of a large inventory.
            "JOIN store.device ON device.id = reading.device_id AND device.id BETWEEN :first AND :last "
            "AND (NOT :of_past OR driver_since <= :tick) "
            "ON CONFLICT DO NOTHING RETURNING device_id) SELECT array_agg(device_id) FROM inserted"
        ),
        {
            "tick": tick,
            "of_past": of_past,
            "first": min(readings.device_ids, default=0),
            "last": max(readings.device_ids, default=0),
            "ids": readings.device_ids,
            "up": readings.upload_speeds,
            "down": readings.download_speeds,
            "round_trip": readings.round_trips_seconds,
            "active": readings.active_connections,
            # Where no device has any, no array is sent: unnest fills up with null.
            "loss": readings.loss_ratios,
            "jitter": readings.jitters_seconds,
        },
    )
    return set(inserted or ())


async def count_snapshots(connection: AsyncConnection, tick: datetime, device_ids: Sequence[int]) -> int:
    """How many of these devices have a snapshot of the tick, whichever attempt stored it."""
    query = text("SELECT count(*) FROM store.snapshot WHERE time_stamp = :tick AND device_id = ANY(:ids)")
    count: int = await connection.scalar(query, {"tick": tick, "ids": device_ids})
    return count


def to_publication(
    tick: str, readings: Readings, stored: set[int], state_changes: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The fields of a `snapshots` publication: what of these readings was stored, and who turned with it, if any."""
    columns = zip(
        readings.device_ids,
        readings.active_connections,
        readings.upload_speeds,
        readings.download_speeds,
        readings.round_trips_seconds,
        readings.loss_ratios or repeat(None, len(readings.device_ids)),
        readings.jitters_seconds or repeat(None, len(readings.device_ids)),
        strict=True,
    )
    return {
        "time_stamp": tick,
        "snap_shots": [
            {
                "device_id": device_id,
                "active_connection": active,
                "upload_speed": up,
                "download_speed": down,
                "round_trip_seconds": round_trip,
                "loss_ratio": loss,
                "jitter_seconds": jitter,
            }
            for device_id, active, up, down, round_trip, loss, jitter in columns
            if device_id in stored
        ],
        **({"state_changes": state_changes} if state_changes else {}),
    }


async def delete_snapshots_between(
    connection: AsyncConnection, device_ids: Sequence[int], minutes: Sequence[datetime], end: datetime
) -> None:
    """Delete these devices' snapshots from the first of some minutes up to `end`, both included.

    A device that got its driver after the last minute keeps what it has: nothing could take its place.
    """
    await connection.execute(
        text(
            "DELETE FROM store.snapshot USING store.device WHERE device.id = device_id AND device_id = ANY(:ids) "
            "AND time_stamp BETWEEN :begin AND :end AND time_stamp >= driver_since AND driver_since <= :last"
        ),
        {"ids": device_ids, "begin": minutes[0], "last": minutes[-1], "end": end},
    )


async def delete_snapshots_before(engine: AsyncEngine, device_ids: Sequence[int], moment: datetime) -> int:
    """Delete these devices' snapshots before `moment`, in small batches; returns how many.

    Those of a device's earlier driver stay.
    """
    deleted = 0
    for batch in _batches(device_ids):
        async with engine.begin() as connection:
            result = await connection.execute(
                text(
                    "DELETE FROM store.snapshot USING store.device WHERE device.id = device_id "
                    "AND device_id = ANY(:ids) AND time_stamp < :moment AND time_stamp >= driver_since"
                ),
                {"ids": batch, "moment": moment},
            )
            deleted += result.rowcount
    return deleted


def _batches(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[begin : begin + _DELETE_DEVICES] for begin in range(0, len(ids), _DELETE_DEVICES))
