"""What keeps history in order, and whether refreshes are later for it: rolling up 10,000 devices, dropping days."""

import asyncio
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.history.made import Past, make_hours, make_snapshots, roll_up_hour, vacuum
from bench.history.refreshes import Span, compare, measure_span, refreshing
from bench.table import Figure
from workers.context import WorkerContext
from workers.partitions import drop_partitions_before, ensure_partitions

DEVICES, ROUNDS, DROPS = 10_000, 3, 6
# None of them is a device of the stack.
_IDS = range(1_000_001, 1_000_001 + DEVICES)
_NOON, _LAST = 11, 23
_BETWEEN_DROPS_SECONDS = 0.5
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


async def measure_upkeep(context: WorkerContext, past: Past, alone: float) -> list[Figure]:
    """The real functions in this process, beside the stack's own worker; `alone` is the p95 of refreshes."""
    engine = context.engine
    await _make_many(engine, past)
    roll_ups = [await _roll_up(engine, past, _NOON) for _ in range(ROUNDS)]
    last = await _roll_up(engine, past, _LAST)
    async with refreshing(context) as beside_roll_up:
        others = [await _roll_up(engine, past, _NOON) for _ in range(ROUNDS)]
    async with refreshing(context) as beside_drops:
        drops = [await _drop_next(engine, past.raw_since + number * _DAY) for number in range(-1, DROPS - 1)]
    slowest = max(drop.seconds for drop in drops)
    return [
        Figure("roll-up of an hour of 10,000 devices", median(one.seconds for one in roll_ups), "s", at_most=10),
        Figure("  of the last hour of a day, and of the day with it", last.seconds, "s", at_most=10),
        compare("refreshes of 500 devices meanwhile", beside_roll_up, others, alone),
        Figure(f"drop of a day, refreshes going on, the slowest of {DROPS}", slowest, "s", at_most=0.5),
        compare("refreshes of 500 devices meanwhile", beside_drops, drops, alone),
    ]


async def _make_many(engine: AsyncEngine, past: Past) -> None:
    """Two hours of 10,000 devices on the day before all else, and the roll-up of its other hours."""
    day = past.raw_since - _DAY
    await ensure_partitions(engine, {day.date()})
    await make_hours(engine, _IDS, day, day + _LAST * _HOUR)
    for hour in (_NOON, _LAST):
        await make_snapshots(engine, _IDS, day + hour * _HOUR, day + (hour + 1) * _HOUR)
    await vacuum(engine)


async def _roll_up(engine: AsyncEngine, past: Past, hour: int) -> Span:
    """Anew, as if it had not been done before."""
    day = past.raw_since - _DAY
    begin = day + hour * _HOUR
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE store.rollup_5m_{day:%Y%m%d}"))
        for table in ("summary_5m", "rollup_1h", "summary_1h"):
            delete = text(f"DELETE FROM store.{table} WHERE begin_at >= :begin AND begin_at < :end")
            await connection.execute(delete, {"begin": begin, "end": begin + _HOUR})
    return await measure_span(_commit_roll_up(engine, past, hour))


async def _commit_roll_up(engine: AsyncEngine, past: Past, hour: int) -> None:
    begin = past.raw_since - _DAY + hour * _HOUR
    async with engine.begin() as connection:
        count = await roll_up_hour(connection, begin, begin + _HOUR)
    if count != 59 * DEVICES:
        raise RuntimeError(f"{count} snapshots were rolled up")


async def _drop_next(engine: AsyncEngine, day: datetime) -> Span:
    """The oldest of all, while this process's other refreshes write today's."""
    await asyncio.sleep(_BETWEEN_DROPS_SECONDS)
    return await measure_span(drop_partitions_before(engine, (day + _DAY).date()))
