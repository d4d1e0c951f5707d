"""Jobs asked for by hand are begun or written down, whatever happens to workers and Postgres."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashnet.channels import job_queue, wished_jobs_key
from dashnet.database import create_engine
from dashnet.jobs import Job, request_now
from dashnet.settings import Settings
from tests.conftest import run_app
from tests.feeds import open_feed
from tests.gate import Gate
from tests.processes import WORKER, environment_of, run_process
from tests.servers import eventually
from workers import offers, wishes
from workers.context import WorkerContext
from workers.ledger import RunKey, open_run
from workers.outages import Outage
from workers.wishes import Wish, list_wishes, look_after_wishes

MINUTE = timedelta(minutes=1)


async def ask(context: WorkerContext, job: Job, tick: datetime) -> None:
    """Ask for a job under this tick, and lose the queue."""
    name = f"{job} {tick:%Y-%m-%dT%H:%M:%SZ}"
    async with context.redis.pipeline() as pipeline:
        pipeline.hset(wished_jobs_key(context.settings), name, '["hand"]')
        await pipeline.execute()


async def count_queued(context: WorkerContext) -> int:
    return int(await context.redis.zcard(job_queue(context.settings)))


async def select_runs(context: WorkerContext) -> Sequence[Any]:
    query = text("SELECT job, tick, outcome, error FROM store.job_run")
    async with context.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("dance 2026-01-01T00:00:00Z", '["hand"]'), ("clean soon", '["hand"]'), ("clean", "[]"), ("refresh 7", "7")],
)
async def test_a_wish_that_this_version_does_not_know_keeps_no_other_waiting(
    context: WorkerContext, now: datetime, name: str, wanted: str
) -> None:
    async with context.redis.pipeline() as pipeline:
        pipeline.hset(wished_jobs_key(context.settings), name, wanted)
        await pipeline.execute()
    await ask(context, Job.CLEAN, now)
    assert await list_wishes(context.redis, context.settings) == [Wish(Job.CLEAN, now, "hand", [])]


@pytest.mark.parametrize("job", [Job.REFRESH, Job.CLEAN, Job.BACKFILL])
async def test_a_job_that_is_asked_for_is_a_wish_until_the_ledger_has_it(context: WorkerContext, job: Job) -> None:
    tick = await request_now(context.redis, context.settings, job, "hand", 7)
    assert await list_wishes(context.redis, context.settings) == [Wish(job, tick, "hand", [7])]
    async with open_run(context.engine, RunKey(job, tick), requested_by="hand", worker="w", timeout_seconds=30):
        pass
    await look_after_wishes(context)
    assert await list_wishes(context.redis, context.settings) == []


async def test_a_wish_is_offered_again_only_when_its_job_seems_lost(
    context: WorkerContext, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(context, Job.CLEAN, now + MINUTE)
    await look_after_wishes(context)
    assert await count_queued(context) == 0
    monkeypatch.setattr(wishes, "FIRST_OFFER", -2 * MINUTE)
    monkeypatch.setattr(offers, "OFFER_SECONDS", 0)
    await look_after_wishes(context)
    await look_after_wishes(context)
    assert await count_queued(context) == 2


async def test_a_clean_by_hand_may_begin_half_an_hour_late_and_one_of_the_schedule_may_not(
    context: WorkerContext, now: datetime
) -> None:
    for minutes, by in ((20, "hand"), (21, "schedule")):
        key = RunKey(Job.CLEAN, now - minutes * MINUTE)
        async with open_run(context.engine, key, requested_by=by, worker="w", timeout_seconds=30) as run:
            assert (run is not None) == (by == "hand")


@pytest.mark.parametrize(("job", "minutes"), [(Job.REFRESH, 2), (Job.CLEAN, 31)])
async def test_a_wish_that_is_too_late_is_missed_for_the_outage_of_its_time(
    context: WorkerContext, now: datetime, job: Job, minutes: int
) -> None:
    tick = now - minutes * MINUTE
    outage = Outage("Postgres was out of reach", tick - MINUTE, now)
    context.outages.add(outage)
    await ask(context, job, tick)
    await look_after_wishes(context)
    assert await select_runs(context) == [(job, tick, "missed", str(outage))]
    assert await list_wishes(context.redis, context.settings) == []


@pytest.fixture
async def calm(context: WorkerContext) -> None:
    """A stack that has run for a while, so that its worker's start asks for nothing."""
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES "
            "('clean', now() - interval '2 seconds', 'test', 'done')"
        )


@pytest.mark.timeout(200)
@pytest.mark.parametrize("path", ["/", "/live"])
async def test_a_clean_asked_for_over_a_websocket_without_postgres_is_done_when_it_is_back(
    gated_settings: Settings, postgres_gate: Gate, context: WorkerContext, calm: None, redis: Redis, path: str
) -> None:
    async with run_app(gated_settings), open_feed(gated_settings, path) as feed:
        await feed.next()
        postgres_gate.shut()
        await feed.send({"socket_type": "clean"})
        (wish,) = await eventually(lambda: list_wishes(redis, gated_settings))
    with run_process(WORKER, environment_of(gated_settings)):
        await eventually(lambda: is_queue_empty(context), 60)
        await postgres_gate.open()
        await eventually(lambda: is_begun(context, wish), 60)


async def is_queue_empty(context: WorkerContext) -> bool:
    return await count_queued(context) == 0


async def is_begun(context: WorkerContext, wish: Wish) -> bool:
    return any((job, tick) == ("clean", wish.tick) for job, tick, *_ in await select_runs(context))


async def test_wishes_stay_while_postgres_is_away(
    gated_settings: Settings, postgres_gate: Gate, context: WorkerContext, now: datetime
) -> None:
    engine = create_engine(gated_settings, "dashnet-test")
    await ask(context, Job.CLEAN, now - 40 * MINUTE)
    postgres_gate.shut()
    without = WorkerContext(gated_settings, engine, context.redis, context.network)
    with pytest.raises((DBAPIError, ConnectionError)):
        await look_after_wishes(without)
    assert len(await list_wishes(context.redis, context.settings)) == 1
    await engine.dispose()
