"""A thousand real devices, a tenth of which never answers, in one request."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from dashnet.settings import Settings
from tests.conftest import run_network
from tests.factories import make_device
from tests.network.drivers.silent import silent_port

DEVICES, SILENT = 1000, 100


@pytest.fixture
async def answering_port() -> AsyncIterator[int]:
    """A port of all of 127/8 that takes connections."""

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(take, "0.0.0.0", 0, backlog=4096) as server:
        number: int = server.sockets[0].getsockname()[1]
        yield number


@pytest.fixture
async def mute_port() -> AsyncIterator[int]:
    """A port that takes connections and never says a word."""
    released = asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0, backlog=4096) as server:
        number: int = server.sockets[0].getsockname()[1]
        yield number
        released.set()


@pytest.fixture
async def silent_ports() -> AsyncIterator[Sequence[int]]:
    """Ports to which no connection comes about."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(silent_port()) for _ in range(4)]


def make_fleet(answering: int, mute: int, silent: Sequence[int]) -> list[dict[str, Any]]:
    """The devices that never answer come first: half of them take no connection, half take one and say nothing."""
    no_connection = [
        make_device(
            ip_address="127.0.0.1",
            driver="tcp",
            driver_options={"port": silent[n % len(silent)], "timeout_seconds": 1},
        )
        for n in range(SILENT // 2)
    ]
    no_word = [
        make_device(driver="http", driver_options={"url": f"http://127.0.0.1:{mute}/", "timeout_seconds": 1})
        for _ in range(SILENT // 2)
    ]
    well = [
        make_device(ip_address=f"127.2.{n >> 8}.{n & 255}", driver="tcp", driver_options={"port": answering})
        for n in range(1, DEVICES - SILENT + 1)
    ]
    return [*no_connection, *no_word, *well]


async def test_a_slow_tenth_delays_nobody_and_all_are_told_within_the_deadline(
    settings: Settings, answering_port: int, mute_port: int, silent_ports: Sequence[int]
) -> None:
    """`http` has 10 turns for its 50 silent devices, which come first and take five times a second."""
    few = settings.model_copy(update={"driver_concurrency": 40, "refresh_timeout_seconds": 20})
    async with run_network(few) as network:
        created = await network.post("/devices/", json=make_fleet(answering_port, mute_port, silent_ports))
        assert created.status_code == 201
        began = time.monotonic()
        readings = (await network.get("/devices/")).json()
        took_seconds = time.monotonic() - began
    assert took_seconds < few.read_deadline_seconds
    assert Counter(reading["state"] for reading in readings) == {"up": DEVICES - SILENT, "down": SILENT}
    assert {reading["error"] for reading in readings[SILENT:]} == {None}


async def test_what_cannot_be_read_by_the_deadline_is_unknown_and_the_rest_is_as_ever(
    settings: Settings, answering_port: int, mute_port: int, silent_ports: Sequence[int]
) -> None:
    """Known silent devices come last the second time, so that they alone are late."""
    hurried = settings.model_copy(update={"driver_concurrency": 40, "refresh_timeout_seconds": 3.75})
    async with run_network(hurried) as network:
        await network.post("/devices/", json=make_fleet(answering_port, mute_port, silent_ports))
        await network.get("/devices/")
        began = time.monotonic()
        readings = (await network.get("/devices/")).json()
        took_seconds = time.monotonic() - began
    assert took_seconds < hurried.refresh_timeout_seconds
    assert Counter(reading["state"] for reading in readings[SILENT:]) == {"up": DEVICES - SILENT}
    late = [reading["error"] for reading in readings[:SILENT] if reading["state"] == "unknown"]
    assert late
    assert all(error.startswith("not read in time: 3 s were over before ") for error in late)
    assert {reading["state"] for reading in readings[:SILENT]} == {"down", "unknown"}


async def test_a_single_device_is_read_while_a_large_request_is_on_its_way(
    settings: Settings, answering_port: int, mute_port: int, silent_ports: Sequence[int]
) -> None:
    """Its turn comes among the others': in far less time than the silent ones take."""
    async with run_network(settings) as network:
        fleet = make_fleet(answering_port, mute_port, silent_ports)
        ids = [one["id"] for one in (await network.post("/devices/", json=fleet)).json()]
        everything = asyncio.create_task(network.get("/devices/"))
        one = await network.get(f"/devices/{ids[-1]}")
        assert not everything.done()
        assert one.json()["state"] == "up"
        assert len((await everything).json()) == DEVICES


async def test_the_answer_to_a_client_that_went_away_holds_nobody_up(
    settings: Settings, answering_port: int, mute_port: int, silent_ports: Sequence[int]
) -> None:
    async with run_network(settings) as network:
        ids = (await network.post("/devices/", json=make_fleet(answering_port, mute_port, silent_ports))).json()
        with pytest.raises(httpx.ReadTimeout):
            await network.get("/devices/", timeout=0.3)
        one = await network.get(f"/devices/{ids[-1]['id']}")
    assert one.json()["state"] == "up"
