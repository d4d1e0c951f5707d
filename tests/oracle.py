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
    upload: float
    download: float
    round_trip: float | None = None


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
    timed = [(row, row.round_trip, seconds) for row, seconds in parts if row.round_trip is not None]
    return {
        "upload_megabits": sum(row.upload * seconds for row, seconds in known),
        "download_megabits": sum(row.download * seconds for row, seconds in known),
        "round_trip_area": sum(round_trip * seconds for _, round_trip, seconds in timed),
        "snapshot_count": sum(begin <= row.time_stamp < end for row, _ in parts),
        "up_seconds": sum(seconds for row, seconds in parts if row.active is True),
        "down_seconds": sum(seconds for row, seconds in parts if row.active is False),
        "unknown_seconds": sum(seconds for row, seconds in parts if row.active is None),
        "round_trip_known_seconds": sum(seconds for *_, seconds in timed),
        "upload_min": min((row.upload for row, _ in known), default=None),
        "upload_max": max((row.upload for row, _ in known), default=None),
        "download_min": min((row.download for row, _ in known), default=None),
        "download_max": max((row.download for row, _ in known), default=None),
        "round_trip_min": min((round_trip for _, round_trip, _ in timed), default=None),
        "round_trip_max": max((round_trip for _, round_trip, _ in timed), default=None),
    }


def count_summary(rows: Sequence[Row], begin: datetime, end: datetime) -> dict[str, float | None] | None:
    """The counts of all devices together, by the names of `SummaryCounts`; None where nobody looked.

    `rows` are in order of time.
    """
    rows = _near(rows, begin, end)
    ticks: dict[datetime, list[Row]] = {}
    for row in rows:
        if row.time_stamp != row.time_stamp.replace(minute=0, second=0, microsecond=0):
            ticks.setdefault(row.time_stamp, []).append(row)
    ticks = {tick: at_tick for tick, at_tick in ticks.items() if len(at_tick) == _most_in_minute(ticks, tick)}
    totals = [Row(0, tick, True, *_totals(at_tick)) for tick, at_tick in ticks.items()]
    if not totals:
        return None
    parts = [(row, overlap_seconds(row.time_stamp, to, begin, end)) for row, to in spans(totals)]
    parts = [(row, seconds) for row, seconds in parts if seconds > 0]
    if not parts:
        return None
    states = {tick: [row.active for row in at_tick] for tick, at_tick in ticks.items()}
    ups = [states[row.time_stamp].count(True) for row, _ in parts]
    return {
        "upload_megabits": sum(row.upload * seconds for row, seconds in parts),
        "download_megabits": sum(row.download * seconds for row, seconds in parts),
        "up_seconds": sum(states[row.time_stamp].count(True) * seconds for row, seconds in parts),
        "down_seconds": sum(states[row.time_stamp].count(False) * seconds for row, seconds in parts),
        "unknown_seconds": sum(states[row.time_stamp].count(None) * seconds for row, seconds in parts),
        "upload_min": min(row.upload for row, _ in parts),
        "upload_max": max(row.upload for row, _ in parts),
        "download_min": min(row.download for row, _ in parts),
        "download_max": max(row.download for row, _ in parts),
        "covered_seconds": sum(seconds for _, seconds in parts),
        "tick_count": sum(begin <= row.time_stamp < end for row, _ in parts),
        "up_min": min(ups),
        "up_max": max(ups),
    }


def _most_in_minute(ticks: Mapping[datetime, Sequence[Row]], moment: datetime) -> int:
    """The most devices that a tick had since the minute began."""
    begin = moment.replace(second=0, microsecond=0)
    return max(len(rows) for tick, rows in ticks.items() if begin <= tick <= moment)


def _totals(rows: Sequence[Row]) -> tuple[float, float]:
    known = [row for row in rows if row.active is not None]
    return sum(row.upload for row in known), sum(row.download for row in known)


def of_device(rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    """The rows of each device, in order of time."""
    found: dict[int, list[Row]] = {}
    for row in sorted(rows, key=_time_of):
        found.setdefault(row.device_id, []).append(row)
    return found
