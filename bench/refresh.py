"""A refresh of 10,000 devices, from the job's start to a subscriber's socket, beside the algorithm of 2020."""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.old_algorithm import refresh_as_in_2020
from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure

DEVICES, ROUNDS = 10_000, 7
# Its time per device does not depend on their number, and a commit each takes its time.
OLD_DEVICES = 1000
DEADLINE_SECONDS = 60


async def measure_refresh() -> list[Figure]:
    """Ours and theirs take turns, so that a busy moment of the machine meets both."""
    ours, theirs = [], []
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        readings = await _read_all(stack)
        async with connect(stack.live_url, max_size=None, compression=None) as live:
            await live.recv()
            with tempfile.TemporaryDirectory(prefix="dashnet-bench-", dir=stack.folder) as temporary:
                for round_ in range(ROUNDS):
                    ours.append(await time_refresh(stack, live, DEVICES))
                    path = Path(temporary) / f"{round_}.sqlite"
                    theirs.append(await asyncio.to_thread(refresh_as_in_2020, path, readings[:OLD_DEVICES]))
    seconds = statistics.median(ours)
    old_seconds = statistics.median(theirs) / OLD_DEVICES * DEVICES
    return [
        Figure("refresh of 10,000 devices, job start to received", seconds, "s", at_most=0.5),
        Figure("the slowest of them", max(ours), "s"),
        Figure("the algorithm of 2020, the same number of devices", old_seconds, "s"),
        Figure("2020 against now, per device", old_seconds / seconds, "times", at_least=40),
    ]


async def _read_all(stack: Stack) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(base_url=stack.network_url, timeout=30) as client:
        devices: list[dict[str, Any]] = (await client.get("/devices/")).json()
        return devices


async def time_refresh(stack: Stack, live: ClientConnection, devices: int) -> float:
    """From the start that the ledger tells to the moment the last device's snapshot was received."""
    # Not in the moment of a scheduled one.
    await asyncio.sleep(max(0.0, 5 - time.time() % 60))
    await live.send('{"socket_type":"refresh"}')
    counts: dict[str, int] = {}
    async with asyncio.timeout(DEADLINE_SECONDS):
        while max(counts.values(), default=0) < devices:
            message = str(await live.recv())
            if message.startswith('{"type":"snapshots"'):
                tick = message.split('"time_stamp":"', 1)[1].split('"', 1)[0]
                counts[tick] = counts.get(tick, 0) + message.count('"upload_speed"')
                received_at = datetime.now(UTC)
    async with httpx.AsyncClient(base_url=stack.app_url, timeout=10) as client, asyncio.timeout(DEADLINE_SECONDS):
        while True:
            runs = (await client.get("/api/job-runs", params={"job": "refresh", "limit": 10})).json()
            started = [run["started_at"] for run in runs if run["tick"] == tick and run["outcome"] == "done"]
            if started:
                return (received_at - datetime.fromisoformat(started[0])).total_seconds()
            await asyncio.sleep(0.05)
