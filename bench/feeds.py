"""Bytes per refresh and subscriber: /live against the full state of 2020."""

import asyncio

import orjson
from websockets.asyncio.client import ClientConnection, connect

from bench.stack import add_devices, run_stack, wait_for_devices
from bench.table import Figure

DEVICES = 1000
DEADLINE_SECONDS = 30


async def measure_bytes() -> list[Figure]:
    """1,000 devices; the same refreshes heard on both websockets, uncompressed."""
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        full_url = stack.app_url.replace("http", "ws", 1) + "/"
        async with (
            connect(stack.live_url, max_size=None, compression=None) as live,
            connect(full_url, max_size=None, compression=None) as full,
        ):
            await live.recv(), await full.recv()
            # The very first refresh tells of every device that its state was unknown before.
            await live.send('{"socket_type":"refresh"}')
            await _next(live, "snapshots")
            await live.send('{"socket_type":"clean"}')
            await _next(live, "state")
            await live.send('{"socket_type":"refresh"}')
            snapshots = await _next(live, "snapshots")
            whole = await _largest_until(full, 11)
    return [
        Figure("/live, one refresh of 1,000 devices", len(snapshots) / 1000, "kB"),
        Figure("/, the same refresh, 11 snapshots per device", len(whole) / 1000, "kB"),
        Figure("/ against /live", len(whole) / len(snapshots), "times"),
    ]


async def _next(socket: ClientConnection, kind: str) -> str:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            message = str(await socket.recv())
            if message.startswith(f'{{"type":"{kind}"'):
                return message


async def _largest_until(socket: ClientConnection, snapshots: int) -> str:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            message = str(await socket.recv())
            if len(orjson.loads(message)[0]["snap_shots"]) == snapshots:
                return message
