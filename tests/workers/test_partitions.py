import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.database import create_engine
from dashnet.settings import Settings
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


async def test_who_looks_for_the_first_time_just_then_has_the_new_day_too(
    engine: AsyncEngine, settings: Settings
) -> None:
    # Without `_tell_again` a few of these 120 connections miss theirs for good; the more days, the longer a first look.
    days = [MONDAY + timedelta(days=number) for number in range(220)]
    await ensure_partitions(engine, days[:200], ["snapshot"])
    for day in days[200:]:
        async with AsyncExitStack() as stack:
            fresh = [await stack.enter_async_context(fresh_connection(settings)) for _ in range(6)]
            await asyncio.gather(ensure_partitions(engine, {day}), *(look_soon(one, MONDAY) for one in fresh))
            async with engine.begin() as writer:
                await writer.execute(
                    text("INSERT INTO store.snapshot VALUES (CAST(:day AS date), 1, 0, 0, NULL, true)"), {"day": day}
                )
            assert [await count_snapshots(one, day) for one in fresh] == [1] * len(fresh)


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


@asynccontextmanager
async def fresh_connection(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """One that has not looked at any table yet."""
    engine = create_engine(settings, "dashnet-test")
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection
    await engine.dispose()


async def look_soon(connection: AsyncConnection, day: date) -> None:
    await asyncio.sleep(random.uniform(0, 0.012))
    await count_snapshots(connection, day)


async def count_snapshots(connection: AsyncConnection, day: date) -> int:
    # With the bounds as plain values, so that only the day's partition is planned for.
    query = text("SELECT count(*) FROM store.snapshot WHERE time_stamp >= :begin AND time_stamp < :end")
    begin = datetime.combine(day, time(), UTC)
    return int(await connection.scalar(query, {"begin": begin, "end": begin + timedelta(days=1)}) or 0)


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
