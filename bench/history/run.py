"""The whole of it: 500 devices, two weeks of raw minutes (10 million), two years of hours, in a running stack."""

import time
from datetime import UTC, datetime

import httpx
from sqlalchemy import text

from bench.history.made import Past, make_past, vacuum
from bench.history.questions import measure_questions
from bench.history.upkeep import measure_drop, measure_roll_up, measure_size
from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure
from dashnet.database import create_engine
from dashnet.jobs import Job, request_now
from dashnet.redis import create_redis
from dashnet.settings import Settings

DEVICES = 500
SECONDS_PER_MINUTE = 60
BACKFILLS = ((12, 30), (500, 2))


async def measure_history() -> list[Figure]:
    """Questions, upkeep and the writing of a past; the stack's own worker refreshes each minute as ever."""
    figures = []
    for devices, days in BACKFILLS:
        figures.append(await _measure_backfill(devices, days))
    async with run_stack(
        DEMO_DEVICES=0, HOST_DEVICE="false", DEMO_RESET="false", SNAPSHOT_RETENTION_DAYS=30, HOUR_RETENTION_DAYS=900
    ) as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        engine = create_engine(Settings(_env_file=stack.folder / "stack.env"), "dashnet-bench")
        try:
            past: Past = await make_past(engine, range(1, DEVICES + 1), datetime.now(UTC))
            await vacuum(engine)
            async with httpx.AsyncClient(base_url=stack.app_url, timeout=30) as client:
                figures += await measure_questions(client, engine, past)
            figures += await measure_size(engine, past)
            figures += await measure_roll_up(engine, past)
            figures += await measure_drop(engine, past)
        finally:
            await engine.dispose()
    return figures


async def _measure_backfill(devices: int, days: int) -> Figure:
    async with run_stack(DEMO_DEVICES=devices, HOST_DEVICE="false") as stack:
        count, seconds = await _backfill(stack, days)
    what = f"backfill of {devices} devices over {days} days, snapshots a minute"
    return Figure(what, count / seconds * SECONDS_PER_MINUTE / 1e6, "million", at_least=1)


async def _backfill(stack: Stack, days: int) -> tuple[int, float]:
    settings = Settings(_env_file=stack.folder / "stack.env")
    redis, engine = create_redis(settings, "dashnet-bench"), create_engine(settings, "dashnet-bench")
    try:
        tick = await request_now(redis, settings, Job.BACKFILL, "bench", days)
        query = text("SELECT outcome, snapshot_count, finished_at FROM store.job_run WHERE job = 'backfill'")
        started = time.monotonic()
        while time.monotonic() - started < 300:
            async with engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
            if row is not None and row.outcome == "done":
                return row.snapshot_count, (row.finished_at - tick).total_seconds()
    finally:
        await redis.aclose()
        await engine.dispose()
    raise RuntimeError("the backfill did not end")
