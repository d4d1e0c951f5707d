"""The steps of a history and the edges of its buckets, in the viewer's time zone. Pure."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dashnet.history.tiers import floor_to

_PATTERN = re.compile(r"([0-9]{1,9})(s|m|h|d|w|mo|)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
SHORTEST_SECONDS, MOST_DAYS, MOST_MONTHS = 60, 366, 120
_MONDAY = datetime(1970, 1, 5)  # noqa: DTZ001 - local, as weeks are


@dataclass(frozen=True, slots=True)
class Step:
    """The length of a bucket: so many seconds, counted from 1970 in UTC, or so many days or months of the calendar.

    Days of the calendar are 23 or 25 hours long where the clocks change. Weeks are seven days from a Monday on.
    """

    seconds: int = 0
    days: int = 0
    months: int = 0

    def __str__(self) -> str:
        if self.months:
            return f"{self.months}mo"
        if self.days:
            return f"{self.days // 7}w" if self.days % 7 == 0 else f"{self.days}d"
        for unit in ("h", "m"):
            if self.seconds % _SECONDS[unit] == 0:
                return f"{self.seconds // _SECONDS[unit]}{unit}"
        return f"{self.seconds}s"

    @property
    def about(self) -> timedelta:
        """Its usual length."""
        return timedelta(seconds=self.seconds, days=self.days + 30 * self.months)


NICE_STEPS: Sequence[Step] = (
    *(Step(seconds=60 * minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)),
    *(Step(days=days) for days in (1, 2, 7, 14)),
    *(Step(months=months) for months in (1, 3, 6, 12)),
)


def parse_step(given: str) -> Step:
    """`300`, `300s`, `5m`, `1h`, `1d`, `1w` or `1mo`; a bare number is seconds.

    Raises:
        ValueError: it is none of these, or shorter than a minute or longer than ten years.
    """
    match = _PATTERN.fullmatch(given.strip())
    if match is None:
        raise ValueError("not a step such as 300, 5m, 1h, 1d, 1w or 1mo")
    count, unit = int(match[1]), match[2]
    if unit in _SECONDS:
        seconds = count * _SECONDS[unit]
        if seconds < SHORTEST_SECONDS:
            raise ValueError(f"at least {SHORTEST_SECONDS} seconds, for devices are read each minute")
        if seconds <= MOST_DAYS * 86_400:
            return Step(seconds=seconds)
    elif count and unit == "mo" and count <= MOST_MONTHS:
        return Step(months=count)
    elif count and unit in "dw" and count * (7 if unit == "w" else 1) <= MOST_DAYS:
        return Step(days=count * 7 if unit == "w" else count)
    raise ValueError(f"from {SHORTEST_SECONDS} s to {MOST_DAYS} d or {MOST_MONTHS} mo")


def choose_step(length: timedelta, points: int, at_least: timedelta) -> Step:
    """The shortest usual step that cuts `length` into at most `points` buckets and is at least so long."""
    return next(
        (step for step in NICE_STEPS if step.about >= at_least and step.about * points >= length), NICE_STEPS[-1]
    )


def make_edges(begin: datetime, end: datetime, step: Step, zone: ZoneInfo, most: int) -> Sequence[datetime]:
    """Edges, in UTC, of the buckets that hold `begin` to `end`; the first bucket is whole, the last ends at `end`.

    Raises:
        ValueError: they are more than `most`.
    """
    if (end - begin) / step.about > most + 1:
        raise _too_many(step, most)
    edges = _fixed_edges(begin, end, step) if step.seconds else _calendar_edges(begin, end, step, zone)
    if len(edges) > most:
        raise _too_many(step, most)
    return [*edges, end]


def _too_many(step: Step, most: int) -> ValueError:
    return ValueError(f"a step of {step} makes more than {most:,} points; take a longer step or a shorter range")


def _fixed_edges(begin: datetime, end: datetime, step: Step) -> Sequence[datetime]:
    length = timedelta(seconds=step.seconds)
    first = floor_to(begin, length)
    return [first + number * length for number in range(-(-(end - first) // length))]


def _calendar_edges(begin: datetime, end: datetime, step: Step, zone: ZoneInfo) -> Sequence[datetime]:
    local = begin.astimezone(zone).replace(tzinfo=None)
    if step.months:
        first = local.year * 12 + local.month - 1
        number = first - first % step.months
    else:
        number = (local - _MONDAY).days // step.days
    edges: list[datetime] = []
    while not edges or edges[-1] < end:
        edges.append(_calendar_edge(number, step, zone))
        number += step.months or 1
    # Where the clocks change at midnight an edge may fall behind the moment that it should lie before.
    first_edge = max(0, bisect_right(edges, begin) - 1)
    return [edge for edge in edges[first_edge:] if edge < end]


def _calendar_edge(number: int, step: Step, zone: ZoneInfo) -> datetime:
    if step.months:
        local = datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)
    else:
        local = (_MONDAY + timedelta(days=number * step.days)).replace(tzinfo=zone)
    return local.astimezone(UTC)
