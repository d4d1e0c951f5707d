"""Bytes of disk per raw snapshot, indexes included."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.history.made import Past
from bench.history.refreshes import compare, measure_span, refreshing
from bench.table import Figure
from workers.context import WorkerContext
from workers.packing import pack_finished_day

_AT_MOST = 100
_SIZE = "SELECT pg_total_relation_size('store.{name}')::float8 / count(*) FROM store.{name}"
_ALL = text(
    "SELECT sum(pg_total_relation_size(inhrelid))::float8 / (SELECT count(*) FROM store.snapshot) "
    "FROM pg_inherits WHERE inhparent = 'store.snapshot'::regclass"
)


async def measure_disk(context: WorkerContext, past: Past, alone: float) -> list[Figure]:
    """A whole day as refreshes wrote it, then packed by cleans, and all days with the one that goes on.

    `alone` is the 95th percentile of refreshes, to which those are compared that go on while days are packed.
    """
    engine = context.engine
    written, made = await _measure_day(engine, past.refreshed_day), await _measure_day(engine, past.made_day)
    running = await _measure_day(engine, past.until)
    async with refreshing(context) as beside:
        packing = await measure_span(_pack_all(context))
    packed = await _measure_day(engine, past.refreshed_day)
    async with engine.connect() as connection:
        whole = float(await connection.scalar(_ALL) or 0)
    return [
        compare("while the indexes of 14 days are packed", beside, [packing], alone),
        Figure("disk per raw snapshot of a day that is over, with indexes", packed, "bytes", at_most=_AT_MOST),
        Figure("  of all 14 days and the one that goes on", whole, "bytes", at_most=_AT_MOST),
        Figure("  of the one that goes on", running, "bytes"),
        Figure("  of a whole day as refreshes leave it, before the next clean", written, "bytes"),
        Figure("  of the same, made by one statement", made, "bytes"),
    ]


async def _pack_all(context: WorkerContext) -> None:
    """As many as cleans do in as many hours."""
    while await pack_finished_day(context.engine, datetime.now(UTC).date()):
        pass


async def _measure_day(engine: AsyncEngine, day: datetime) -> float:
    async with engine.connect() as connection:
        return float(await connection.scalar(text(_SIZE.format(name=f"snapshot_{day:%Y%m%d}"))) or 0)
