import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.jobs import Job
from tests.snapshots import store_rows
from tests.workers.test_rollup import MIDNIGHT, select_until, steady
from workers import precedence
from workers.ledger import RunKey, open_run
from workers.precedence import give_way
from workers.rollup import roll_up


@asynccontextmanager
async def run_of(engine: AsyncEngine, job: Job) -> AsyncIterator[None]:
    key = RunKey(job, datetime.now(UTC))
    async with open_run(engine, key, requested_by="test", worker="test-worker", timeout_seconds=60) as run:
        assert run is not None
        yield


async def test_nobody_waits_where_no_refresh_is_running(engine: AsyncEngine) -> None:
    async with run_of(engine, Job.CLEAN), asyncio.timeout(5):
        await give_way(engine)


async def test_a_roll_up_begins_when_the_refresh_has_ended(engine: AsyncEngine) -> None:
    await store_rows(engine, steady(MIDNIGHT, 60))
    async with run_of(engine, Job.REFRESH):
        rolling_up = asyncio.create_task(roll_up(engine, MIDNIGHT + timedelta(hours=2)))
        await asyncio.sleep(0.5)
        assert await select_until(engine) is None
    async with asyncio.timeout(10):
        assert await rolling_up == 59


async def test_nobody_waits_for_long(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "LONGEST_WAIT", timedelta(seconds=0.3))
    async with run_of(engine, Job.REFRESH), asyncio.timeout(5):
        async with engine.begin() as connection:
            # However often a new one begins in the place of the last.
            await connection.execute(text("UPDATE store.job_run SET started_at = now() + interval '1 hour'"))
        await give_way(engine)


async def test_nobody_waits_for_a_refresh_that_hangs(engine: AsyncEngine) -> None:
    async with run_of(engine, Job.REFRESH), asyncio.timeout(5):
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE store.job_run SET started_at = now() - interval '1 minute'"))
        await give_way(engine)
