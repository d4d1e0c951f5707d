"""State changes: what a refresh finds in another state than the one before, written down with it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.reading import State, state_of
from workers.network_client import Readings

LONGEST_REASON = 500

_TURN = text(
    """
    WITH seen AS (
        SELECT * FROM unnest(CAST(:ids AS int[]), CAST(:states AS text[]), CAST(:reasons AS text[]))
        AS seen (device_id, state, reason)
    ),
    turned AS (
        SELECT seen.*, coalesce(stored.state, 'unknown') AS from_state
        FROM seen LEFT JOIN store.device_state AS stored USING (device_id)
        WHERE coalesce(stored.state, 'unknown') <> seen.state AND (stored.since IS NULL OR stored.since < :tick)
    ),
    kept AS (
        INSERT INTO store.device_state (device_id, state, since)
        SELECT device_id, state, :tick FROM turned JOIN store.device ON device.id = device_id
        ON CONFLICT (device_id) DO UPDATE SET state = excluded.state, since = excluded.since
    )
    INSERT INTO store.state_change (device_id, at, from_state, to_state, reason)
    SELECT turned.device_id, :tick, turned.from_state, turned.state,
        coalesce(turned.reason, CASE WHEN turned.state = 'down' AND above.state = 'down'
            THEN 'behind ' || parent.host_name || ', which is down' END)
    FROM turned JOIN store.device ON device.id = turned.device_id
    LEFT JOIN store.device AS parent ON parent.id = device.parent_id
    LEFT JOIN seen AS above ON above.device_id = parent.id
    ON CONFLICT DO NOTHING RETURNING device_id, from_state, to_state, reason
    """
)


async def insert_state_changes(
    connection: AsyncConnection, tick: datetime, readings: Readings, stored: Collection[int]
) -> Sequence[dict[str, Any]]:
    """Write down who is in another state than before; returns them as /live tells them. `stored` got a snapshot.

    A device that was never read is `unknown`. One that goes down behind a parent that is down says so in its reason.
    """
    columns = zip(readings.device_ids, readings.active_connections, readings.errors, strict=True)
    seen = [(device_id, state_of(active), error) for device_id, active, error in columns if device_id in stored]
    if not seen:
        return []
    ids, states, errors = zip(*seen, strict=True)
    rows = await connection.execute(
        _TURN, {"tick": tick, "ids": list(ids), "states": list(states), "reasons": [_to_reason(one) for one in errors]}
    )
    return [
        {
            "device_id": row.device_id,
            "from_state": State(row.from_state),
            "to_state": State(row.to_state),
            "reason": row.reason,
        }
        for row in sorted(rows, key=lambda row: row.device_id)
    ]


def _to_reason(error: str | None) -> str | None:
    # Postgres takes no NUL in a text.
    return error.replace("\0", "")[:LONGEST_REASON] if error else None
