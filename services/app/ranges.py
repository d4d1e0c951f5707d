"""The ranges, zones and steps that questions about the past give in their address, checked.

Dependencies of routes are async though none waits: FastAPI runs plain functions in a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Depends, Query
from pydantic import AwareDatetime, BeforeValidator

from dashnet.errors import FieldError, InvalidInput
from dashnet.history.buckets import Step, parse_step
from dashnet.history.tiers import EPOCH, Tier, floor_to

DEFAULT_RANGE = timedelta(days=1)
LONGEST_RANGE = timedelta(days=3660)
MOST_EXCLUDED = 100
_SECOND = Tier.RAW.step


def _refuse_number(given: object) -> object:
    # pydantic would take it for seconds or milliseconds since 1970, whichever looks likelier.
    if isinstance(given, str) and not given.strip().strip("0123456789.+-"):
        raise ValueError("not an ISO 8601 time such as 2026-11-23T20:00:00Z")
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_number)]
ZoneName = Annotated[
    str, Query(alias="zone", max_length=64, description="Time zone of days and months, such as Europe/Berlin")
]


@dataclass(frozen=True, slots=True)
class Range:
    """From `begin` to `end`, whole seconds in UTC, not empty and not in the future."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.begin


async def read_range(
    begin: Annotated[
        Moment | None, Query(alias="from", description="First moment; a day before `to` without it")
    ] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Moment after the last; now without it")] = None,
) -> Range:
    """The range that was asked for; what lies after now is cut off.

    Raises:
        InvalidInput: it is reversed, empty, in the future, longer than ten years, or before 1970.
    """
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
) -> Sequence[Range]:
    """The periods to leave out.

    Raises:
        InvalidInput: one is no period.
    """
    return [_parse_period(one) for one in exclude or ()]


def _parse_period(given: str) -> Range:
    parts = given.split("/")
    try:
        first, last = (_parse_moment(part) for part in parts)
    except (ValueError, OverflowError):
        raise invalid_field(
            "exclude", f"{given[:80]!r} is no period such as 2026-11-23T01:00:00Z/2026-11-23T03:00:00Z"
        ) from None
    if first >= last:
        raise invalid_field("exclude", f"{given[:80]!r} ends before it begins")
    return Range(floor_to(first, _SECOND), floor_to(last, _SECOND))


def _parse_moment(given: str) -> datetime:
    moment = datetime.fromisoformat(given.strip().replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError("without a zone it could be any of many moments")
    return moment.astimezone(UTC)


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
