"""Names with several addresses (services/network/drivers/http/connection.py)."""

import asyncio
import socket

import pytest

from dashnet.reading import State
from tests.network.drivers.certificates import Authority
from tests.network.drivers.http.reads import Page, make_answer, read_page
from tests.network.drivers.http.tls_servers import make_server_tls
from tests.network.drivers.silent import silent_port

NAMES = {"nas.example": ["127.50.0.1", "127.0.0.1"]}


async def _serve_at(port: int, authority: Authority | None = None) -> asyncio.Server:
    tls = make_server_tls(authority.sign("nas.example", 90)) if authority else None
    return await asyncio.start_server(Page([make_answer(b"ready")]).answer, "127.0.0.1", port, ssl=tls)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_an_address_that_swallows_packets_gives_way_to_the_next(authority: Authority, scheme: str) -> None:
    async with silent_port("127.50.0.1") as port:
        async with await _serve_at(port, authority if scheme == "https" else None):
            reading = await read_page(f"{scheme}://nas.example:{port}/", names=NAMES, timeout_seconds=10)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_an_address_that_refuses_gives_way_to_the_next() -> None:
    async with await _serve_at(0) as server:
        port = server.sockets[0].getsockname()[1]
        reading = await read_page(f"http://nas.example:{port}/", names=NAMES)
    assert (reading.state, reading.error) == (State.UP, None)


async def test_where_every_address_refuses_the_server_does() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        reading = await read_page(f"http://nas.example:{taken.getsockname()[1]}/", names=NAMES)
    assert (reading.state, reading.error) == (State.DOWN, "the server refuses connections")


async def test_a_server_that_never_stops_sending_costs_no_memory() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
                sent += 65536
        except OSError:
            writer.close()

    async with await asyncio.start_server(flood, "127.0.0.1", 0) as server:
        reading = await read_page(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", expected_text="y")
    assert reading.error == "the expected text does not stand in the page"
    assert sent < 64 << 20
