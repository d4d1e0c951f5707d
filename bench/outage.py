"""Ten ticks of 10,000 devices that a worker read while Postgres was away: how long until all is stored and shown."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import orjson
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure
from dashnet.embedded.folders import StateFolders
from dashnet.settings import Settings
from workers.parking import ParkedTick, list_parked

DEVICES, TICKS = 10_000, 10
# The supervisor tries to start Postgres again every ten seconds at the least.
DEADLINE_SECONDS = 180
_POLL_SECONDS = 0.02


async def measure_outage() -> list[Figure]:
    """Ticks are asked for by hand, one after the other: they wait just as those of ten minutes would."""
    async with run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
        await add_devices(stack, DEVICES)
        await wait_for_devices(stack, DEVICES)
        async with connect(stack.live_url, max_size=None, compression=None) as live, asyncio.timeout(DEADLINE_SECONDS):
            await live.recv()
            async with _without_postgres(stack):
                parked = await _park_ticks(stack, live)
            await _wait_for_postgres(stack)
            back_at = time.monotonic()
            shown = asyncio.create_task(_wait_until_shown(live))
            await _wait_until_stored(stack, parked)
            stored_seconds = time.monotonic() - back_at
            shown_seconds = await shown - back_at
    size = sum(one.size_bytes for one in parked) / 2**20
    return [
        Figure("ticks of 10,000 devices that waited for Postgres", len(parked), "", at_least=TICKS),
        Figure("their size in Redis", size, "MiB"),
        Figure("Postgres takes connections, to all stored", stored_seconds, "s", at_most=10),
        Figure("Postgres takes connections, to a subscriber's fresh state", shown_seconds, "s", at_most=10),
    ]


@asynccontextmanager
async def _without_postgres(stack: Stack) -> AsyncIterator[None]:
    folder = StateFolders(stack.folder).postgres
    away = folder.with_suffix(".away")
    # Without its folder Postgres does not start, however often the supervisor tries.
    folder.rename(away)
    os.kill(int((StateFolders(stack.folder).pids / "postgres").read_text().split()[0]), signal.SIGKILL)
    try:
        yield
    finally:
        away.rename(folder)


async def _park_ticks(stack: Stack, live: ClientConnection) -> list[ParkedTick]:
    async with Redis(unix_socket_path=str(StateFolders(stack.folder).redis_socket)) as redis:
        while True:
            settings = Settings(_env_file=stack.folder / "stack.env")
            parked = list(await list_parked(redis, settings))
            if len(parked) >= TICKS:
                return parked
            await live.send('{"socket_type":"refresh"}')
            # Each is read and shown before the next is asked for.
            await _wait_for_message(live, '{"type":"snapshots"')


async def _wait_for_message(live: ClientConnection, begin: str) -> str:
    while not (message := str(await live.recv())).startswith(begin):
        pass
    return message


async def _wait_for_postgres(stack: Stack) -> None:
    while True:
        try:
            connection = await _connect(stack)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(_POLL_SECONDS)
        else:
            await connection.close()
            return


async def _connect(stack: Stack) -> asyncpg.Connection:
    folder = str(StateFolders(stack.folder).run)
    return await asyncpg.connect(host=folder, port=5432, user="dashnet", database="dashnet")


async def _wait_until_stored(stack: Stack, parked: list[ParkedTick]) -> None:
    """Every one of these ticks is done in the ledger, and has a snapshot of each device."""
    ticks = [one.tick for one in parked]
    done = (
        "SELECT count(*) FROM store.job_run WHERE job = 'refresh' AND tick = ANY($1) AND outcome = 'done' "
        f"AND snapshot_count = {DEVICES}"
    )
    connection = await _connect(stack)
    while await connection.fetchval(done, ticks) < len(ticks):  # noqa: ASYNC110 - another process
        await asyncio.sleep(_POLL_SECONDS)
    count = await connection.fetchval("SELECT count(*) FROM store.snapshot WHERE time_stamp = ANY($1)", ticks)
    await connection.close()
    if count != len(ticks) * DEVICES:
        raise RuntimeError(f"{count} snapshots are stored of {len(ticks) * DEVICES}")


async def _wait_until_shown(live: ClientConnection) -> float:
    """When a state came whose readings are all stored."""
    while True:
        state = orjson.loads(await _wait_for_message(live, '{"type":"state"'))
        if not state.get("storing_delayed_since"):
            return time.monotonic()
