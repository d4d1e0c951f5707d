"""One turn of the schedule after the other, under a clock that the test moves."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from dashnet.channels import job_queue
from dashnet.reading import to_wire
from tests.clocks import HandClock
from workers.context import WorkerContext
from workers.ledger import MOST_ATTEMPTS_IN_MINUTE
from workers.outages import OutageLog, read_past, write_session
from workers.partitions import select_partition_days
from workers.schedule import OFFER_SECONDS, RETRY_SECONDS, Schedule

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def clock() -> HandClock:
    """Some seconds into a minute that is no full hour."""
    return HandClock(datetime(2026, 11, 29, 12, 30, 7, tzinfo=UTC))


@pytest.fixture
def schedule(context: WorkerContext, clock: HandClock) -> Schedule:
    context.outages.session_begin = clock.clock.now()
    return Schedule(context, clock.clock)


async def insert_run(context: WorkerContext, tick: datetime, outcome: str | None, job: str = "refresh") -> None:
    async with context.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, outcome) "
                "VALUES (:job, :tick, 'schedule', :outcome)"
            ),
            {"job": job, "tick": tick, "outcome": outcome},
        )


@pytest.fixture
async def calm(context: WorkerContext) -> None:
    """A stack that has run for a while, and missed nothing."""
    await insert_run(context, datetime(2026, 11, 29, 12, 0, tzinfo=UTC), "done", "clean")
    for minute in range(1, 30):
        await insert_run(context, datetime(2026, 11, 29, 12, minute, tzinfo=UTC), "done")


async def list_queued(context: WorkerContext) -> Sequence[tuple[str, str, str]]:
    """Job, tick and who asked, of all that waits."""
    names = await context.redis.zrange(job_queue(context.settings), 0, -1)
    jobs = [orjson.loads(await context.redis.get(b"arq:job:" + name) or b"") for name in names]
    return [(job["f"], job["a"][0], job["a"][1]) for job in jobs]


async def select_missed(context: WorkerContext) -> Sequence[Any]:
    query = text("SELECT tick, error FROM store.job_run WHERE outcome = 'missed' ORDER BY tick")
    async with context.engine.connect() as connection:
        return (await connection.execute(query)).all()


async def test_a_worker_that_starts_runs_the_tick_of_the_running_minute(
    context: WorkerContext, schedule: Schedule, calm: None
) -> None:
    await schedule.turn()
    assert await list_queued(context) == [("refresh", "2026-11-29T12:30:00Z", "schedule")]


async def test_a_tick_that_somebody_has_run_is_not_offered(
    context: WorkerContext, schedule: Schedule, calm: None
) -> None:
    await insert_run(context, datetime(2026, 11, 29, 12, 30, tzinfo=UTC), "done")
    await schedule.turn()
    assert await list_queued(context) == []


async def test_a_tick_that_nobody_takes_is_offered_again_and_one_that_runs_is_not(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    await schedule.turn()
    clock.pass_by(OFFER_SECONDS / 2)
    await schedule.turn()
    assert len(await list_queued(context)) == 1
    clock.pass_by(OFFER_SECONDS)
    await schedule.turn()
    assert len(await list_queued(context)) == 2
    await insert_run(context, datetime(2026, 11, 29, 12, 30, tzinfo=UTC), None)
    clock.pass_by(OFFER_SECONDS)
    await schedule.turn()
    assert len(await list_queued(context)) == 2


async def test_a_tick_that_failed_is_offered_again_after_a_pause_each_time(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    await schedule.turn()
    await insert_run(context, datetime(2026, 11, 29, 12, 30, tzinfo=UTC), "failed")
    offers = []
    for pause in (RETRY_SECONDS - 1, 1.5, RETRY_SECONDS - 1, 1.5):
        clock.pass_by(pause)
        await schedule.turn()
        offers.append(len(await list_queued(context)))
    assert offers == [1, 2, 2, 3]


async def test_a_tick_that_failed_too_often_is_not_offered_again(
    context: WorkerContext, schedule: Schedule, calm: None
) -> None:
    await insert_run(context, datetime(2026, 11, 29, 12, 30, tzinfo=UTC), "failed")
    await set_attempt(context, MOST_ATTEMPTS_IN_MINUTE)
    await schedule.turn()
    assert await list_queued(context) == []


async def set_attempt(context: WorkerContext, attempt: int) -> None:
    async with context.engine.begin() as connection:
        await connection.execute(
            text("UPDATE store.job_run SET attempt = :attempt WHERE outcome = 'failed'"), {"attempt": attempt}
        )


async def test_two_workers_offer_a_tick_once(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    await schedule.turn()
    await Schedule(context, clock.clock).turn()
    assert len(await list_queued(context)) == 1


async def test_the_minute_in_which_everything_began_has_no_tick(
    context: WorkerContext, schedule: Schedule, clock: HandClock
) -> None:
    await schedule.turn()
    assert [job for job, _, asker in await list_queued(context) if asker == "schedule"] == []
    clock.pass_by(60)
    await schedule.turn()
    assert ("refresh", "2026-11-29T12:31:00Z", "schedule") in await list_queued(context)


@pytest.mark.parametrize("first_up", [timedelta(hours=2), timedelta(seconds=3)], ids=["long ago", "this minute"])
async def test_a_worker_that_starts_while_postgres_is_away_runs_the_running_minute_of_a_stack_that_ran_before(
    context: WorkerContext, schedule: Schedule, clock: HandClock, first_up: timedelta
) -> None:
    now = clock.clock.now()
    await write_session(context.redis, context.settings, OutageLog(now - first_up), now - timedelta(seconds=2))
    context.prepared.clear()
    await schedule.turn()
    offered = [("refresh", "2026-11-29T12:30:00Z", "schedule")] if first_up > MINUTE else []
    assert await list_queued(context) == offered


async def test_the_very_first_turn_asks_for_the_first_clean(context: WorkerContext, schedule: Schedule) -> None:
    await schedule.turn()
    assert [(job, asker) for job, _, asker in await list_queued(context)] == [("clean", "first start")]


async def test_the_full_hour_is_a_clean(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    clock.pass_by(30 * 60)
    await schedule.turn()
    assert ("clean", "2026-11-29T13:00:00Z", "schedule") in await list_queued(context)


async def test_a_clean_that_was_missed_is_run_at_once_and_once(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    clock.set_by(HOUR)
    await schedule.turn()
    clock.pass_by(60)
    await schedule.turn()
    assert [asker for job, _, asker in await list_queued(context) if job == "clean"] == ["catch-up"]


async def test_five_minutes_are_rolled_up_once_they_are_final(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    clock.pass_by(60 + 32)
    await schedule.turn()
    assert [job for job, _, _ in await list_queued(context)] == ["refresh"]
    clock.pass_by(2)
    await schedule.turn()
    assert ("rollup", "2026-11-29T12:31:40Z", "schedule") in await list_queued(context)


async def test_a_clock_set_back_has_its_minutes_run_at_once_and_none_twice(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    await schedule.turn()
    clock.set_by(-10 * MINUTE)
    await schedule.turn()
    assert [tick for _, tick, _ in await list_queued(context)] == ["2026-11-29T12:30:00Z"]
    async with context.engine.begin() as connection:
        await connection.execute(text("DELETE FROM store.job_run WHERE tick = '2026-11-29 12:21Z'"))
    clock.pass_by(60)
    await schedule.turn()
    assert "2026-11-29T12:21:00Z" in [tick for _, tick, _ in await list_queued(context)]


async def test_a_clock_set_back_before_everything_began_goes_on_at_once(
    context: WorkerContext, schedule: Schedule, clock: HandClock
) -> None:
    """A stack that was begun under a clock that was ahead was silent until that time came again."""
    await insert_run(context, clock.clock.now(), "done", "clean")
    await schedule.turn()
    clock.set_by(-10 * MINUTE)
    await schedule.turn()
    assert await list_queued(context) == [("refresh", "2026-11-29T12:20:00Z", "schedule")]


@pytest.mark.parametrize("days", [-400, -1, 2, 400])
async def test_a_clock_set_to_another_day_finds_its_tables_ready(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None, days: int
) -> None:
    """Refreshes of a day without tables failed until the next full hour."""
    await schedule.turn()
    clock.set_by(days * 24 * HOUR)
    await schedule.turn()
    today = clock.clock.now().date()
    assert {today, today + 24 * HOUR} <= set(await select_partition_days(context.engine))
    tick = clock.clock.now().replace(second=0)
    assert ("refresh", to_wire(tick), "schedule") in await list_queued(context)


async def test_a_clock_set_forward_goes_on_at_once_and_is_the_reason_for_what_was_missed(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    await schedule.turn()
    clock.set_by(2 * HOUR)
    schedule.note(schedule.watch.look())
    await schedule.turn()
    assert "2026-11-29T14:30:00Z" in [tick for _, tick, _ in await list_queued(context)]
    missed = await select_missed(context)
    assert len(missed) == 120
    assert {row.error for row in missed} == {
        "the clock was set forward from 2026-11-29T12:30:07Z to 2026-11-29T14:30:07Z"
    }


async def test_minutes_that_a_clock_set_forward_left_out_are_run_when_it_is_set_right(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    clock.set_by(2 * HOUR)
    await schedule.turn()
    clock.set_by(-2 * HOUR + 3 * MINUTE)
    await schedule.turn()
    assert "2026-11-29T12:33:00Z" in [tick for _, tick, _ in await list_queued(context)]


@pytest.mark.parametrize(
    ("passes", "what"), [("pass_by", "the worker was silent"), ("sleep", "the machine was asleep")]
)
async def test_a_pause_is_the_reason_for_what_was_missed_in_it(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None, passes: str, what: str
) -> None:
    await schedule.turn()
    getattr(clock, passes)(130)
    schedule.note(schedule.watch.look())
    await schedule.turn()
    assert [row.error for row in await select_missed(context)] == [
        f"{what} from 2026-11-29T12:30:07Z to 2026-11-29T12:32:17Z"
    ] * 2


async def test_jobs_that_were_queued_before_the_clock_was_set_back_run_now(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    """Arq keeps a job until the moment that it was queued at, by the wall clock."""
    ahead = datetime.now(UTC).timestamp() + 600
    await context.redis.zadd(job_queue(context.settings), {"report:asked for": ahead * 1000})
    clock.set_by(-10 * MINUTE)
    await schedule.turn()
    score = await context.redis.zscore(job_queue(context.settings), "report:asked for")
    assert score is not None
    assert score / 1000 < ahead - 500


async def test_a_worker_is_known_to_be_up_from_its_turns(
    context: WorkerContext, schedule: Schedule, clock: HandClock, calm: None
) -> None:
    await schedule.turn()
    clock.pass_by(30)
    await schedule.turn()
    past = await read_past(context.redis, context.settings, context.outages, clock.clock.now())
    assert [one.end - one.begin for one in past.sessions] == [timedelta(seconds=30)]
