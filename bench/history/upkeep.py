"""What keeping history costs: rolling up, dropping a day, bytes on disk, and whether a refresh waits for any of it."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.history.made import Past, make_readings, make_snapshots, roll_up_hour
from bench.table import Figure
from workers.packing import pack_finished_day
from workers.partitions import drop_partitions_before, ensure_partitions
from workers.snapshots import insert_snapshots

LARGE_FLEET, ROUNDS, REFRESHES = 10_000, 3, 60
PAUSE_SECONDS = 0.02
_HOUR = timedelta(hours=1)
_SIZE = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")


async def measure_size(engine: AsyncEngine, past: Past) -> list[Figure]:
    """A day as refreshes write it, a transaction per tick; and once it is over and a clean has packed it."""
    growing = await _bytes_per_row(engine, past.refreshed_day)
    started = time.monotonic()
    if await pack_finished_day(engine, (past.refreshed_day + timedelta(days=1)).date()) is None:
        raise RuntimeError("there was nothing to pack")
    seconds = time.monotonic() - started
    return [
        Figure("disk per raw snapshot, indexes included, the day itself", growing, "bytes"),
        Figure("the same once the day is over", await _bytes_per_row(engine, past.refreshed_day), "bytes", at_most=100),
        Figure("packing a day of 700,000 snapshots", seconds, "s"),
    ]


async def _bytes_per_row(engine: AsyncEngine, day: datetime) -> float:
    name = f"store.snapshot_{day:%Y%m%d}"
    async with engine.connect() as connection:
        size = await connection.scalar(_SIZE, {"name": name}) or 0
        rows = await connection.scalar(text(f"SELECT count(*) FROM {name}")) or 1
    return float(size / rows)


async def measure_roll_up(engine: AsyncEngine, past: Past) -> list[Figure]:
    """An hour of 10,000 devices, in which no device of the past has a snapshot; refreshes go on beside the last."""
    begin = past.raw_since - timedelta(days=3)
    await ensure_partitions(engine, {begin.date(), (begin - _HOUR).date()})
    await make_snapshots(engine, range(1, LARGE_FLEET + 1), begin, begin + _HOUR)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(f"ANALYZE store.snapshot_{begin:%Y%m%d}"))
    seconds = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        async with engine.begin() as connection:
            await connection.execute(text(f"TRUNCATE store.rollup_5m_{begin:%Y%m%d}"))
            await roll_up_hour(connection, begin, begin + _HOUR)
        seconds.append(time.monotonic() - started)
    alone = await _refresh(engine, past, asyncio.sleep(REFRESHES * PAUSE_SECONDS))
    beside = await _refresh(engine, past, _roll_up(engine, begin))
    return [
        Figure("roll-up of an hour of 10,000 devices", median(seconds), "s", at_most=10),
        Figure("a refresh's writing of 500 devices, alone, median", median(alone), "s"),
        Figure("the same beside such a roll-up, median", median(beside), "s"),
        Figure("the same beside such a roll-up, slowest", max(beside), "s"),
    ]


async def _roll_up(engine: AsyncEngine, begin: datetime) -> None:
    async with engine.begin() as connection:
        await roll_up_hour(connection, begin, begin + _HOUR)


async def measure_drop(engine: AsyncEngine, past: Past) -> list[Figure]:
    """A day of 500 devices goes while refreshes write another."""
    seconds: list[float] = []

    async def drop() -> None:
        for back in range(ROUNDS):
            first_kept = past.raw_since + timedelta(days=1 + back)
            started = time.monotonic()
            await drop_partitions_before(engine, first_kept.date())
            seconds.append(time.monotonic() - started)

    beside = await _refresh(engine, past, drop())
    return [
        Figure("dropping a day of 700,000 snapshots, refreshes going on", max(seconds), "s", at_most=0.5),
        Figure("a refresh's writing meanwhile, slowest", max(beside), "s"),
    ]


async def _refresh(engine: AsyncEngine, past: Past, beside: Awaitable[None]) -> Sequence[float]:
    """How long refreshes take to write, one after the other for as long as something else goes on."""
    seconds: list[float] = []
    other = asyncio.ensure_future(beside)
    ticks = (past.made_day + timedelta(seconds=number) for number in range(1, 86_400))
    while not other.done() or len(seconds) < ROUNDS:
        tick, readings = next(ticks), make_readings(past.device_ids)
        started = time.monotonic()
        async with engine.begin() as connection:
            await insert_snapshots(connection, tick, readings)
        seconds.append(time.monotonic() - started)
        await asyncio.sleep(PAUSE_SECONDS)
    await other
    return seconds
