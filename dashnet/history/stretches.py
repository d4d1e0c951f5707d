"""A range with parts left out, as the edges of buckets of which some are wanted. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Parts:
    """`edges` of the parts of a range, and for each part whether it counts."""

    edges: Sequence[datetime]
    wanted: Sequence[bool]

    @property
    def seconds(self) -> int:
        """How long the parts that count are together."""
        return self.seconds_since(self.edges[0])

    def seconds_since(self, moment: datetime) -> int:
        """How long they are from a moment on."""
        lengths = (max(timedelta(), last - max(first, moment)) for first, last in pairwise(self.edges))
        whole = sum((length for length, counts in zip(lengths, self.wanted, strict=True) if counts), timedelta())
        return int(whole.total_seconds())


def leave_out(begin: datetime, end: datetime, excluded: Iterable[tuple[datetime, datetime]]) -> Parts:
    """The range from `begin` to `end` without these periods, which may overlap, or lie outside of it."""
    edges, wanted, last = [begin], [], begin
    for first, until in sorted(excluded):
        first, until = max(first, last), min(until, end)
        if first >= until:
            continue
        if first > last:
            edges.append(first)
            wanted.append(True)
        edges.append(until)
        wanted.append(False)
        last = until
    if last < end:
        edges.append(end)
        wanted.append(True)
    return Parts(edges, wanted)
