from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from workers.missed import record_missed, scheduled_job
from workers.outages import Outage, Past, Session

NOTHING_KNOWN = Past([], [])


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC)


async def insert_run(engine: AsyncEngine, tick: datetime, requested_by: str = "schedule", job: str = "refresh") -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES (:job, :tick, :by, 'done')"),
            {"job": job, "tick": tick, "by": requested_by},
        )


async def record(engine: AsyncEngine, now: datetime, days: int = 90, past: Past = NOTHING_KNOWN) -> int:
    async with engine.connect() as connection:
        return await record_missed(connection, now, days, past)


async def select_missed(engine: AsyncEngine) -> Sequence[Any]:
    async with engine.connect() as connection:
        return (
            await connection.execute(text("SELECT * FROM store.job_run WHERE outcome = 'missed' ORDER BY tick"))
        ).all()


async def test_ticks_that_nobody_ran_are_recorded_as_missed_the_full_hour_as_a_clean(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 58))
    assert await record(engine, at(20, 3, 30)) == 4
    assert [(row.job, row.tick.minute, row.requested_by) for row in await select_missed(engine)] == [
        ("refresh", 59, "schedule"),
        ("clean", 0, "schedule"),
        ("refresh", 1, "schedule"),
        ("refresh", 2, "schedule"),
    ]


async def test_each_missed_tick_has_its_own_reason(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 1))
    sessions = [Session(at(19, 0), at(19, 3)), Session(at(19, 4), at(19, 9))]
    past = Past([Outage("Postgres was out of reach", at(19, 2), at(19, 3))], sessions)
    await record(engine, at(19, 5), past=past)
    assert [row.error for row in await select_missed(engine)] == [
        "Postgres was out of reach from 2026-11-23T19:02:00Z to 2026-11-23T19:03:00Z",
        "no worker was up from 2026-11-23T19:03:00Z to 2026-11-23T19:04:00Z",
        "not known: a worker was up, and no outage was noticed; a backup may have been restored since",
    ]


async def test_missed_ticks_are_recorded_once(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 58))
    assert [await record(engine, at(20, 3)) for _ in range(2)] == [4, 0]


async def test_a_hole_before_a_tick_that_was_run_is_recorded_too(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 1))
    await insert_run(engine, at(19, 3))
    assert await record(engine, at(19, 4)) == 1


async def test_ticks_whose_readings_wait_are_not_missed(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 1))
    async with engine.connect() as connection:
        assert await record_missed(connection, at(19, 5), 90, NOTHING_KNOWN, [at(19, 3)]) == 2


async def test_before_anything_ran_nothing_was_missed(engine: AsyncEngine) -> None:
    assert await record(engine, at(19, 1)) == 0


async def test_ticks_missed_before_the_first_scheduled_one_of_a_fresh_stack_are_recorded(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 1, 12), "first start", "clean")
    assert await record(engine, at(19, 5)) == 3


async def test_a_fresh_stack_begins_when_its_first_worker_was_up_though_it_could_not_write(engine: AsyncEngine) -> None:
    past = Past([Outage("Postgres was out of reach", at(19, 1), at(19, 4))], [Session(at(19, 1, 30), at(19, 5))])
    assert await record(engine, at(19, 5), past=past) == 3
    assert (await select_missed(engine))[0].error.startswith("Postgres was out of reach")


async def test_a_clock_that_was_set_back_does_not_hide_what_is_missed_now(engine: AsyncEngine) -> None:
    await insert_run(engine, at(19, 1))
    await insert_run(engine, at(21, 0))
    assert await record(engine, at(19, 4)) == 2


async def test_after_years_without_a_worker_only_the_retention_is_recorded(engine: AsyncEngine) -> None:
    await insert_run(engine, datetime(2020, 1, 1, tzinfo=UTC))
    assert await record(engine, datetime(2026, 1, 3, tzinfo=UTC), 1) == 24 * 60 - 1


@pytest.mark.parametrize(("minute", "job"), [(0, "clean"), (1, "refresh"), (59, "refresh")])
def test_the_full_hour_is_for_the_clean(minute: int, job: str) -> None:
    assert scheduled_job(datetime(2026, 11, 29, 12, 0, tzinfo=UTC) + timedelta(minutes=minute)) == job
