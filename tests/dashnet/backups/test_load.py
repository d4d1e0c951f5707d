"""Workers hold still while the old data give way to the new."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.backups import load
from dashnet.backups.load import hold_still
from dashnet.database import create_engine
from dashnet.errors import BackupError
from dashnet.settings import Settings
from tests.servers import eventually
from workers.context import WorkerContext
from workers.locks import STORE_WRITER, is_locked, wait_lock


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
