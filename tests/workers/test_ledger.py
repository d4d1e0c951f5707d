import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import ServiceUnavailable
from dashnet.jobs import Job
from dashnet.reading import to_tick
from workers.ledger import MOST_ATTEMPTS_IN_MINUTE, Run, RunKey, open_run
from workers.locks import try_lock
from workers.watch import select_abandoned

HOUR = timedelta(hours=1)


async def run_once(
    engine: AsyncEngine, key: RunKey, *, timeout_seconds: float = 10, requested_by: str = "schedule"
) -> bool:
    """Run with nothing to do; tells whether there was a run."""
    async with open_run(engine, key, requested_by=requested_by, worker="w", timeout_seconds=timeout_seconds) as run:
        return run is not None


async def select_runs(engine: AsyncEngine) -> Sequence[Any]:
    async with engine.connect() as connection:
        return (await connection.execute(text("SELECT * FROM store.job_run ORDER BY tick, id"))).all()


async def insert_run(engine: AsyncEngine, tick: datetime, outcome: str | None, job: str = "refresh") -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, outcome) "
                "VALUES (:job, :tick, 'schedule', :outcome)"
            ),
            {"job": job, "tick": tick, "outcome": outcome},
        )


async def test_a_run_is_written_down_with_its_counts(engine: AsyncEngine, now: datetime) -> None:
    async with open_run(engine, RunKey(Job.REFRESH, now), requested_by="hand", worker="w", timeout_seconds=5) as run:
        assert run is not None
        run.device_count, run.snapshot_count = 3, 2
    (row,) = await select_runs(engine)
    assert (row.job, row.tick, row.outcome, row.worker, row.requested_by) == ("refresh", now, "done", "w", "hand")
    assert (row.device_count, row.snapshot_count, row.error) == (3, 2, None)
    assert row.started_at <= row.finished_at


async def test_a_tick_runs_once_however_often_it_is_asked_for(engine: AsyncEngine, now: datetime) -> None:
    key = RunKey(Job.REFRESH, now)
    assert await run_once(engine, key)
    assert not await run_once(engine, key)
    assert len(await select_runs(engine)) == 1


async def test_of_many_workers_at_once_one_runs_the_tick(engine: AsyncEngine, now: datetime) -> None:
    key = RunKey(Job.REFRESH, now)
    ran = await asyncio.gather(*(run_once(engine, key) for _ in range(5)))
    assert ran.count(True) == 1
    assert [row.outcome for row in await select_runs(engine)] == ["done"]


async def test_a_tick_that_meets_a_running_one_is_skipped_and_recorded(engine: AsyncEngine, now: datetime) -> None:
    later = RunKey(Job.REFRESH, now + timedelta(seconds=1))
    async with open_run(engine, RunKey(Job.REFRESH, now), requested_by="schedule", worker="w", timeout_seconds=5):
        assert not await run_once(engine, later)
    assert [row.outcome for row in await select_runs(engine)] == ["done", "skipped"]


async def test_a_tick_that_meets_a_mere_double_of_an_earlier_one_is_not_skipped(
    engine: AsyncEngine, now: datetime
) -> None:
    """A job that arq hands out twice holds the lock for a moment, only to see that it is done."""
    earlier, later = RunKey(Job.REFRESH, now), RunKey(Job.REFRESH, now + timedelta(seconds=1))
    await run_once(engine, earlier)
    async with engine.connect() as connection:
        async with try_lock(connection, earlier.lock_name):
            meeting = asyncio.create_task(run_once(engine, later))
            await asyncio.wait([meeting], timeout=0.2)
        assert await meeting


async def test_a_clean_does_not_keep_a_refresh_from_running(engine: AsyncEngine, now: datetime) -> None:
    async with open_run(engine, RunKey(Job.CLEAN, now), requested_by="schedule", worker="w", timeout_seconds=5):
        assert await run_once(engine, RunKey(Job.REFRESH, now))


async def test_pages_of_one_refresh_run_beside_each_other(engine: AsyncEngine, now: datetime) -> None:
    first = RunKey(Job.REFRESH_PAGE, now, 0)
    async with open_run(engine, first, requested_by="refresh", worker="w", timeout_seconds=5):
        assert await run_once(engine, RunKey(Job.REFRESH_PAGE, now, 100))


async def test_a_tick_that_comes_after_its_minute_is_missed_and_not_made_up(engine: AsyncEngine, now: datetime) -> None:
    assert not await run_once(engine, RunKey(Job.REFRESH, now - timedelta(seconds=61)))
    (row,) = await select_runs(engine)
    assert (row.outcome, row.error) == ("missed", "came too late")


