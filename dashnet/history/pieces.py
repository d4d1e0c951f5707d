"""Snapshots and rows of tiers, cut into the buckets that a question asks for, as SQL.

A snapshot stands for a **span**: from its time stamp to the device's next snapshot, at most to the next scheduled tick
(at minute 59 that is two minutes away, for at minute 0 there is none). What no span covers was not looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dashnet.bounds import select_believed
from dashnet.history.measures import Measure, read_rows


def _believed(*columns: str) -> str:
    return ", ".join(f"{select_believed(column)} AS {column}" for column in columns)


# Until speeds could be null, 0 stood for those of a device whose state was not known.
_TRAFFIC = ", ".join(
    f"CASE WHEN active_connection IS NOT NULL THEN {select_believed(column)} END AS {column}"
    for column in ("upload_speed", "download_speed")
)
_DEVICE_COLUMNS = f"active_connection, {_TRAFFIC}, {_believed('round_trip_seconds', 'loss_ratio', 'jitter_seconds')}"
_INTERFACE_COLUMNS = "is_up, " + _believed(
    "upload_speed", "download_speed", "errors_in", "errors_out", "discards_in", "discards_out"
)

# How far a span reaches at the most.
LONGEST_SPAN = timedelta(minutes=2)


def bind_stretches(edges: Sequence[datetime], stretches: Sequence[tuple[datetime, datetime]]) -> dict[str, Any]:
    """The values bound in all that follows: edges of buckets, and the stretches to read, at least one.

    `since` and `until` hold all that is read, and name it by plain values, from which Postgres tells partitions.
    """
    begins, ends = zip(*stretches, strict=True)
    bounds = {"since": min(begins) - LONGEST_SPAN, "until": max(ends)}
    return {"edges": list(edges), "begins": list(begins), "ends": list(ends), **bounds}


_CUT = """
cut AS (
    SELECT span.*, greatest(time_stamp, begin_at) AS cut_from, least(span_end, end_at) AS cut_to
    FROM span WHERE span_end > begin_at
),
piece AS (
    SELECT cut.*, bucket, time_stamp >= greatest(cut_from, edge[bucket]) AS is_first,
        date_part('epoch', least(cut_to, edge[bucket + 1]) - greatest(cut_from, edge[bucket])) AS seconds
    FROM (SELECT CAST(:edges AS timestamptz[]) AS edge) AS wanted, cut, LATERAL generate_series(
        width_bucket(cut_from, edge), width_bucket(cut_to - interval '1 microsecond', edge)) AS bucket
    WHERE bucket BETWEEN 1 AND cardinality(edge) - 1
)
"""
_STRETCHES = "unnest(CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[])) AS stretch (begin_at, end_at)"
_NEXT_TICK = (
    "date_trunc('minute', time_stamp) + "
    "CASE WHEN date_part('minute', time_stamp) = 59 THEN interval '2 minutes' ELSE interval '1 minute' END"
)
# On the hour there is no refresh: what lies there is a demo reset's baseline, and not of all devices.
_REFRESHED = "time_stamp <> date_trunc('hour', time_stamp)"
# OFFSET 0 keeps Postgres from reading all there is and comparing it with each stretch, as its plans for unknown values
# would: each stretch is looked up by index, in the partitions that hold it.
_FENCE = "OFFSET 0"
_READ = (
    "time_stamp >= begin_at - interval '2 minutes' AND time_stamp < end_at "
    "AND time_stamp >= CAST(:since AS timestamptz) AND time_stamp < CAST(:until AS timestamptz)"
)


def device_pieces(where: str) -> str:
    """WITH terms that end in `piece`: spans of single devices, cut into buckets; `where` chooses among snapshots."""
    return _pieces("snapshot", "device_id", _DEVICE_COLUMNS, where)


def interface_pieces(where: str) -> str:
    """The same of single interfaces."""
    return _pieces("interface_snapshot", "interface_id", _INTERFACE_COLUMNS, where)


def _pieces(table: str, key: str, columns: str, where: str) -> str:
    return f"""
