"""Figures of history computed plainly: second by second over the raw snapshots, in Python. Tests compare with it."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A raw snapshot."""

    device_id: int
    time_stamp: datetime
    active: bool | None
    upload: float | None
    download: float | None
    round_trip: float | None = None
    loss: float | None = None
    jitter: float | None = None
    simulated: bool | None = None
    edge: bool | None = None


def next_tick(moment: datetime) -> datetime:
    """The next scheduled refresh: at each full minute but those of the hour."""
    minute = moment.replace(second=0, microsecond=0) + MINUTE
    return minute if minute.minute else minute + MINUTE


def spans(rows: Sequence[Row]) -> list[tuple[Row, datetime]]:
    """One device's snapshots in order, each with the end of its span."""
    ordered = sorted(rows, key=lambda row: row.time_stamp)
    following = [row.time_stamp for row in ordered[1:]] + [datetime.max.replace(tzinfo=ordered[0].time_stamp.tzinfo)]
    return [(row, min(next_tick(row.time_stamp), after)) for row, after in zip(ordered, following, strict=True)]


def overlap_seconds(begin: datetime, end: datetime, first: datetime, last: datetime) -> float:
    """How long the two stretches have in common."""
    return max(0.0, (min(end, last) - max(begin, first)).total_seconds())


def _near(rows: Sequence[Row], begin: datetime, end: datetime) -> Sequence[Row]:
    """Of rows in order of time those whose span may lie in a stretch: none is longer than two minutes."""
    first = bisect_left(rows, begin - 2 * MINUTE, key=_time_of)
    return rows[first : bisect_left(rows, end, key=_time_of)]


def _time_of(row: Row) -> datetime:
    return row.time_stamp


def count_device(rows: Sequence[Row], begin: datetime, end: datetime) -> dict[str, float | None] | None:
    """The counts of one device between two moments, by the names of `DeviceCounts`; None where nobody looked.

    `rows` are in order of time.
    """
    rows = _near(rows, begin, end)
    if not rows:
        return None
    parts = [(row, overlap_seconds(row.time_stamp, to, begin, end)) for row, to in spans(rows)]
    parts = [(row, seconds) for row, seconds in parts if seconds > 0]
    if not parts:
        return None
    known = [(row, seconds) for row, seconds in parts if row.active is not None]
    return {
        **_count_rate("upload", "megabits", [(row.upload, seconds) for row, seconds in known]),
        **_count_rate("download", "megabits", [(row.download, seconds) for row, seconds in known]),
        **_count_rate("round_trip", "area", [(row.round_trip, seconds) for row, seconds in parts]),
        **_count_rate("loss", "area", [(row.loss, seconds) for row, seconds in parts]),
        **_count_rate("jitter", "area", [(row.jitter, seconds) for row, seconds in parts]),
        "snapshot_count": sum(begin <= row.time_stamp < end for row, _ in parts),
        "up_seconds": sum(seconds for row, seconds in parts if row.active is True),
        "down_seconds": sum(seconds for row, seconds in parts if row.active is False),
        "unknown_seconds": sum(seconds for row, seconds in parts if row.active is None),
    }


def _count_rate(name: str, total: str, parts: Sequence[tuple[float | None, float]]) -> dict[str, float | None]:
    """A rate over the seconds in which it was known, by the names of its counts."""
    known = [(value, seconds) for value, seconds in parts if value is not None]
    return {
        f"{name}_{total}": sum(value * seconds for value, seconds in known),
        f"{name}_known_seconds": sum(seconds for _, seconds in known),
        f"{name}_min": min((value for value, _ in known), default=None),
        f"{name}_max": max((value for value, _ in known), default=None),
    }


def count_summary(
    rows: Sequence[Row], begin: datetime, end: datetime, kind: str = "all"
) -> dict[str, float | None] | None:
    """The counts of all devices of a kind together, by the names of `SummaryCounts`; None where nobody looked.

    Traffic is that of devices at the edge; of all together it is that of rows that do not say where they were. `rows`
    are in order of time.
    """
    rows = [row for row in _near(rows, begin, end) if kind == "all" or row.simulated is (kind == "simulated")]
    edge = None if kind == "all" else True
    ticks: dict[datetime, list[Row]] = {}
    for row in rows:
        if row.time_stamp != row.time_stamp.replace(minute=0, second=0, microsecond=0):
            ticks.setdefault(row.time_stamp, []).append(row)
    ticks = {tick: at_tick for tick, at_tick in ticks.items() if len(at_tick) == _most_in_minute(ticks, tick)}
    totals = [Row(0, tick, True, *_totals(at_tick, edge)) for tick, at_tick in ticks.items()]
    if not totals:
        return None
    parts = [(row, overlap_seconds(row.time_stamp, to, begin, end)) for row, to in spans(totals)]
    parts = [(row, seconds) for row, seconds in parts if seconds > 0]
    if not parts:
        return None
    states = {tick: [row.active for row in at_tick] for tick, at_tick in ticks.items()}
    ups = [states[row.time_stamp].count(True) for row, _ in parts]
    return {
        **_count_rate("upload", "megabits", [(row.upload, seconds) for row, seconds in parts]),
        **_count_rate("download", "megabits", [(row.download, seconds) for row, seconds in parts]),
        "up_seconds": sum(states[row.time_stamp].count(True) * seconds for row, seconds in parts),
        "down_seconds": sum(states[row.time_stamp].count(False) * seconds for row, seconds in parts),
        "unknown_seconds": sum(states[row.time_stamp].count(None) * seconds for row, seconds in parts),
        "covered_seconds": sum(seconds for _, seconds in parts),
        "tick_count": sum(begin <= row.time_stamp < end for row, _ in parts),
        "up_min": min(ups),
        "up_max": max(ups),
    }


def _most_in_minute(ticks: Mapping[datetime, Sequence[Row]], moment: datetime) -> int:
    """The most devices that a tick had since the minute began."""
    begin = moment.replace(second=0, microsecond=0)
    return max(len(rows) for tick, rows in ticks.items() if begin <= tick <= moment)


def _totals(rows: Sequence[Row], edge: bool | None) -> tuple[float | None, float | None]:
    rows = [row for row in rows if row.active is not None and row.edge is edge]
    uploads = [row.upload for row in rows if row.upload is not None]
    downloads = [row.download for row in rows if row.download is not None]
    return sum(uploads) if uploads else None, sum(downloads) if downloads else None


def of_device(rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    """The rows of each device, in order of time."""
    found: dict[int, list[Row]] = {}
    for row in sorted(rows, key=_time_of):
        found.setdefault(row.device_id, []).append(row)
    return found
