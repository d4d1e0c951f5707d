"""How fast `dashnet demo backfill` writes a past, from the command to its end."""

import asyncio
import os
import re
import sys
import time

from bench.stack import Stack, run_stack
from bench.table import Figure
from dashnet.settings import Settings

_FEW, _FEW_DAYS, _MANY, _MANY_DAYS = 12, 30, 500, 2


async def measure_backfill() -> list[Figure]:
    """The demo fleet over a month, and a larger one over two days, each on an empty store."""
    return [await _measure(_FEW, _FEW_DAYS), await _measure(_MANY, _MANY_DAYS)]


async def _measure(devices: int, days: int) -> Figure:
    # All of it is kept raw, and nothing is reset.
    kept = {"SNAPSHOT_RETENTION_DAYS": str(days + 2), "DEMO_RESET": "false"}
    async with run_stack(None, DEMO_DEVICES=devices, HOST_DEVICE="false", **kept) as stack:
        rate = await _backfill(stack, days)
    name = f"dashnet demo backfill, {devices} devices over {days} days"
    return Figure(name, rate, "snapshots/min", at_least=1_000_000)


async def _backfill(stack: Stack, days: int) -> float:
    settings = Settings(_env_file=stack.folder / "stack.env")
    addresses = {
        "DASHNET_DATABASE_URL": settings.database_url,
        "DASHNET_REDIS_URL": settings.redis_url,
        "DASHNET_APP_PORT": stack.app_url.rsplit(":", 1)[1],
    }
    command = (sys.executable, "-m", "dashnet.cli", "demo", "backfill", "--days", str(days))
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **addresses}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    seconds = time.monotonic() - started
    match = re.search(r"wrote ([\d,]+) snapshots", said.decode())
    if match is None:
        raise RuntimeError(f"dashnet demo backfill ended with {process.returncode}: {said.decode()}")
    return int(match[1].replace(",", "")) / seconds * 60
