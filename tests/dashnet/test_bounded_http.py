"""What a client may send before its request is whole, on real sockets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from dashnet.bounded_http import MOST_HEAD_BYTES, MOST_HEADERS
from dashnet.settings import Settings
from services.app.main import create_app
from tests.app.raw_socket import open_raw_socket
from tests.conftest import run_app, run_network
from tests.factories import make_device
from tests.raw_http import ask_raw
from tests.servers import run_server

START = "GET /healthz HTTP/1.1"
HOST = "Host: localhost"
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(params=["network", "app"])
async def port(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[int]:
    """That of each service, which waits half a second for a head and has room for two that wait."""
    bounded = settings.model_copy(update={"request_head_seconds": 0.5, "waiting_connections": 2})
    run = run_network if request.param == "network" else run_app
    async with run(bounded) as client:
        yield urlsplit(str(client.base_url)).port or 0


@contextlib.asynccontextmanager
async def connected(port: int, sent: str = "") -> AsyncIterator[Stream]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent.encode())
    try:
        yield reader, writer
    finally:
        writer.close()


async def read_all(stream: Stream) -> bytes:
    async with asyncio.timeout(10):
        return await stream[0].read()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_a_head_has_room_for_what_clients_send(port: int) -> None:
    lines = [f"X-Header-{number}: {'x' * 300}" for number in range(MOST_HEADERS - 2)]
    assert status_of(await ask_raw(port, START, HOST, *lines)) == 200


@pytest.mark.parametrize(
    "lines",
    [
        ["X-Large: " + "x" * MOST_HEAD_BYTES],
        ["X-Larger: " + "x" * (1 << 23)],
        [f"X-{number}: {'x' * 1000}" for number in range(MOST_HEADERS - 10)],
        [f"X-{number}: x" for number in range(20_000)],
    ],
)
async def test_a_head_without_end_is_refused_and_said_why(port: int, lines: list[str]) -> None:
    answer = await ask_raw(port, START, HOST, *lines)
    assert status_of(answer) == 431
    problem = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["title"] == "Request Header Fields Too Large"
    assert b"\r\nx-content-type-options: nosniff\r\n" in answer


async def test_an_address_without_end_is_refused(port: int) -> None:
    assert status_of(await ask_raw(port, f"GET /{'x' * MOST_HEAD_BYTES} HTTP/1.1", HOST)) == 431


async def test_trailers_without_end_are_refused(port: int) -> None:
    lines = ("POST /nothing HTTP/1.1", HOST, "Transfer-Encoding: chunked")
    trailer = b"0\r\nX-Trailer: " + b"x" * (1 << 20)
    async with connected(port, "\r\n".join((*lines, "", ""))) as stream:
        stream[1].write(trailer)
        assert b"HTTP/1.1 200" not in await read_all(stream)


async def test_what_is_no_request_is_a_problem(port: int) -> None:
    answer = await ask_raw(port, "SPEAK friend", "")
    assert status_of(answer) == 400
    assert b"application/problem+json" in answer


async def test_who_says_nothing_is_left(port: int) -> None:
    async with connected(port) as stream:
        assert await read_all(stream) == b""


@pytest.mark.parametrize("sent", ["G", f"{START}\r\n", f"{START}\r\n{HOST}\r\nX-Half: a"])
async def test_who_sends_half_a_head_is_told_that_time_is_over(port: int, sent: str) -> None:
    async with connected(port, sent) as stream:
        assert status_of(await read_all(stream)) == 408


async def test_a_connection_that_is_kept_begins_to_wait_with_the_next_request(port: int) -> None:
    whole = f"{START}\r\n{HOST}\r\n\r\n"
    async with connected(port, f"{whole}{whole}{START}\r\n") as stream:
        answer = await read_all(stream)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b"HTTP/1.1 408 ") == 1


async def test_a_body_that_comes_slowly_is_waited_for(settings: Settings) -> None:
    bounded = settings.model_copy(update={"request_head_seconds": 0.05})
    body = orjson.dumps(make_device())
    head = f"POST /devices/ HTTP/1.1\r\n{HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    async with (
        run_network(bounded),
        connected(settings.network_port, f"{head}Connection: close\r\n\r\n") as (reader, writer),
    ):
        for part in (body[:50], body[50:]):
            await asyncio.sleep(0.1)  # longer than a head may take
            writer.write(part)
        assert status_of(await read_all((reader, writer))) == 201


async def test_a_feed_outlives_the_time_for_its_head(settings: Settings) -> None:
    bounded = settings.model_copy(update={"request_head_seconds": 0.2})
    async with run_app(bounded), open_raw_socket(settings) as feed:
        assert "101 Switching Protocols" in feed.answer
        await asyncio.sleep(0.5)  # longer than a head may take
        feed.send(9, b"still there?")
        assert (await feed.next_of(10)).payload == b"still there?"


async def test_of_too_many_that_wait_the_oldest_gives_way(settings: Settings) -> None:
    bounded = settings.model_copy(update={"request_head_seconds": 600, "waiting_connections": 2})
    async with run_network(bounded) as network, contextlib.AsyncExitStack() as stack:
        port = settings.network_port
        oldest = await stack.enter_async_context(connected(port, "GET"))
        await asyncio.sleep(1.1)  # those of the last second may just not have been read yet
        others = [await stack.enter_async_context(connected(port, START)) for _ in range(3)]
        assert status_of(await read_all(oldest)) == 408
        assert (await network.get("/healthz")).status_code == 200
        others[-1][1].write(f"\r\n{HOST}\r\nConnection: close\r\n\r\n".encode())
        assert status_of(await read_all(others[-1])) == 200


async def test_a_crowd_that_connects_at_once_is_served(settings: Settings) -> None:
    bounded = settings.model_copy(update={"waiting_connections": 2})
    async with run_network(bounded):
        answers = await asyncio.gather(*(ask_raw(settings.network_port, START, HOST) for _ in range(100)))
    assert {status_of(answer) for answer in answers} == {200}


async def test_plain_uvicorn_serves_the_same_service(settings: Settings) -> None:
    async with (
        run_server(create_app(settings), settings.app_port, ws="auto", http="auto"),
        httpx.AsyncClient(base_url=settings.app_address) as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
