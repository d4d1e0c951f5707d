"""The queue in the part of a worker: what was asked for, and making it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson

from dashnet.channels import job_queue
from dashnet.errors import DashnetError
from dashnet.jobs import Job
from dashnet.tasks import cancel_and_wait
from workers.backfill import backfill
from workers.context import WorkerContext
from workers.report import report

_JOBS: dict[str, Callable[..., Awaitable[None]]] = {Job.REPORT.value: report, Job.BACKFILL.value: backfill}


async def queued(context: WorkerContext, job: Job) -> Sequence[list[Any]]:
    """The arguments of the jobs of this kind that wait."""
    names = await context.redis.zrange(job_queue(context.settings), 0, -1)
    waiting = [orjson.loads(raw) for raw in await _read(context, names) if raw]
    return [one["a"] for one in waiting if one["f"] == job]


async def _read(context: WorkerContext, names: Sequence[bytes]) -> Sequence[bytes | None]:
    return await context.redis.mget([b"arq:job:" + name for name in names]) if names else []


async def run_queued(context: WorkerContext) -> None:
    """Run all reports and backfills that wait."""
    names = await context.redis.zrange(job_queue(context.settings), 0, -1)
    for name, raw in zip(names, await _read(context, names), strict=True):
        called = orjson.loads(raw or b"{}")
        if called.get("f") in _JOBS:
            tick, *arguments = called["a"]
            try:
                await _JOBS[called["f"]](context, datetime.fromisoformat(tick), *arguments)
            finally:
                await context.redis.delete(b"arq:job:" + name)
                await context.redis.zrem(job_queue(context.settings), name)


@asynccontextmanager
async def working(context: WorkerContext) -> AsyncIterator[None]:
    """Run whatever is asked for until the block ends."""

    async def work() -> None:
        while True:
            # The ledger tells that it failed, and the worker goes on.
            with contextlib.suppress(DashnetError):
                await run_queued(context)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        await cancel_and_wait(task)
