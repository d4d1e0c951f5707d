import asyncio
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.servers import eventually
from workers.partitions import TABLES, drop_partitions_before, ensure_partitions, select_partition_days

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)


async def test_missing_partitions_are_made_and_the_others_left(engine: AsyncEngine) -> None:
    await ensure_partitions(engine, {MONDAY})
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    assert await select_partition_days(engine) == {MONDAY, TUESDAY}


async def test_workers_that_start_together_do_not_trip_over_each_other(engine: AsyncEngine) -> None:
    await asyncio.gather(*(ensure_partitions(engine, {MONDAY, TUESDAY}) for _ in range(5)))
    assert await select_partition_days(engine) == {MONDAY, TUESDAY}


async def test_a_day_ends_at_midnight_utc(engine: AsyncEngine) -> None:
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.snapshot SELECT moment, 1, 0, 0, NULL, true FROM unnest(ARRAY["
            "timestamptz '2026-11-23 23:59:59.999+00', timestamptz '2026-11-24 00:00:00+00']) AS moment"
        )
        counts = await connection.exec_driver_sql(
            "SELECT (SELECT count(*) FROM store.snapshot_20261123), (SELECT count(*) FROM store.snapshot_20261124)"
        )
        assert tuple(counts.one()) == (1, 1)


async def test_expired_partitions_are_dropped_whole_the_others_kept(engine: AsyncEngine) -> None:
    await ensure_partitions(engine, {MONDAY, TUESDAY, WEDNESDAY})
    assert await drop_partitions_before(engine, WEDNESDAY) == 2
    assert await select_partition_days(engine) == {WEDNESDAY}


async def test_neither_a_reader_nor_a_writer_of_another_day_waits_while_a_day_is_dropped(engine: AsyncEngine) -> None:
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    async with engine.begin() as reader:
        await reader.exec_driver_sql("SELECT count(*) FROM store.snapshot")
        dropping = asyncio.create_task(drop_partitions_before(engine, TUESDAY))
        await eventually(lambda: is_somebody_waiting(engine))
        async with asyncio.timeout(2), engine.begin() as writer:
            await writer.exec_driver_sql(
                "INSERT INTO store.snapshot VALUES (timestamptz '2026-11-24 12:00:00+00', 1, 0, 0, NULL, true)"
            )
    assert await dropping == 1
    assert await select_partition_days(engine) == {TUESDAY}


async def is_somebody_waiting(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


async def test_a_day_that_is_read_for_long_is_left_for_the_next_time(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.partitions.DETACH_SECONDS", 0.2)
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    async with engine.begin() as reader:
        await reader.exec_driver_sql("SELECT count(*) FROM store.snapshot")
        assert await drop_partitions_before(engine, TUESDAY) == 0
    assert await drop_partitions_before(engine, TUESDAY) == 1
    assert await select_partition_days(engine) == {TUESDAY}


@pytest.mark.parametrize("table", [table for table in TABLES if table != "snapshot"])
async def test_each_table_has_days_of_its_own(engine: AsyncEngine, table: str) -> None:
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    assert await drop_partitions_before(engine, TUESDAY, table) == 1
    days = {one: await select_partition_days(engine, one) for one in TABLES}
    assert days == {one: {TUESDAY} if one == table else {MONDAY, TUESDAY} for one in TABLES}


INSERT_ON_MONDAY = "INSERT INTO store.snapshot VALUES (timestamptz '2026-11-23 12:00:00+00', 1, 0, 0, NULL, true)"


async def test_a_day_that_a_killed_worker_detached_and_did_not_drop_can_be_written_again(engine: AsyncEngine) -> None:
    await ensure_partitions(engine, {MONDAY})
    async with engine.begin() as connection:
        await connection.exec_driver_sql(INSERT_ON_MONDAY)
        await connection.exec_driver_sql("ALTER TABLE store.snapshot DETACH PARTITION store.snapshot_20261123")
    await ensure_partitions(engine, {MONDAY})
    async with engine.begin() as connection:
        await connection.exec_driver_sql(INSERT_ON_MONDAY)
        assert await connection.scalar(text("SELECT count(*) FROM store.snapshot")) == 1


async def test_a_day_whose_detaching_was_broken_off_can_be_written_again(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.partitions.DETACH_SECONDS", 0.2)
    await ensure_partitions(engine, {MONDAY, TUESDAY})
    async with engine.begin() as reader:
        await reader.exec_driver_sql("SELECT count(*) FROM store.snapshot")
        assert await drop_partitions_before(engine, TUESDAY) == 0
    await ensure_partitions(engine, {MONDAY})
    async with engine.begin() as connection:
        await connection.exec_driver_sql(INSERT_ON_MONDAY)
        assert await connection.scalar(text("SELECT count(*) FROM store.snapshot")) == 1
