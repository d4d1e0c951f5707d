"""State changes: what a refresh finds in another state than the one before, written down with it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.reading import State
from workers.network_client import Readings

LONGEST_REASON = 500

_TURN = text(
    """
    WITH seen AS (
        SELECT device_id, CASE WHEN active THEN 'up' WHEN NOT active THEN 'down' ELSE 'unknown' END AS state
        FROM unnest(CAST(:ids AS int[]), CAST(:active AS bool[])) AS seen (device_id, active)
    ),
    told AS (
        SELECT * FROM unnest(CAST(:told AS int[]), CAST(:reasons AS text[])) AS told (device_id, reason)
    ),
    turned AS (
        SELECT seen.*, coalesce(stored.state, 'unknown') AS from_state
        FROM seen LEFT JOIN store.device_state AS stored
        ON stored.device_id = seen.device_id AND stored.device_id BETWEEN :first AND :last
        WHERE coalesce(stored.state, 'unknown') <> seen.state AND (stored.since IS NULL OR stored.since < :tick)
    ),
    kept AS (
        INSERT INTO store.device_state (device_id, state, since)
        SELECT device_id, state, :tick FROM turned JOIN store.device ON device.id = device_id
        ON CONFLICT (device_id) DO UPDATE SET state = excluded.state, since = excluded.since
    )
    INSERT INTO store.state_change (device_id, at, from_state, to_state, reason)
    SELECT turned.device_id, :tick, turned.from_state, turned.state,
        coalesce(told.reason, CASE WHEN turned.state = 'down' AND coalesce(above.state, known.state) = 'down'
            THEN 'behind ' || parent.host_name || ', which is down' END)
    FROM turned JOIN store.device ON device.id = turned.device_id
    LEFT JOIN told ON told.device_id = turned.device_id
    LEFT JOIN store.device AS parent ON parent.id = device.parent_id
    LEFT JOIN seen AS above ON above.device_id = parent.id
    LEFT JOIN store.device_state AS known ON known.device_id = parent.id
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
    seen = [one for one in columns if one[0] in stored]
    if not seen:
        return []
    reasons = {device_id: _to_reason(error) for device_id, _, error in seen if error}
    values = {
        "tick": tick,
        "first": seen[0][0],
        "last": seen[-1][0],
        "ids": [device_id for device_id, _, _ in seen],
        "active": [active for _, active, _ in seen],
        "told": list(reasons),
        "reasons": list(reasons.values()),
    }
    rows = await connection.execute(_TURN, values)
    return [
        {
            "device_id": row.device_id,
            "from_state": State(row.from_state),
            "to_state": State(row.to_state),
            "reason": row.reason,
        }
        for row in sorted(rows, key=lambda row: row.device_id)
    ]


def _to_reason(error: str) -> str:
    # Postgres takes no NUL in a text.
    return error.replace("\0", "")[:LONGEST_REASON]


_TOLD = "CASE WHEN active_connection THEN 'up' WHEN NOT active_connection THEN 'down' ELSE 'unknown' END"
# The span of the last snapshot before a stretch may reach into it.
_BEFORE = timedelta(minutes=2)


async def insert_past_changes(connection: AsyncConnection, begin: datetime, end: datetime, *, with_first: bool) -> None:
    """Write down who turned among the snapshots from `begin` to `end`, as refreshes would have done.

    `with_first`: nothing is known from before `begin`, so that each first snapshot is compared with `unknown`.
    """
    statement = text(
        f"""
        INSERT INTO store.state_change (device_id, at, from_state, to_state)
        SELECT device_id, time_stamp, coalesce(before, 'unknown'), state FROM (
            SELECT device_id, time_stamp, {_TOLD} AS state,
                lag({_TOLD}) OVER (PARTITION BY device_id ORDER BY time_stamp) AS before
            FROM store.snapshot WHERE time_stamp >= :first_read AND time_stamp < :end
        ) AS compared
        WHERE time_stamp >= :begin AND state <> coalesce(before, CASE WHEN :with_first THEN 'unknown' ELSE state END)
        ON CONFLICT DO NOTHING
        """
    )
    first_read = begin if with_first else begin - _BEFORE
    values = {"begin": begin, "end": end, "first_read": first_read, "with_first": with_first}
    await connection.execute(statement, values)


async def join_past_changes(connection: AsyncConnection, border: datetime) -> None:
    """Make the first change after `border`, which was from `unknown`, go on from the last snapshot before it."""
    await connection.execute(
        text(
            f"""
            WITH last AS (
                SELECT DISTINCT ON (device_id) device_id, {_TOLD} AS state FROM store.snapshot
                WHERE time_stamp >= :first_read AND time_stamp < :border ORDER BY device_id, time_stamp DESC
            ),
            first AS (
                SELECT DISTINCT ON (device_id) device_id, at, from_state, to_state, last.state
                FROM store.state_change JOIN last USING (device_id) WHERE at >= :border ORDER BY device_id, at
            ),
            needless AS (
                DELETE FROM store.state_change AS change USING first
                WHERE (change.device_id, change.at) = (first.device_id, first.at)
                AND first.from_state = 'unknown' AND first.to_state = first.state
            )
            UPDATE store.state_change AS change SET from_state = first.state FROM first
            WHERE (change.device_id, change.at) = (first.device_id, first.at)
            AND first.from_state = 'unknown' AND first.to_state <> first.state
            """
        ),
        {"border": border, "first_read": border - _BEFORE},
    )
