"""What a port speaks instead (services/network/drivers/http/diagnosis.py)."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from dashnet.reading import State
from tests.network.drivers.certificates import Authority
from tests.network.drivers.http.reads import make_answer, read_page, serve_page
from tests.network.drivers.http.tls_servers import make_server_tls

PLAIN = "no TLS: the server speaks plain HTTP at this port"
TLS = "the server speaks TLS at this port, no plain HTTP"
CLIENTS = "the server asks for a client certificate"
PAGE = make_answer(b"ready")
BAD_REQUEST = make_answer(b"bad", status="400 Bad Request")
_Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serve(answer: _Serve) -> AsyncIterator[int]:
    """The port of a server of the test's own."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def _wait_for_a_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As a plain server does: whatever comes, it waits for a blank line."""
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        more = await reader.read(1000)
        if not more:
            break
        received += more
    writer.write(PAGE)
    writer.close()


async def _refuse_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(BAD_REQUEST)
    writer.close()


async def _close_unless_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if (await reader.read(4)).startswith(b"GET"):
        writer.write(PAGE)
    writer.close()


@pytest.mark.parametrize("answer", [_wait_for_a_request, _refuse_at_once, _close_unless_http])
@pytest.mark.parametrize("verify_tls", [True, False])
async def test_https_to_a_port_of_plain_http_is_named(answer: _Serve, verify_tls: bool) -> None:
    async with serve(answer) as port:
        reading = await read_page(f"https://127.0.0.1:{port}/", timeout_seconds=2, verify_tls=verify_tls)
    assert (reading.state, reading.error) == (State.DOWN, PLAIN)


async def test_http_to_a_port_of_tls_is_named(authority: Authority) -> None:
    async with serve_page(PAGE, tls=make_server_tls(authority.sign("localhost", 90))) as page:
        reading = await read_page(f"http://localhost:{page.port}/")
    assert (reading.state, reading.error) == (State.DOWN, TLS)


@pytest.mark.parametrize("alert", [b"\x15\x03\x01\x00\x02\x02\x46", b"\x15\x03\x03\x00\x02\x02\x0a"])
async def test_an_alert_of_tls_is_named_without_asking_again(alert: bytes) -> None:
    async with serve_page(alert) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/")
    assert (reading.state, reading.error, len(page.requests)) == (State.DOWN, TLS, 1)


async def test_a_port_that_closes_and_speaks_nothing_is_just_silent() -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serve(close) as port:
        plain = await read_page(f"http://127.0.0.1:{port}/")
        tls = await read_page(f"https://127.0.0.1:{port}/")
    assert plain.error == "no good answer: the server closes the connection without one"
    assert (tls.state, tls.error) == (State.DOWN, "no TLS: the server breaks the connection off")


async def test_a_port_that_is_silent_to_a_handshake_is_down_in_its_own_time() -> None:
    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with serve(stay) as port:
        reading = await read_page(f"https://127.0.0.1:{port}/", timeout_seconds=0.4)
    assert (reading.state, reading.error) == (State.DOWN, "no whole answer within 0.4 s")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("verify_tls", [True, False])
async def test_a_server_that_wants_to_know_its_clients_says_so(
    authority: Authority, version: ssl.TLSVersion, verify_tls: bool
) -> None:
    tls = make_server_tls(authority.sign("localhost", 90), version=version, clients=str(authority.file))
    async with serve_page(PAGE, tls=tls) as page:
        reading = await read_page(f"https://localhost:{page.port}/", verify_tls=verify_tls)
    assert (reading.state, reading.error) == (State.DOWN, CLIENTS)


async def test_a_server_that_asks_for_a_certificate_in_its_answer_is_named_too(authority: Authority) -> None:
    identity = authority.sign("localhost", 90)
    tls = make_server_tls(identity, clients=str(authority.file), verify_mode=ssl.CERT_OPTIONAL)
    async with serve_page(BAD_REQUEST, tls=tls) as page:
        reading = await read_page(f"https://localhost:{page.port}/")
    assert reading.error == f"answers 400 Bad Request, expected is 2xx: {CLIENTS}"


async def test_a_bad_request_stays_one() -> None:
    async with serve_page(BAD_REQUEST) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/")
    assert (reading.state, reading.error) == (State.DOWN, "answers 400 Bad Request, expected is 2xx")
