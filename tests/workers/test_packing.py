import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.servers import eventually
from workers import packing
from workers.packing import pack_finished_day
from workers.partitions import ensure_partitions

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


@pytest.fixture
async def loose_day(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Monday as ticks of many devices leave it: its index is much larger than it need be."""
    monkeypatch.setattr(packing, "FEWEST_ROWS", 1000)
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    insert = text(
        "INSERT INTO store.snapshot SELECT :tick, device_id, 0, 0, NULL, true FROM generate_series(1, 300) AS device_id"
    )
    async with engine.begin() as connection:
        for minute in range(100):
            await connection.execute(insert, {"tick": begin + timedelta(minutes=minute)})
    async with engine.begin() as connection:
        await connection.exec_driver_sql("ANALYZE store.snapshot_20261123")
    return "snapshot_20261123_pkey"


async def size_of(engine: AsyncEngine, index: str) -> int:
    async with engine.connect() as connection:
        return int(
            await connection.scalar(
                text("SELECT pg_relation_size(CAST(:name AS regclass))"), {"name": f"store.{index}"}
            )
        )


async def indexes(engine: AsyncEngine) -> Sequence[str]:
    query = text("SELECT indexname FROM pg_indexes WHERE tablename = 'snapshot_20261123' ORDER BY 1")
    async with engine.connect() as connection:
        return list(await connection.scalars(query))


async def test_a_finished_day_is_packed_once(engine: AsyncEngine, loose_day: str) -> None:
    before, names = await size_of(engine, loose_day), await indexes(engine)
    assert await pack_finished_day(engine, TUESDAY) == loose_day
    assert await size_of(engine, loose_day) < 0.8 * before
    assert await pack_finished_day(engine, TUESDAY) is None
    assert await indexes(engine) == names


async def test_a_day_that_goes_on_is_left_alone(engine: AsyncEngine, loose_day: str) -> None:
    assert await pack_finished_day(engine, MONDAY) is None


async def test_a_day_that_somebody_writes_to_for_long_is_packed_the_next_time(
    engine: AsyncEngine, loose_day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.partitions.DETACH_SECONDS", 0.2)
    names = await indexes(engine)
    async with engine.begin() as writer:
        await writer.exec_driver_sql("LOCK TABLE store.snapshot_20261123 IN ROW EXCLUSIVE MODE")
        assert await pack_finished_day(engine, TUESDAY) is None
    assert await pack_finished_day(engine, TUESDAY) == loose_day
    assert await indexes(engine) == names


async def test_a_refresh_does_not_wait_for_it(engine: AsyncEngine, loose_day: str) -> None:
    async with engine.begin() as writer:
        await writer.exec_driver_sql("LOCK TABLE store.snapshot_20261123 IN ROW EXCLUSIVE MODE")
        packing_day = asyncio.create_task(pack_finished_day(engine, TUESDAY))
        await eventually(lambda: is_somebody_waiting(engine))
        async with asyncio.timeout(2), engine.begin() as refreshing:
            await refreshing.exec_driver_sql(
                "INSERT INTO store.snapshot VALUES (timestamptz '2026-11-23 23:00:00+00', 1, 0, 0, NULL, true)"
            )
    assert await packing_day == loose_day


async def is_somebody_waiting(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def test_a_day_of_interfaces_is_packed_too(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FEWEST_ROWS", 1000)
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    insert = text("INSERT INTO store.interface_snapshot SELECT :tick, number FROM generate_series(1, 300) AS number")
    async with engine.begin() as connection:
        for minute in range(100):
            tick = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute)
            await connection.execute(insert, {"tick": tick})
    async with engine.begin() as connection:
        await connection.exec_driver_sql("ANALYZE store.interface_snapshot_20261123")
    assert await pack_finished_day(engine, TUESDAY) == "interface_snapshot_20261123_pkey"
    assert await pack_finished_day(engine, TUESDAY) is None
