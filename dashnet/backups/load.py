"""Loads a dump in the place of what is stored: pg_restore writes, psql reads, in one transaction or not at all."""

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet import store
from dashnet.backups import statements
from dashnet.backups.archive import Backup
from dashnet.backups.children import Child, run_child
from dashnet.backups.programs import Programs, environment_for
from dashnet.database import sqlstate_of
from dashnet.errors import BackupError
from dashnet.jobs import Job
from dashnet.schemas import LOCK_NOT_AVAILABLE
from dashnet.settings import Settings

# A refresh takes less than a minute, a clean usually seconds.
STILL_SECONDS = 60.0
RESTORE_LOCK = "dashnet restore"
_POLL_SECONDS = 0.1
_BUSY = re.compile(r"\b(55P03|40P01)\b")
_LOST_EXIT_CODE = 2
_WORKER = "dashnet-worker"


@dataclass(frozen=True, slots=True)
class Loading:
    """What is loaded, by what, and where to."""

    settings: Settings
    engine: AsyncEngine
    programs: Programs
    backup: Backup
    say: Callable[[str], None]


@asynccontextmanager
async def replace_stored(loading: Loading) -> AsyncIterator[None]:
    """Replace both schemas by the backup's; the block runs after the commit, while no worker writes yet.

    psql commits only what it is told to in so many words: where anything dies on the way, Postgres takes all back.

    Raises:
        BackupError: nothing was changed; says why.
    """
    async with _be_alone(loading.engine), _open_psql(loading) as psql:
        await psql.send(statements.begin())
        await _send_dump(loading, psql)
        await psql.send(statements.finish(loading.backup.manifest))
        await psql.expect(statements.LOADED)
        async with hold_still(loading.engine):
            await psql.send(statements.swap())
            await psql.end()
            yield


@asynccontextmanager
async def _be_alone(engine: AsyncEngine) -> AsyncIterator[None]:
    """Two at once would wait for each other: one for the workers to be free, the other to upgrade."""
    async with engine.begin() as connection:
        await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        query = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
        if not await connection.scalar(query, {"name": RESTORE_LOCK}):
            raise BackupError("another restore is under way; nothing was changed, try again")
        yield


class _Psql:
    """A psql that reads from a pipe into which pg_restore may write too."""

    def __init__(self, child: Child, pipe: int) -> None:
        self._child = child
        self.pipe = pipe

    async def send(self, script: str) -> None:
        # In a thread: psql reads no faster than Postgres works.
        await asyncio.to_thread(_write_all, self.pipe, script.encode())

    async def expect(self, line: str) -> None:
        async for found in self._child.output:
            if found.decode(errors="replace").strip() == line:
                return
        await self._fail()

    async def end(self) -> None:
        self.close()
        await self._child.output.read()
        if await self._child.wait() != 0:
            await self._fail()

    def close(self) -> None:
        if self.pipe >= 0:
            os.close(self.pipe)
            self.pipe = -1

    async def _fail(self) -> None:
        self.close()
        exit_code = await self._child.wait()
        said = self._child.last_words
        if _BUSY.search(said):
            raise BackupError(f"the tables were in use all the time: {said} Nothing was changed; try again")
        if exit_code == _LOST_EXIT_CODE:
            raise BackupError(
                f"Postgres went away ({said}); all is restored or nothing, most likely nothing: try again"
            )
        raise BackupError(f"the backup cannot be loaded: {said} Nothing was changed")


@asynccontextmanager
async def _open_psql(loading: Loading) -> AsyncIterator[_Psql]:
    command = (loading.programs.path("psql"), "--no-psqlrc", "--no-password", "--quiet", "--no-align", "--tuples-only")
    options = ("--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose", "--file=-")
    environment = environment_for(loading.settings.database_url, "dashnet-restore")
    reading, writing = os.pipe()
    try:
        async with run_child((*command, *options), environment, stdin=reading, stdout=asyncio.subprocess.PIPE) as child:
            os.close(reading)
            reading = -1
            psql = _Psql(child, writing)
            writing = -1
            try:
                yield psql
            finally:
                psql.close()
    finally:
        for descriptor in (reading, writing):
            if descriptor >= 0:
                os.close(descriptor)


async def _send_dump(loading: Loading, psql: _Psql) -> None:
    command = (loading.programs.path("pg_restore"), "--file=-", "--no-owner", "--no-privileges", "--no-tablespaces")
    environment = environment_for(loading.settings.database_url, "dashnet-restore")
    async with run_child(command, environment, stdin=asyncio.subprocess.PIPE, stdout=psql.pipe) as pg_restore:
        for chunk in loading.backup.chunks():
            await pg_restore.write(chunk)
        pg_restore.close_input()
        exit_code = await pg_restore.wait()
    # It is ended by a signal when psql is gone, which can tell more.
    if exit_code > 0:
        raise BackupError(f"pg_restore cannot read the dump: {pg_restore.last_words} Nothing was changed")


def _write_all(pipe: int, script: bytes) -> None:
    # One that is gone has told why.
    with suppress(BrokenPipeError):
        while script:
            script = script[os.write(pipe, script) :]


@asynccontextmanager
async def hold_still(engine: AsyncEngine) -> AsyncIterator[None]:
    """Keep all workers from beginning anything for the block, once they have ended what they were at.

    What a run reads from the old inventory can so not be stored into the new one.

    Raises:
        BackupError: a run did not end in time.
    """
    async with engine.begin() as connection:
        try:
            await connection.execute(text(f"SET LOCAL lock_timeout = {round(STILL_SECONDS * 1000)}"))
            await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            for job in (Job.BACKFILL, Job.CLEAN, Job.ROLLUP, Job.REFRESH):
                await _lock(connection, store.JOB_LOCK_PREFIX + job)
            await _wait_for_workers(connection)
            await _lock(connection, store.WRITER_LOCK)
        except (DBAPIError, TimeoutError) as error:
            if isinstance(error, DBAPIError) and sqlstate_of(error) != LOCK_NOT_AVAILABLE:
                raise
            raise BackupError(
                f"a job did not end within {STILL_SECONDS:g} s (dashnet jobs list); nothing was changed, try again"
            ) from error
        yield


# A page of a refresh whose own run has died may still be under way.
_IS_BUSY = text(
    "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
    "AND application_name = :worker AND datname = current_database())"
)


async def _wait_for_workers(connection: AsyncConnection) -> None:
    deadline = time.monotonic() + STILL_SECONDS
    while await connection.scalar(_IS_BUSY, {"worker": _WORKER}):
        if time.monotonic() > deadline:
            raise TimeoutError
        await asyncio.sleep(_POLL_SECONDS)


async def _lock(connection: AsyncConnection, name: str) -> None:
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
