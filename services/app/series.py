"""What every question about a series asks, and what every answer says of itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from dashnet.history.buckets import NICE_STEPS, Step, choose_step, make_edges
from dashnet.history.plan import Plan
from dashnet.history.tiers import Extent, Tier
from dashnet.reading import to_wire
from services.app.ranges import AskedRange, AskedStep, AskedZone, Range, invalid_field

DEFAULT_POINTS, MOST_POINTS = 300, 2_000
# Of all series of an answer: while it is made, no screen hears anything.
MOST_CELLS = 60_000
MOST_CSV_POINTS, CSV_POINTS_AT_ONCE = 1_000_000, 1_000
_A_BIT = timedelta(seconds=1)


class Series(BaseModel):
    """What a series was made of.

    `tier` is the coarsest that was read, `tiers` are all: raw, 5m, 1h, 1d. `step_seconds` is null for steps of the
    calendar. `exact` is false where a bucket begins with the row that holds its begin, because finer rows are gone.
    From `raw_since` on single readings are held of all devices asked for, so that steps of a minute can be asked for.
    """

    begin: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    zone: str
    step: str
    step_seconds: int | None
    tier: Tier | None
    tiers: list[Tier]
    exact: bool
    raw_since: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """What every question about a series asks: the range, the zone, the step or how many points, and the format."""

    range: Range
    zone: ZoneInfo
    step: Step | None
    points: int
    is_csv: bool

    def choose_step(self, extent: Extent, *, simulated: bool, series: int = 1) -> Step:
        """The step asked for, or one that fits; never finer than what is kept of the range's begin.

        So many `series` share what may be answered at once.
        """
        kept = next(
            (tier.step for tier in Tier if extent.reach(tier, simulated=simulated)[0] <= self.range.begin),
            Tier.DAY.step,
        )
        finest = kept if kept > Tier.RAW.step else timedelta()
        if self.step is not None and self.step.about >= finest:
            return self.step
        wanted = MOST_POINTS if self.step is not None else self.points
        return self._choose_nice_step(min(wanted, MOST_CELLS // series), finest)

    def _choose_nice_step(self, points: int, finest: timedelta) -> Step:
        step = choose_step(self.range.length, points, finest)
        # A range that begins in the middle of a step has one more.
        while step != NICE_STEPS[-1] and self._count(step) > points:
            step = choose_step(self.range.length, points, step.about + _A_BIT)
        return step

    def _count(self, step: Step) -> int:
        return len(make_edges(self.range.begin, self.range.end, step, self.zone, MOST_CSV_POINTS)) - 1

    def make_edges(self, step: Step, series: int = 1) -> Sequence[datetime]:
        """The edges of the buckets, which so many `series` share.

        Raises:
            InvalidInput: they are too many.
        """
        most = MOST_CSV_POINTS // series if self.is_csv else min(MOST_POINTS, MOST_CELLS // series)
        return _try_edges(self.range, step, self.zone, most, "" if self.is_csv else ", or format=csv")


def make_range_edges(asked: Range, step: Step, zone: ZoneInfo, most: int) -> Sequence[datetime]:
    """The edges of buckets that add up to the range: the first begins with it, maybe in the middle of a step.

    Raises:
        InvalidInput: they are more than `most`.
    """
    return [asked.begin, *_try_edges(asked, step, zone, most, "")[1:]]


def _try_edges(asked: Range, step: Step, zone: ZoneInfo, most: int, hint: str) -> Sequence[datetime]:
    try:
        return make_edges(asked.begin, asked.end, step, zone, most)
    except ValueError as error:
        raise invalid_field("step", f"{error}{hint}") from None


async def read_question(
    asked: AskedRange,
    zone: AskedZone,
    step: AskedStep,
    points: Annotated[
        int, Query(ge=1, le=MOST_POINTS, description="Without `step`: at most so many points, fewer in nice steps")
    ] = DEFAULT_POINTS,
    format: Annotated[Literal["json", "csv"], Query(description="csv streams, and takes more points")] = "json",
) -> Question:
    """The question that an address asks."""
    return Question(asked, zone, step, points, format == "csv")


Asked = Annotated[Question, Depends(read_question)]


def cut_edges(edges: Sequence[datetime], buckets_at_once: int) -> Iterator[Sequence[datetime]]:
    """The edges of some buckets after the other, so that no answer is held whole."""
    for first in range(0, len(edges) - 1, buckets_at_once):
        yield edges[first : first + buckets_at_once + 1]


def describe(asked: Question, step: Step, plan: Plan, raw_since: datetime) -> dict[str, Any]:
    """The fields of `Series`."""
    return {
        "from": to_wire(plan.edges[0]),
        "to": to_wire(plan.edges[-1]),
        "zone": asked.zone.key,
        "step": str(step),
        "step_seconds": step.seconds or None,
        "tier": plan.tiers[0] if plan.tiers else None,
        "tiers": plan.tiers,
        "exact": plan.is_exact,
        "raw_since": to_wire(raw_since),
    }
