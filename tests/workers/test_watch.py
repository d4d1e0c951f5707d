import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from dashnet.tasks import cancel_and_wait
from tests.servers import DEADLINE_SECONDS
from workers.context import WorkerContext
from workers.ledger import MOST_ATTEMPTS
from workers.outages import Outage
from workers.watch import take_up_abandoned, watch_for_abandoned


async def leave_open(context: WorkerContext, job: str, tick: datetime, attempt: int = 1) -> None:
    async with context.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, attempt, started_at) "
                "VALUES (:job, :tick, 'schedule', :attempt, now())"
            ),
            {"job": job, "tick": tick, "attempt": attempt},
        )


async def test_a_run_whose_next_worker_dies_before_it_begins_is_offered_again(
    context: WorkerContext, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of a job stays taken for long after its worker was killed."""
    monkeypatch.setattr("workers.offers.OFFER_SECONDS", 0)
    await leave_open(context, "refresh", now)
    await take_up_abandoned(context)
    await take_up_abandoned(context)
    assert len(await context.redis.keys("arq:job:refresh:*:2*")) == 2


async def test_a_run_that_is_given_up_says_what_was_wrong_in_its_own_time(
    context: WorkerContext, now: datetime
) -> None:
    tick = now - timedelta(minutes=5)
    later = tick + timedelta(minutes=2)
    context.outages.add(Outage("Postgres was out of reach", later, now))
    await leave_open(context, "refresh", tick)
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE store.job_run SET started_at = tick, worker = 'gone'"))
    await take_up_abandoned(context)
    async with context.engine.connect() as connection:
        assert await connection.scalar(text("SELECT error FROM store.job_run")) == "its worker died, attempt 1"


async def outcome_of(context: WorkerContext) -> str | None:
    async with context.engine.connect() as connection:
        outcome: str | None = await connection.scalar(text("SELECT outcome FROM store.job_run"))
    return outcome


async def test_a_run_that_can_still_be_done_in_its_minute_is_queued_once(context: WorkerContext, now: datetime) -> None:
    await leave_open(context, "refresh", now)
    await take_up_abandoned(context)
    await take_up_abandoned(context)
    assert len(await context.redis.keys("arq:job:refresh:*:2")) == 1
    assert await outcome_of(context) is None


@pytest.mark.parametrize(("age", "attempt"), [(61, 1), (1, MOST_ATTEMPTS)])
async def test_a_run_too_old_or_tried_too_often_is_recorded_as_failed(
    context: WorkerContext, now: datetime, age: int, attempt: int
) -> None:
    await leave_open(context, "refresh", now - timedelta(seconds=age), attempt)
    await take_up_abandoned(context)
    assert await context.redis.keys("arq:job:*") == []
    assert await outcome_of(context) == "failed"


async def test_a_clean_is_taken_up_later_than_a_refresh_for_it_reads_the_past(
    context: WorkerContext, now: datetime
) -> None:
    await leave_open(context, "clean", now - timedelta(minutes=10))
    await take_up_abandoned(context)
    assert len(await context.redis.keys("arq:job:clean:*:2")) == 1


async def test_the_watch_outlives_an_error_that_nobody_thought_of(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = asyncio.Event()
    outcomes = iter([ZeroDivisionError("unthought of"), None])

    async def fail_once(_: WorkerContext) -> None:
        error = next(outcomes, None)
        if error is not None:
            raise error
        seen.set()

    monkeypatch.setattr("workers.watch.INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr("workers.watch.take_up_abandoned", fail_once)
    watching = asyncio.create_task(watch_for_abandoned(context))
    async with asyncio.timeout(DEADLINE_SECONDS):
        await seen.wait()
    await cancel_and_wait(watching)
