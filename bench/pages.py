"""Refreshes beyond one page: one device more than 10,000, and 100,000 of them, with what each process takes."""

import asyncio
import statistics
from pathlib import Path

import httpx
import psutil
from websockets.asyncio.client import connect

from bench.refresh import time_refresh
from bench.stack import Stack, add_devices, make_devices, run_stack, wait_for_devices
from bench.table import Figure

DEVICES, ROUNDS = 10_000, 9
MANY_DEVICES, MANY_ROUNDS = 100_000, 5
# A busy machine needs as long for the clean of 100,000 devices.
CLEAN_SECONDS = 300
_SIGNS = {
    "network service": "services.network.main:app",
    "app service": "services.app.main:app",
    "worker": "workers.main.WorkerSettings",
}


async def measure_pages() -> list[Figure]:
    """Both ratios are of refreshes that take turns, so that a busy moment of the machine meets both."""
    return [*await _measure_one_more(), *await _measure_many()]


async def _measure_one_more() -> list[Figure]:
    whole, one_more = [], []
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        async with connect(stack.live_url, max_size=None, compression=None) as live:
            for _ in range(ROUNDS):
                whole.append(await time_refresh(stack, live, DEVICES))
                added = await _add_one(stack)
                one_more.append(await time_refresh(stack, live, DEVICES + 1))
                await _remove(stack, added)
    seconds, more_seconds = statistics.median(whole), statistics.median(one_more)
    return [
        Figure("refresh of 10,000 devices, job start to received", seconds, "s"),
        Figure("of 10,001 devices", more_seconds, "s"),
        Figure("10,001 against 10,000", more_seconds / seconds, "times", at_most=1.2),
    ]


async def _measure_many() -> list[Figure]:
    seconds = []
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        await add_devices(stack, MANY_DEVICES)
        await wait_for_devices(stack, MANY_DEVICES)
        async with connect(stack.live_url, max_size=None, compression=None) as live:
            for _ in range(MANY_ROUNDS):
                seconds.append(await time_refresh(stack, live, MANY_DEVICES))
            await _clean(stack)
            peaks = _read_peaks(stack)
    return [
        Figure("refresh of 100,000 devices, job start to received", statistics.median(seconds), "s", at_most=1.5),
        Figure("the slowest of them", max(seconds), "s"),
        *(Figure(f"most memory of the {name}", peak, "MiB", at_most=500) for name, peak in peaks.items()),
    ]


async def _clean(stack: Stack) -> None:
    """Have the hourly clean done once: it reads ten minutes of every simulated device."""
    async with httpx.AsyncClient(base_url=stack.app_url, timeout=30) as client, asyncio.timeout(CLEAN_SECONDS):
        done = await _count_cleans(client)
        async with connect(stack.live_url, max_size=None) as live:
            await live.send('{"socket_type":"clean"}')
            while await _count_cleans(client) == done:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)


async def _count_cleans(client: httpx.AsyncClient) -> int:
    return len((await client.get("/api/job-runs", params={"job": "clean", "outcome": "done"})).json())


async def _add_one(stack: Stack) -> int:
    (device,) = make_devices(1)
    device |= {"host_name": "one-more", "mac_address": "06:00:00:FF:FF:FF"}
    async with httpx.AsyncClient(base_url=stack.network_url, timeout=30) as client:
        added: int = (await client.post("/devices/", json=device)).raise_for_status().json()["id"]
    await wait_for_devices(stack, DEVICES + 1)
    return added


async def _remove(stack: Stack, device_id: int) -> None:
    async with httpx.AsyncClient(base_url=stack.network_url, timeout=30) as client:
        (await client.delete(f"/devices/{device_id}")).raise_for_status()
    await wait_for_devices(stack, DEVICES)


def _read_peaks(stack: Stack) -> dict[str, float]:
    """The most resident memory that each process has had, MiB."""
    return {name: _read_peak(stack.find_process(sign)) for name, sign in _SIGNS.items()}


def _read_peak(process: psutil.Process) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
