"""The store's interface tables: what the interfaces of a page of devices showed, written in bulk with its snapshots."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.interface_part import join_part, pack_interfaces
from dashnet.messages import LiveInterface
from dashnet.reading import State

Interfaces = Mapping[int, Sequence[LiveInterface]]
"""By device, in the order in which it shows them; each name once."""

# A row is written anew no more often than this only because its interface is still there.
_SEEN_AGAIN_AFTER = timedelta(hours=1)
_IS_UP = {State.UP: True, State.DOWN: False, State.UNKNOWN: None}

# Known ones are no part of the INSERT: each conflict would use up an id.
_PUT = text(
    """
    WITH seen AS (
        SELECT * FROM unnest(CAST(:ids AS int[]), CAST(:names AS text[]), CAST(:aliases AS text[]),
            CAST(:types AS int[]), CAST(:line_speeds AS float8[]))
            AS seen (device_id, name, alias, interface_type, line_speed)
    ),
    renewed AS (
        UPDATE store.interface AS known SET alias = seen.alias, interface_type = seen.interface_type,
            line_speed = seen.line_speed, last_seen_at = greatest(known.last_seen_at, :tick)
        FROM seen WHERE known.device_id = seen.device_id AND known.name = seen.name AND (
            known.last_seen_at < :seen_before OR known.alias IS DISTINCT FROM seen.alias
            OR known.interface_type IS DISTINCT FROM seen.interface_type
            OR known.line_speed IS DISTINCT FROM seen.line_speed)
    )
    INSERT INTO store.interface (device_id, name, alias, interface_type, line_speed, first_seen_at, last_seen_at)
    SELECT seen.*, :tick, :tick FROM seen LEFT JOIN store.interface AS known USING (device_id, name)
    WHERE known.id IS NULL
    """
)
_INSERT = text(
    """
    INSERT INTO store.interface_snapshot (time_stamp, interface_id, upload_speed, download_speed, errors_in, errors_out,
        discards_in, discards_out, is_up)
    SELECT :tick, known.id, up, down, seen.errors_in, seen.errors_out, seen.discards_in, seen.discards_out, seen.is_up
    FROM unnest(CAST(:ids AS int[]), CAST(:names AS text[]), CAST(:uploads AS real[]), CAST(:downloads AS real[]),
        CAST(:errors_in AS real[]), CAST(:errors_out AS real[]), CAST(:discards_in AS real[]),
        CAST(:discards_out AS real[]), CAST(:are_up AS bool[]))
        AS seen (device_id, name, up, down, errors_in, errors_out, discards_in, discards_out, is_up)
    JOIN store.interface AS known USING (device_id, name)
    ON CONFLICT DO NOTHING
    """
)


async def insert_interfaces(
    connection: AsyncConnection, tick: datetime, interfaces: Interfaces, stored: Collection[int]
) -> None:
    """Store what the interfaces of those devices showed that got a snapshot of this tick, in `stored`.

    An interface that was there before is known again by its name; its alias, type and line speed are those of now.
    """
    seen = [(device_id, one) for device_id, its in interfaces.items() if device_id in stored for one in its]
    if not seen:
        return
    key: dict[str, Any] = {
        "tick": tick,
        "ids": [device_id for device_id, _ in seen],
        "names": [one["name"] for _, one in seen],
    }
    await connection.execute(
        _PUT,
        {
            **key,
            "seen_before": tick - _SEEN_AGAIN_AFTER,
            "aliases": [one["alias"] for _, one in seen],
            "types": [one["interface_type"] for _, one in seen],
            "line_speeds": [one["line_speed"] for _, one in seen],
        },
    )
    await connection.execute(
        _INSERT,
        {
            **key,
            "uploads": [one["upload_speed"] for _, one in seen],
            "downloads": [one["download_speed"] for _, one in seen],
            "errors_in": [one["errors_in"] for _, one in seen],
            "errors_out": [one["errors_out"] for _, one in seen],
            "discards_in": [one["discards_in"] for _, one in seen],
            "discards_out": [one["discards_out"] for _, one in seen],
            "are_up": [_IS_UP[one["state"]] for _, one in seen],
        },
    )


def to_part(interfaces: Interfaces, stored: Collection[int]) -> bytes:
    """What goes beside the publication of a tick: the interfaces that were stored with it."""
    return join_part({one: pack_interfaces(its) for one, its in interfaces.items() if one in stored})
