"""Edits: 10,000 devices in one request, and how long one device takes to every screen."""

import asyncio
import statistics
import time

import httpx
from websockets.asyncio.client import connect

from bench.stack import add_devices, make_devices, run_stack, wait_for_devices
from bench.table import Figure

EDITS = 15


async def measure_edits() -> list[Figure]:
    """Each on a stack of its own making, through the sockets."""
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        bulk = await add_devices(stack, 10_000)
        await wait_for_devices(stack, 10_000)
        seconds = []
        async with (
            connect(stack.live_url, max_size=None, compression=None) as live,
            httpx.AsyncClient(base_url=stack.app_url, timeout=30) as client,
            asyncio.timeout(60),
        ):
            await live.recv()
            for device in make_devices(10_000 + EDITS)[10_000:]:
                started = time.monotonic()
                (await client.post("/api/devices", json=device)).raise_for_status()
                while not str(await live.recv()).startswith('{"type":"inventory"'):
                    pass
                seconds.append(time.monotonic() - started)
    return [
        Figure("POST /devices/ of 10,000 devices", bulk, "s", at_most=2),
        Figure("one edit to a /live subscriber, median", statistics.median(seconds), "s", at_most=1),
        Figure("one edit to a /live subscriber, slowest", max(seconds), "s", at_most=1),
    ]
