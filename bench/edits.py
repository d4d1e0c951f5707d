"""Edits: 10,000 devices in one request or as a file, and how long one device takes to every screen."""

import asyncio
import os
import statistics
import subprocess
import sys
import time

import httpx
from websockets.asyncio.client import connect

from bench.stack import Stack, add_devices, make_devices, run_stack, wait_for_devices
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
        files = await asyncio.to_thread(_measure_files, stack)
    return [
        *files,
        Figure("POST /devices/ of 10,000 devices", bulk, "s", at_most=2),
        Figure("one edit to a /live subscriber, median", statistics.median(seconds), "s", at_most=1),
        Figure("one edit to a /live subscriber, slowest", max(seconds), "s", at_most=1),
    ]


def _measure_files(stack: Stack) -> list[Figure]:
    """The commands as a user runs them, the start of Python included."""
    file = stack.folder / "fleet.yaml"
    exported = _run(stack, "export", "--output", str(file))
    unchanged = _run(stack, "apply", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace("Debian 13", "Debian 14"), encoding="utf-8")
    changed = _run(stack, "apply", str(file))
    return [
        Figure("dashnet devices export of 10,000 devices", exported, "s", at_most=5),
        Figure("dashnet devices apply of it, nothing to do", unchanged, "s", at_most=5),
        Figure("dashnet devices apply of it, all changed", changed, "s", at_most=8),
    ]


def _run(stack: Stack, *arguments: str) -> float:
    environment = {**os.environ, "DASHNET_NETWORK_URL": stack.network_url}
    started = time.monotonic()
    command = [sys.executable, "-m", "dashnet.cli", "devices", *arguments]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    return time.monotonic() - started
