"""Reads at the end of a soak what came of it: the ledger, the store, the clients, the logs."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from dashnet.reading import to_tick
from tests.soak.clients import SoakClient
from tests.soak.deck import Kind
from tests.soak.logs import list_errors
from tests.soak.panels import LivePanel, describe_difference
from tests.soak.seen import Fault, Run, Seen, Stored
from tests.soak.stack import NAMES, SoakStack
from tests.soak.watch import Watch

SETTLED_SECONDS = 150.0
_POLL_SECONDS = 0.5
_MINUTE = timedelta(minutes=1)
# A device that listens is up and one behind a closed port is not, unless the reading itself failed (null).
_STORED = """
    SELECT time_stamp, count(*), count(DISTINCT device_id),
        count(*) FILTER (WHERE driver = 'tcp' AND active_connection <> ((driver_options->>'port')::int = $1))
    FROM store.snapshot JOIN store.device ON device.id = device_id GROUP BY time_stamp
"""


async def until(look: Callable[[], Awaitable[bool]], seconds: float = SETTLED_SECONDS) -> bool:
    """Whether `look` said yes within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await look():
            return True
        await asyncio.sleep(_POLL_SECONDS)
    return False


async def is_settled(stack: SoakStack, since: datetime) -> bool:
    """Whether all is ready, a scheduled tick after `since` is done, and no run before it is without an outcome."""
    if not await stack.is_ready():
        return False
    runs = await read_runs(stack)
    newest = max((run.tick for run in runs if run.outcome == "done" and run.tick == to_tick(run.tick)), default=None)
    return newest is not None and newest > since and all(run.outcome for run in runs if run.tick <= newest)


async def read_runs(stack: SoakStack) -> Sequence[Run]:
    """The ledger as the API answers it; empty where it does not."""
    try:
        async with _client(stack) as client:
            answer = await client.get("/api/job-runs", params={"limit": 1000})
            answer.raise_for_status()
    except httpx.HTTPError:
        return []
    return [_parse(run) for run in answer.json()]


def _client(stack: SoakStack) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=stack.settings.app_address, timeout=30, trust_env=False)


def _parse(run: dict[str, Any]) -> Run:
    started, finished = (run[name] and datetime.fromisoformat(run[name]) for name in ("started_at", "finished_at"))
    tick = datetime.fromisoformat(run["tick"])
    return Run(run["job"], tick, run["outcome"], started, finished, run["snapshot_count"], run["error"])


async def read_stored(stack: SoakStack, open_port: int) -> Sequence[Stored]:
    """What the store has under each tick."""
    connection = await stack.connect()
    try:
        return [Stored(*row) for row in await connection.fetch(_STORED, open_port, timeout=60)]
    finally:
        await connection.close()


async def see(stack: SoakStack, watch: Watch, first_tick: datetime, devices: int, open_port: int) -> Seen:
    """All that the promises are held against."""
    runs = await read_runs(stack)
    done = [run.tick for run in runs if run.outcome == "done" and run.tick == to_tick(run.tick)]
    last_tick = max(done, default=to_tick(datetime.now(UTC)) - _MINUTE)
    stored, memory = await read_stored(stack, open_port), stack.measure_memory()
    return Seen(first_tick, last_tick, devices, runs, stored, watch.faults, memory, watch.wished)


async def compare_clients(stack: SoakStack, clients: Sequence[SoakClient]) -> Sequence[str]:
    """Which clients, in a quiet moment, do not know what the API answers; asked again until all do."""
    differences: dict[int, str] = {}

    async def are_equal() -> bool:
        differences.clear()
        async with _client(stack) as client:
            live, full = [(await client.get(path)).json() for path in ("/api/devices", "/api/network")]
        for number, one in enumerate(clients):
            is_live = isinstance(one.panel, LivePanel)
            known = list(one.panel.devices.values()) if isinstance(one.panel, LivePanel) else one.panel.devices
            if words := describe_difference(known, live if is_live else full):
                differences[number] = words
        return not differences

    await until(are_equal, 60)
    return [f"client {number} does not end with the API's state: {words}" for number, words in differences.items()]


def check_clients(clients: Sequence[SoakClient]) -> Sequence[str]:
    """Where the feed broke its word to a client."""
    return [f"client {number}: {words}" for number, one in enumerate(clients) for words in one.panel.broken]


def check_logs(stack: SoakStack, faults: Sequence[Fault]) -> Sequence[str]:
    """Errors in the logs that are no mere loss of a connection, each kind once."""
    hung = {fault.target for fault in faults if fault.kind is Kind.HANG}
    broken: Counter[str] = Counter()
    for name in (*NAMES, ""):
        paths = stack.folders.logs.glob(f"{name}.log*") if name else [stack.output]
        for path in paths:
            for error in list_errors(path.read_text(errors="replace")):
                if not error.is_expected(hung):
                    words = f"{path.name}: {error.words[:200]} ({(error.exception or 'no exception')[:300]})"
                    broken[words] += 1
    return [f"{count} times in {words}" for words, count in broken.items()]
