"""Workers hold still while the old data give way to the new."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.backups import load
from dashnet.backups.load import hold_still
from dashnet.database import create_engine
from dashnet.errors import BackupError
from dashnet.jobs import Job
from dashnet.settings import Settings
from dashnet.store import JOB_LOCK_PREFIX
from tests.servers import eventually
from workers.context import WorkerContext
from workers.ledger import RunKey
from workers.locks import STORE_WRITER, is_locked, release_lock, take_lock, wait_lock


async def test_a_page_whose_own_run_is_gone_is_waited_for(
    settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "STILL_SECONDS", 0.2)
    worker = create_engine(settings, "dashnet-worker")
    async with worker.begin() as page:
        await page.execute(text("SELECT pg_advisory_xact_lock(7)"))
        with pytest.raises(BackupError, match="try again"):
            async with hold_still(engine):
                pass
    async with hold_still(engine):
        pass
    await worker.dispose()


@pytest.mark.parametrize("job", [job for job in Job if job is not Job.SYNC])
async def test_no_run_of_any_job_is_claimed_meanwhile(engine: AsyncEngine, job: Job) -> None:
    """Those that exclude only themselves are seen by their lock; the others find their own taken."""
    key = RunKey(job, datetime.now(UTC))
    async with hold_still(engine):
        async with engine.connect() as connection:
            taken = await take_lock(connection, key.lock_name)
            await release_lock(connection, key.lock_name)
    assert taken is (key.lock_name != f"{JOB_LOCK_PREFIX}{job}")


async def test_nobody_writes_into_the_store_meanwhile(context: WorkerContext, engine: AsyncEngine) -> None:
    async def write() -> None:
        async with engine.connect() as connection, wait_lock(connection, STORE_WRITER, 10):
            pass

    async with hold_still(engine):
        writing = asyncio.create_task(write())
        await eventually(lambda: waits(engine))
        assert not writing.done()
    await writing
    async with engine.connect() as connection:
        assert not await is_locked(connection, STORE_WRITER)


async def waits(engine: AsyncEngine) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query))
