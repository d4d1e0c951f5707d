"""Refreshes come first: what has no minute to keep begins when none of them is running."""

import asyncio
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.jobs import Job

# A refresh takes seconds at the most. Behind one that hangs, or whose worker is dead, nothing else should wait.
LONGEST_WAIT = timedelta(seconds=10)
_LOOK_EVERY_SECONDS = 0.1

_IS_REFRESHING = text(
    "SELECT EXISTS (SELECT FROM store.job_run WHERE outcome IS NULL AND job = ANY(:jobs) "
    "AND started_at > now() - CAST(:longest AS interval))"
)


async def give_way(engine: AsyncEngine) -> None:
    """Wait until no refresh is running that began within `LONGEST_WAIT`, and no longer than that in all."""
    values = {"jobs": [Job.REFRESH, Job.REFRESH_PAGE], "longest": LONGEST_WAIT}
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST_WAIT.total_seconds()
    while loop.time() < until and await _is_refreshing(engine, values):  # noqa: ASYNC110 - another process
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


async def _is_refreshing(engine: AsyncEngine, values: dict[str, object]) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(_IS_REFRESHING, values))
