"""What is counted of a stretch of time, as SQL: first from spans, then from rows that hold the same counts.

A snapshot stands for a **span**: from its time stamp to the device's next snapshot, at most to the next scheduled tick
(at minute 59 that is two minutes away, for at minute 0 there is none). What no span covers was not looked at. Every
figure is a sum, minimum or maximum over spans, cut where a bucket ends, so that a coarser tier is made of a finer one
without loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Merge(StrEnum):
    """How two counts of one measure become one."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of a tier; `of_spans` is the SQL that makes it from spans with their `seconds`."""

    name: str
    merge: Merge
    of_spans: str


_KNOWN = "FILTER (WHERE active_connection IS NOT NULL)"

# Of one device. Traffic is known while the state is; unit Mbit, so that a mean is Mbit/s again.
DEVICE_MEASURES = (
    Measure("upload_megabits", Merge.SUM, f"coalesce(sum(upload_speed::float8 * seconds) {_KNOWN}, 0)"),
    Measure("download_megabits", Merge.SUM, f"coalesce(sum(download_speed::float8 * seconds) {_KNOWN}, 0)"),
    Measure("round_trip_area", Merge.SUM, "coalesce(sum(round_trip_seconds::float8 * seconds), 0)"),
    Measure("snapshot_count", Merge.SUM, "count(*) FILTER (WHERE is_first)"),
    Measure("up_seconds", Merge.SUM, "coalesce(sum(seconds) FILTER (WHERE active_connection), 0)"),
    Measure("down_seconds", Merge.SUM, "coalesce(sum(seconds) FILTER (WHERE NOT active_connection), 0)"),
    Measure("unknown_seconds", Merge.SUM, "coalesce(sum(seconds) FILTER (WHERE active_connection IS NULL), 0)"),
    Measure(
        "round_trip_known_seconds",
        Merge.SUM,
        "coalesce(sum(seconds) FILTER (WHERE round_trip_seconds IS NOT NULL), 0)",
    ),
    Measure("upload_min", Merge.MIN, f"min(upload_speed) {_KNOWN}"),
    Measure("upload_max", Merge.MAX, f"max(upload_speed) {_KNOWN}"),
    Measure("download_min", Merge.MIN, f"min(download_speed) {_KNOWN}"),
    Measure("download_max", Merge.MAX, f"max(download_speed) {_KNOWN}"),
    Measure("round_trip_min", Merge.MIN, "min(round_trip_seconds)"),
    Measure("round_trip_max", Merge.MAX, "max(round_trip_seconds)"),
)


def _of_rate(column: str, name: str, total: str) -> tuple[Measure, Measure]:
    """The sum of a rate times seconds, and for how long it was known."""
    return (
        Measure(f"{name}_{total}", Merge.SUM, f"coalesce(sum({column}::float8 * seconds), 0)"),
        Measure(f"{name}_known_seconds", Merge.SUM, f"coalesce(sum(seconds) FILTER (WHERE {column} IS NOT NULL), 0)"),
    )


# Of one interface. Each rate is known by itself, whatever the state.
INTERFACE_MEASURES = (
    *_of_rate("upload_speed", "upload", "megabits"),
    *_of_rate("download_speed", "download", "megabits"),
    *_of_rate("errors_in", "errors_in", "packets"),
    *_of_rate("errors_out", "errors_out", "packets"),
    *_of_rate("discards_in", "discards_in", "packets"),
    *_of_rate("discards_out", "discards_out", "packets"),
    Measure("snapshot_count", Merge.SUM, "count(*) FILTER (WHERE is_first)"),
    Measure("up_seconds", Merge.SUM, "coalesce(sum(seconds) FILTER (WHERE is_up), 0)"),
    Measure("down_seconds", Merge.SUM, "coalesce(sum(seconds) FILTER (WHERE NOT is_up), 0)"),
    Measure("unknown_seconds", Merge.SUM, "coalesce(sum(seconds) FILTER (WHERE is_up IS NULL), 0)"),
    Measure("upload_min", Merge.MIN, "min(upload_speed)"),
    Measure("upload_max", Merge.MAX, "max(upload_speed)"),
    Measure("download_min", Merge.MIN, "min(download_speed)"),
    Measure("download_max", Merge.MAX, "max(download_speed)"),
)

