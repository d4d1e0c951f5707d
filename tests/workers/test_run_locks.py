import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.jobs import Job
from workers import run_locks
from workers.run_locks import hold_lock

NAME = "dashnet job refresh"


@asynccontextmanager
async def hold(engine: AsyncEngine) -> AsyncIterator[bool]:
    async with engine.connect() as connection, hold_lock(connection, Job.REFRESH, NAME) as taken:
        yield taken


async def open_one(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO store.job_run (job, tick, requested_by) VALUES ('refresh', now(), 'schedule')")
        )


async def test_a_lock_is_free_again_after_its_block(engine: AsyncEngine) -> None:
    for _ in range(2):
        async with hold(engine) as taken:
            assert taken


async def test_a_lock_of_a_run_is_not_waited_for(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_locks, "_PAUSE_SECONDS", 3600)
    await open_one(engine)
    async with hold(engine), hold(engine) as taken:
        assert not taken


async def test_a_lock_that_is_held_without_a_run_is_waited_for(engine: AsyncEngine) -> None:
    async def take() -> bool:
        async with hold(engine) as taken:
            return taken

    async with hold(engine):
        waiting = asyncio.create_task(take())
        await asyncio.wait([waiting], timeout=0.2)
        assert not waiting.done()
    assert await waiting