span AS (
    SELECT begin_at, end_at, snapshot.*, least({_NEXT_TICK}, lead(time_stamp) OVER its) AS span_end
    FROM {_STRETCHES} CROSS JOIN LATERAL (
        SELECT time_stamp, {key}, {columns} FROM store.{table} WHERE {_READ} AND {where} {_FENCE}) AS snapshot
    WINDOW its AS (PARTITION BY begin_at, {key} ORDER BY time_stamp)
),
{_CUT}"""


def summary_pieces() -> str:
    """The same of the devices of each `kind` together: a tick counts until the next.

    Traffic is that of the devices that were at the edge. The kind `all` has the states of every device, and the traffic
    of snapshots that do not say where their device was. A demo reset takes the simulated devices out of a refresh by
    hand: that tick is not of all devices, and left out.
    """
    return f"""
stored_tick AS (
    SELECT begin_at, end_at, time_stamp, is_simulated,
        {_sum_traffic("is_edge", "")},
        {_sum_traffic("is_edge IS NULL", "unplaced_")},
        count(*) FILTER (WHERE active_connection) AS up,
        count(*) FILTER (WHERE NOT active_connection) AS down,
        count(*) FILTER (WHERE active_connection IS NULL) AS unknown
    FROM {_STRETCHES} CROSS JOIN LATERAL (
        SELECT time_stamp, active_connection, is_simulated, is_edge, {_TRAFFIC} FROM store.snapshot
        WHERE {_READ} AND {_REFRESHED} {_FENCE}) AS snapshot
    GROUP BY begin_at, end_at, time_stamp, is_simulated
),
kind_tick AS (
    SELECT CASE WHEN is_simulated THEN 'simulated' ELSE 'real' END AS kind, begin_at, end_at, time_stamp,
        upload_speed, download_speed, up, down, unknown
    FROM stored_tick WHERE is_simulated IS NOT NULL
    UNION ALL
    SELECT 'all', begin_at, end_at, time_stamp, sum(unplaced_upload_speed), sum(unplaced_download_speed),
        sum(up)::bigint, sum(down)::bigint, sum(unknown)::bigint
    FROM stored_tick GROUP BY begin_at, end_at, time_stamp
),
tick AS (
    SELECT * FROM (SELECT *, up + down + unknown AS devices, max(up + down + unknown) OVER so_far AS most_devices
        FROM kind_tick
        WINDOW so_far AS (PARTITION BY kind, begin_at, date_trunc('minute', time_stamp) ORDER BY time_stamp)) AS counted
    WHERE devices = most_devices
),
span AS (
    SELECT tick.*,
        least({_NEXT_TICK}, lead(time_stamp) OVER (PARTITION BY kind, begin_at ORDER BY time_stamp)) AS span_end
    FROM tick
),
{_CUT}"""


def _sum_traffic(where: str, prefix: str) -> str:
    return ", ".join(
        f"sum({column}::float8) FILTER (WHERE {where}) AS {prefix}{column}"
        for column in ("upload_speed", "download_speed")
    )


def bucketed_rows(table: str, keys: str, measures: tuple[Measure, ...], where: str = "true") -> str:
    """A WITH term `piece`: rows of a tier, each with the bucket it is counted into; `keys` are columns too."""
    return f"""
piece AS (
    SELECT kept.*, width_bucket(kept.begin_at, CAST(:edges AS timestamptz[])) AS bucket
    FROM {_STRETCHES} CROSS JOIN LATERAL (SELECT {keys}, {read_rows(measures)} FROM store.{table} AS kept
        WHERE kept.begin_at >= stretch.begin_at AND kept.begin_at < stretch.end_at
        AND kept.begin_at >= CAST(:since AS timestamptz) AND kept.begin_at < CAST(:until AS timestamptz)
        AND {where} {_FENCE}) AS kept
)"""
