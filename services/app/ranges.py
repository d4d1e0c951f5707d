"""The ranges, zones and steps that questions about the past give in their address, checked.

Dependencies of routes are async though none waits: FastAPI runs plain functions in a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Query
from pydantic import BeforeValidator

from dashnet.errors import FieldError, InvalidInput
from dashnet.history.buckets import Step, parse_step
from dashnet.history.tiers import EPOCH, Tier, floor_to
from dashnet.moments import read_moment, to_midnight

DEFAULT_RANGE = timedelta(days=1)
LONGEST_RANGE = timedelta(days=3660)
MOST_EXCLUDED = 100
_SECOND = Tier.RAW.step


def _read_given(given: object) -> object:
    return read_moment(given) if isinstance(given, str) else given


# A day is one of the zone that the address names.
GivenMoment = Annotated[datetime | date, BeforeValidator(_read_given)]
_ZONE = Query(
    alias="zone", max_length=64, description="Time zone of days and months, and of dates alone, such as Europe/Berlin"
)
ZoneName = Annotated[str, _ZONE]


@dataclass(frozen=True, slots=True)
class Range:
    """From `begin` to `end`, whole seconds in UTC, not empty and not in the future."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin


async def read_zone_of_dates(name: Annotated[str | None, _ZONE] = None) -> ZoneInfo | None:
    """The zone that dates without a time belong to; None where the address names none.

    Raises:
        InvalidInput: there is none of that name.
    """
    return None if name is None else await read_zone(name)


ZoneOfDates = Annotated[ZoneInfo | None, Depends(read_zone_of_dates)]


async def read_range(
    first: Annotated[
        GivenMoment | None,
        Query(alias="from", description="First moment, or a date with `zone`; a day before `to` without it"),
    ] = None,
    last: Annotated[
        GivenMoment | None,
        Query(alias="to", description="Moment after the last, or a date with `zone`; now without it"),
    ] = None,
    zone: ZoneOfDates = None,
) -> Range:
    """The range that was asked for; what lies after now is cut off. A date is its midnight in the zone.

    Raises:
        InvalidInput: it is reversed, empty, in the future, longer than ten years, or before 1970; or a moment without
            a zone.
    """
    begin = to_moment(first, zone, "from") if first else None
    end = to_moment(last, zone, "to") if last else None
    return _limit(begin, end)


def to_moment(given: datetime | date, zone: ZoneInfo | None, field: str) -> datetime:
    """The moment that `field` gives, with a zone.

    Raises:
        InvalidInput: it has no zone, so it could be any of many moments.
    """
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise invalid_field(field, "a time takes its timezone with it, such as Z or +01:00")
        return given
    if zone is None:
        raise invalid_field(field, "a date alone has no timezone; name one, such as zone=Europe/Berlin")
    return to_midnight(given, zone)


def to_utc(given: datetime | date, zone: ZoneInfo | None, field: str) -> datetime:
    """The same in UTC.

    Raises:
        InvalidInput: it has no zone, or lies outside the years 1 to 9999 once in UTC.
    """
    try:
        return to_moment(given, zone, field).astimezone(UTC)
    except OverflowError:
        raise invalid_field(field, "outside the years 1 to 9999 once in UTC") from None


def _limit(begin: datetime | None, end: datetime | None) -> Range:
    now = datetime.now(UTC)
    if begin is not None and begin >= now:
        raise invalid_field("from", "lies in the future, of which nothing is known yet")
    if end is not None and begin is not None and begin >= end:
        raise invalid_field("from", "lies after to" if begin > end else "is the same as to: an empty range")
    try:
        last = min(end or now, now).astimezone(UTC)
        first = begin.astimezone(UTC) if begin else last - DEFAULT_RANGE
    except OverflowError:
        first = last = datetime.min.replace(tzinfo=UTC)
    if first < EPOCH:
        raise invalid_field("from" if begin else "to", "lies before 1970, of which nothing is known")
    if last - first > LONGEST_RANGE:
        raise invalid_field("from", f"lies more than {LONGEST_RANGE.days:,} days (ten years) before to")
    return Range(floor_to(first, _SECOND), max(floor_to(last, _SECOND), floor_to(first, _SECOND) + _SECOND))


async def read_zone(name: ZoneName = "UTC") -> ZoneInfo:
    """The time zone that was asked for.

    Raises:
        InvalidInput: there is none of that name.
    """
    if name not in list_zones():
        raise invalid_field("zone", f"there is no time zone {name!r}; one is Europe/Berlin")
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def list_zones() -> frozenset[str]:
    """The names of all time zones; the first time they are read from files, which takes a moment."""
    # What this machine calls its own, or leaves open, tells a reader nothing.
    return frozenset(available_timezones() - {"localtime", "Factory"})


async def read_excluded(
    exclude: Annotated[
        list[str] | None,
        Query(description="Leave out this period, `FROM/TO` in ISO 8601; may be repeated", max_length=MOST_EXCLUDED),
    ] = None,
    zone: ZoneOfDates = None,
) -> Sequence[Range]:
    """The periods to leave out.

    Raises:
        InvalidInput: one is no period.
    """
    return [_parse_period(one, zone) for one in exclude or ()]


def _parse_period(given: str, zone: ZoneInfo | None) -> Range:
    parts = given.split("/")
    try:
        first, last = (to_moment(read_moment(part), zone, "exclude").astimezone(UTC) for part in parts)
    except (ValueError, OverflowError):
        raise invalid_field(
            "exclude", f"{given[:80]!r} is no period such as 2026-11-23T01:00:00Z/2026-11-23T03:00:00Z"
        ) from None
    if first >= last:
        raise invalid_field("exclude", f"{given[:80]!r} ends before it begins")
    return Range(floor_to(first, _SECOND), floor_to(last, _SECOND))


async def read_step(
    step: Annotated[
        str | None,
        Query(description="Length of a bucket: 300 (seconds), 5m, 1h, or days, weeks, months of the zone: 1d, 1w, 1mo"),
    ] = None,
) -> Step | None:
    """The step that was asked for, if one was.

    Raises:
        InvalidInput: it is none.
    """
    if step is None:
        return None
    try:
        return parse_step(step)
    except ValueError as error:
        raise invalid_field("step", str(error)) from None


def invalid_field(field: str, detail: str) -> InvalidInput:
    """The error that says what is wrong with one field."""
    return InvalidInput(f"{field}: {detail}", [FieldError(field, detail)])


AskedRange = Annotated[Range, Depends(read_range)]
AskedZone = Annotated[ZoneInfo, Depends(read_zone)]
AskedStep = Annotated[Step | None, Depends(read_step)]
Excluded = Annotated[Sequence[Range], Depends(read_excluded)]