# Of all devices together: a tick's snapshots are added up first, so that the extremes are those of the sum.
SUMMARY_MEASURES = (
    Measure("upload_megabits", Merge.SUM, "sum(upload_speed * seconds)"),
    Measure("download_megabits", Merge.SUM, "sum(download_speed * seconds)"),
    Measure("up_seconds", Merge.SUM, "sum(up * seconds)"),
    Measure("down_seconds", Merge.SUM, "sum(down * seconds)"),
    Measure("unknown_seconds", Merge.SUM, "sum(unknown * seconds)"),
    Measure("upload_min", Merge.MIN, "min(upload_speed)"),
    Measure("upload_max", Merge.MAX, "max(upload_speed)"),
    Measure("download_min", Merge.MIN, "min(download_speed)"),
    Measure("download_max", Merge.MAX, "max(download_speed)"),
    Measure("covered_seconds", Merge.SUM, "sum(seconds)"),
    Measure("tick_count", Merge.SUM, "count(*) FILTER (WHERE is_first)"),
    Measure("up_min", Merge.MIN, "min(up)"),
    Measure("up_max", Merge.MAX, "max(up)"),
)


def list_columns(measures: tuple[Measure, ...]) -> str:
    """Their names, as columns."""
    return ", ".join(measure.name for measure in measures)


def count_spans(measures: tuple[Measure, ...]) -> str:
    """What makes them of spans."""
    return ", ".join(f"{_cast(measure, measure.of_spans)} AS {measure.name}" for measure in measures)


def merge_rows(measures: tuple[Measure, ...]) -> str:
    """What makes them of rows that hold them."""
    return ", ".join(f"{_cast(one, f'{one.merge}({one.name})')} AS {one.name}" for one in measures)


def _cast(measure: Measure, sql: str) -> str:
    """Postgres makes other types of sums, which then mix badly; seconds are whole ones."""
    is_whole = measure.name.endswith(("_seconds", "_count"))
    return f"CAST({sql} AS bigint)" if is_whole else sql


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
    return _pieces("snapshot", "device_id", where)


def interface_pieces(where: str) -> str:
    """The same of single interfaces."""
    return _pieces("interface_snapshot", "interface_id", where)


def _pieces(table: str, key: str, where: str) -> str:
    return f"""
span AS (
    SELECT begin_at, end_at, snapshot.*, least({_NEXT_TICK}, lead(time_stamp) OVER its) AS span_end
    FROM {_STRETCHES} CROSS JOIN LATERAL (SELECT * FROM store.{table} WHERE {_READ} AND {where} {_FENCE}) AS snapshot
    WINDOW its AS (PARTITION BY begin_at, {key} ORDER BY time_stamp)
),
{_CUT}"""


def summary_pieces() -> str:
    """The same of all devices together: a tick counts until the next.

    A demo reset takes the simulated devices out of a refresh by hand: that tick is not of all devices, and left out.
    """
    return f"""
stored_tick AS (
    SELECT begin_at, end_at, time_stamp,
        coalesce(sum(upload_speed::float8) {_KNOWN}, 0) AS upload_speed,
        coalesce(sum(download_speed::float8) {_KNOWN}, 0) AS download_speed,
        count(*) FILTER (WHERE active_connection) AS up,
        count(*) FILTER (WHERE NOT active_connection) AS down,
        count(*) FILTER (WHERE active_connection IS NULL) AS unknown
    FROM {_STRETCHES} CROSS JOIN LATERAL (SELECT * FROM store.snapshot WHERE {_READ} AND {_REFRESHED} {_FENCE})
        AS snapshot
    GROUP BY begin_at, end_at, time_stamp
),
tick AS (
    SELECT * FROM (SELECT *, up + down + unknown AS devices, max(up + down + unknown) OVER so_far AS most_devices
        FROM stored_tick
        WINDOW so_far AS (PARTITION BY begin_at, date_trunc('minute', time_stamp) ORDER BY time_stamp)) AS counted
    WHERE devices = most_devices
),
span AS (
    SELECT tick.*, least({_NEXT_TICK}, lead(time_stamp) OVER (PARTITION BY begin_at ORDER BY time_stamp)) AS span_end
    FROM tick
),
{_CUT}"""


def bucketed_rows(table: str, where: str) -> str:
    """A WITH term `piece`: rows of a tier, each with the bucket it is counted into."""
    return f"""
piece AS (
    SELECT kept.*, width_bucket(kept.begin_at, CAST(:edges AS timestamptz[])) AS bucket
    FROM {_STRETCHES} CROSS JOIN LATERAL (SELECT * FROM store.{table} AS kept
        WHERE kept.begin_at >= stretch.begin_at AND kept.begin_at < stretch.end_at
        AND kept.begin_at >= CAST(:since AS timestamptz) AND kept.begin_at < CAST(:until AS timestamptz)
        AND {where} {_FENCE}) AS kept
)"""
