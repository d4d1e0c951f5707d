"""Which tier answers for which part of a range: the coarsest that fits, finer ones at the edges. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from dashnet.history.tiers import COARSEST_FIRST, FINEST_FIRST, Extent, Tier, ceil_to, floor_to

Stretch = tuple[datetime, datetime]  # from, to


@dataclass(frozen=True, slots=True)
class Plan:
    """Stretches to be read from each tier, none of them twice, and the edges of the buckets they are counted into.

    `edges` are ascending, one more than buckets; they are those asked for as far as a tier is left that is fine enough,
    else `is_exact` is false and an edge lies where the row that holds it begins.
    """

    edges: Sequence[datetime]
    is_exact: bool
    stretches: dict[Tier, list[Stretch]] = field(default_factory=dict)

    @property
    def tiers(self) -> list[Tier]:
        """The tiers that are read, the coarsest first."""
        return [tier for tier in COARSEST_FIRST if tier in self.stretches]


def make_plan(edges: Sequence[datetime], extent: Extent, *, simulated: bool, wanted: Sequence[bool] = ()) -> Plan:
    """Plan to read the buckets between these edges, or those of them that are `wanted`.

    `simulated`: whether a simulated device is among those asked for.
    """
    reach = {tier: extent.reach(tier, simulated=simulated) for tier in Tier}
    snapped = [_snap(edge, reach) for edge in edges]
    plan = Plan(snapped, snapped == list(edges))
    for place, (begin, end) in enumerate(pairwise(snapped)):
        if not wanted or wanted[place]:
            for tier, first, last in _divide(begin, end, reach, COARSEST_FIRST):
                _add(plan.stretches.setdefault(tier, []), first, last)
    return plan


def _snap(edge: datetime, reach: dict[Tier, Stretch]) -> datetime:
    for tier in FINEST_FIRST:
        snapped = floor_to(edge, tier.step)
        if snapped >= reach[tier][0]:
            return snapped
    return edge


def _divide(
    begin: datetime, end: datetime, reach: dict[Tier, Stretch], tiers: Sequence[Tier]
) -> Iterator[tuple[Tier, datetime, datetime]]:
    """The coarsest tier in the middle, the rest to the left and right of it by finer ones."""
    for place, tier in enumerate(tiers):
        if tier.step > end - begin:
            continue  # no row of it fits in
        since, until = reach[tier]
        first = ceil_to(max(begin, since), tier.step)
        last = floor_to(min(end, until), tier.step)
        if first < last:
            yield from _divide(begin, first, reach, tiers[place + 1 :])
            yield tier, first, last
            yield from _divide(last, end, reach, tiers[place + 1 :])
            return


def _add(stretches: list[Stretch], begin: datetime, end: datetime) -> None:
    """Stretches come in order; one that goes on from the last is one with it."""
    if stretches and stretches[-1][1] == begin:
        begin = stretches.pop()[0]
    stretches.append((begin, end))