async def test_an_error_is_recorded_as_failed_and_raised_on(engine: AsyncEngine, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_run(engine, RunKey(Job.REFRESH, now), requested_by="hand", worker="w", timeout_seconds=5):
            raise ZeroDivisionError("by nought")
    (row,) = await select_runs(engine)
    assert (row.outcome, row.error) == ("failed", "by nought")


async def test_a_run_over_its_limit_is_recorded_as_failed(engine: AsyncEngine, now: datetime) -> None:
    with pytest.raises(TimeoutError):
        async with open_run(engine, RunKey(Job.REFRESH, now), requested_by="hand", worker="w", timeout_seconds=0.05):
            await asyncio.Event().wait()
    (row,) = await select_runs(engine)
    assert (row.outcome, row.error) == ("failed", "took longer than 0.05 s")


@pytest.fixture
def minute(now: datetime) -> datetime:
    """A tick of the schedule that is not over while a test runs."""
    return to_tick(now) + timedelta(minutes=1)


async def fail_once(engine: AsyncEngine, key: RunKey) -> bool:
    """Fail in a run; whether there was one."""
    try:
        async with open_run(engine, key, requested_by="schedule", worker="w", timeout_seconds=5) as run:
            if run is not None:
                raise ServiceUnavailable("Redis is out of reach")
    except ServiceUnavailable:
        return True
    return False


@pytest.mark.parametrize("job", [Job.REFRESH, Job.CLEAN])
async def test_a_tick_of_the_schedule_that_failed_is_tried_again_and_the_ledger_has_its_newest_attempt(
    engine: AsyncEngine, minute: datetime, job: Job
) -> None:
    assert await fail_once(engine, RunKey(job, minute))
    (row,) = await select_runs(engine)
    assert (row.outcome, row.attempt, row.error) == ("failed", 1, "Redis is out of reach")
    assert await run_once(engine, RunKey(job, minute))
    (row,) = await select_runs(engine)
    assert (row.outcome, row.attempt, row.error) == ("done", 2, None)
    assert not await run_once(engine, RunKey(job, minute))


async def test_a_tick_that_always_fails_is_tried_a_bounded_number_of_times(
    engine: AsyncEngine, minute: datetime
) -> None:
    tried = [await fail_once(engine, RunKey(Job.REFRESH, minute)) for _ in range(MOST_ATTEMPTS_IN_MINUTE + 2)]
    assert tried == [True] * MOST_ATTEMPTS_IN_MINUTE + [False] * 2
    (row,) = await select_runs(engine)
    assert (row.outcome, row.attempt, row.error) == ("failed", MOST_ATTEMPTS_IN_MINUTE, "Redis is out of reach")


async def test_a_tick_that_failed_is_not_tried_again_once_its_minute_is_over(
    engine: AsyncEngine, minute: datetime
) -> None:
    over = minute - timedelta(minutes=3)
    await insert_run(engine, over, "failed")
    assert not await run_once(engine, RunKey(Job.REFRESH, over))
    assert [row.outcome for row in await select_runs(engine)] == ["failed"]


async def test_a_refresh_by_hand_that_failed_stays_so_for_its_asker_was_told(
    engine: AsyncEngine, minute: datetime
) -> None:
    by_hand = RunKey(Job.REFRESH, minute + timedelta(seconds=7))
    assert await fail_once(engine, by_hand)
    assert not await run_once(engine, by_hand)


async def test_a_run_that_is_taken_up_too_late_is_left_to_the_watch_which_knows_why(
    engine: AsyncEngine, now: datetime
) -> None:
    late = now - timedelta(seconds=61)
    await insert_run(engine, late, None)
    assert not await run_once(engine, RunKey(Job.REFRESH, late))
    (row,) = await select_runs(engine)
    assert (row.outcome, row.attempt) == (None, 1)


async def leave_open(engine: AsyncEngine, key: RunKey) -> None:
    """A run whose worker is told to stop in the middle of it."""
    is_open = asyncio.Event()

    async def run() -> Run | None:
        async with open_run(engine, key, requested_by="schedule", worker="dead", timeout_seconds=30):
            is_open.set()
            await asyncio.Event().wait()
        return None

    task = asyncio.create_task(run())
    await is_open.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_run_that_lost_its_worker_is_found_and_can_be_taken_up(engine: AsyncEngine, now: datetime) -> None:
    key = RunKey(Job.REFRESH, now)
    await leave_open(engine, key)
    async with engine.connect() as connection:
        (abandoned,) = await select_abandoned(connection)
    assert (abandoned.key, abandoned.attempt, abandoned.requested_by) == (key, 1, "schedule")
    assert await run_once(engine, key)
    (row,) = await select_runs(engine)
    assert (row.outcome, row.attempt, row.worker) == ("done", 2, "w")


async def test_a_run_under_way_is_not_taken_for_abandoned(engine: AsyncEngine, now: datetime) -> None:
    running = open_run(engine, RunKey(Job.REFRESH, now), requested_by="hand", worker="w", timeout_seconds=5)
    async with running, engine.connect() as connection:
        assert await select_abandoned(connection) == []
