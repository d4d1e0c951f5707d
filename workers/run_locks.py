"""The lock of a job's run: only the worker that holds it runs the job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.jobs import Job
from workers.locks import release_lock, take_lock

_TRIES, _PAUSE_SECONDS = 40, 0.05


@asynccontextmanager
async def hold_lock(connection: AsyncConnection, job: Job, name: str) -> AsyncIterator[bool]:
    """Hold a run's lock for a block; False where another run of the job has it.

    A holder without an open run only looks whether its own tick is over already: it is gone in a moment.
    """
    taken = await take_lock(connection, name)
    for _ in range(_TRIES):
        if taken or await _is_running(connection, job):
            break
        await asyncio.sleep(_PAUSE_SECONDS)
        taken = await take_lock(connection, name)
    try:
        yield taken
    finally:
        if taken:
            await release_lock(connection, name)


async def _is_running(connection: AsyncConnection, job: Job) -> bool:
    query = text("SELECT EXISTS (SELECT FROM store.job_run WHERE job = :job AND outcome IS NULL)")
    running = bool(await connection.scalar(query, {"job": job}))
    await connection.commit()
    return running
