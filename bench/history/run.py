"""History at the size that a year of 500 devices makes it: answers, upkeep, disk, and a past written in bulk."""

import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text

from bench.history.backfill import measure_backfill
from bench.history.disk import measure_disk
from bench.history.made import RAW_DAYS, make_past, vacuum
from bench.history.questions import measure_questions
from bench.history.refreshes import measure_alone
from bench.history.upkeep import measure_upkeep
from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure
from dashnet.database import create_engine
from dashnet.redis import create_redis
from dashnet.settings import Settings
from workers.context import WorkerContext
from workers.network_client import NetworkClient

DEVICES = 500
# More is kept than is made: what is rolled up and dropped for the measurement lies before.
_RUN = {
    "DEMO_DEVICES": "0",
    "HOST_DEVICE": "false",
    "DEMO_RESET": "false",
    "SNAPSHOT_RETENTION_DAYS": str(RAW_DAYS + 2),
}


async def measure_history() -> list[Figure]:
    """14 days of raw minutes and 2 years of hours and days of 500 devices, beside scheduled refreshes and roll-ups."""
    async with run_stack(None, **_RUN) as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        async with _open_context(stack) as context:
            figures = await _measure(stack, context)
    return figures + await _tell("backfill", measure_backfill())


@asynccontextmanager
async def _open_context(stack: Stack) -> AsyncIterator[WorkerContext]:
    """What jobs work with, for those that run in this process."""
    settings = Settings(_env_file=stack.folder / "stack.env")
    engine = create_engine(settings, "dashnet-bench", limits_commands=False)
    redis = create_redis(settings, "dashnet-bench")
    try:
        async with NetworkClient(settings) as network:
            yield WorkerContext(settings, engine, redis, network)
    finally:
        await redis.aclose()
        await engine.dispose()


async def _measure(stack: Stack, context: WorkerContext) -> list[Figure]:
    engine = context.engine
    async with engine.connect() as connection:
        ids = list(await connection.scalars(text("SELECT id FROM store.device ORDER BY id")))
    past = await make_past(engine, ids, datetime.now(UTC))
    await vacuum(engine)
    figures = await _tell("questions", measure_questions(stack, engine, past))
    alone = await measure_alone(context)
    figures.append(Figure("refresh of 500 devices, one after the other, p95", alone, "s"))
    figures += await _tell("disk", measure_disk(context, past, alone))
    return figures + await _tell("upkeep", measure_upkeep(context, past, alone))


async def _tell(name: str, work: Awaitable[list[Figure]]) -> list[Figure]:
    print(f"  {name} …", flush=True)
    started = time.monotonic()
    figures = await work
    print(f"  {name} took {time.monotonic() - started:.0f} s", flush=True)
    return figures
