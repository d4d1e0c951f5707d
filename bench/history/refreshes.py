"""Refreshes one after the other, by the real job, to see whether something else makes them late."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from bench.history.questions import to_p95
from bench.table import Figure
from workers.context import WorkerContext
from workers.refresh import refresh

_REQUESTED_BY = "bench"
_PAUSE_SECONDS = 0.02
# The stack's own worker refreshes when a minute begins; the later of two is skipped.
_KEPT_FREE_SECONDS = 3
_ALONE_SECONDS, _LATER_SECONDS = 20, 0.1


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something went on, on the monotonic clock."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long that was."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Refreshes:
    """When each went on."""

    spans: list[Span] = field(default_factory=list)

    def seconds_during(self, others: Sequence[Span]) -> list[float]:
        """How long those took that had a part in any of these times."""
        return [
            span.seconds
            for span in self.spans
            if any(span.begin < other.end and span.end > other.begin for other in others)
        ]


async def measure_alone(context: WorkerContext) -> float:
    """The 95th percentile of their seconds while nothing else goes on but what the stack does."""
    async with refreshing(context) as refreshes:
        await asyncio.sleep(_ALONE_SECONDS)
    return to_p95([span.seconds for span in refreshes.spans])


def compare(what: str, refreshes: Refreshes, others: Sequence[Span], alone: float) -> Figure:
    """The 95th percentile of those beside something, which must be hardly later than `alone`."""
    seconds = refreshes.seconds_during(others)
    return Figure(f"  {what}, p95 of {len(seconds)}", to_p95(seconds), "s", at_most=round(alone + _LATER_SECONDS, 3))


@asynccontextmanager
async def refreshing(context: WorkerContext) -> AsyncIterator[Refreshes]:
    """Refresh all devices again and again while the block lasts.

    Raises:
        RuntimeError: one of these and one of the stack's worker met, so that one did nothing.
    """
    refreshes, ended = Refreshes(), asyncio.Event()
    before = await _count_done(context)
    task = asyncio.create_task(_refresh_until(context, refreshes, ended))
    try:
        yield refreshes
    finally:
        ended.set()
        await task
    if await _count_done(context) - before != len(refreshes.spans):
        raise RuntimeError("refreshes of the bench and of the stack's worker met")


async def measure_span(work: Awaitable[object]) -> Span:
    """From when to when this went on."""
    begin = time.monotonic()
    await work
    return Span(begin, time.monotonic())


async def _refresh_until(context: WorkerContext, refreshes: Refreshes, ended: asyncio.Event) -> None:
    while not ended.is_set():
        second = time.time() % 60
        if second < _KEPT_FREE_SECONDS or second > 60 - _KEPT_FREE_SECONDS:
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        tick, begin = datetime.now(UTC), time.monotonic()
        await refresh(context, tick, _REQUESTED_BY)
        refreshes.spans.append(Span(begin, time.monotonic()))
        await asyncio.sleep(_PAUSE_SECONDS)


async def _count_done(context: WorkerContext) -> int:
    query = text("SELECT count(*) FROM store.job_run WHERE requested_by = :by AND outcome = 'done'")
    async with context.engine.connect() as connection:
        return int(await connection.scalar(query, {"by": _REQUESTED_BY}) or 0)
