"""No answer of a server raises out of the driver, outlasts its time, or costs another device its reading."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashnet.errors import DriverFault
from dashnet.reading import Reading, State
from services.network.drivers import parse_options
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.http import HttpDriver
from services.network.drivers.names import Names
from tests.network.drivers.certificates import Authority
from tests.network.drivers.http.reads import Page, make_answer, serve_page
from tests.network.drivers.http.tls_servers import make_server_tls

# Nothing else listens there, whatever port a mutated redirect names.
ADDRESS = "127.77.7.7"
GOOD_SECONDS, BAD_SECONDS = 30, 0.4
Edit = tuple[int, int, bytes]


class OnlyHere(Names):
    """Knows one name, so that no mutated redirect reaches anything else."""

    async def resolve(self, host: str) -> Sequence[str]:
        """The address of the servers of these tests."""
        if host != "nas.example":
            raise DriverFault(f"the name {host} cannot be resolved")
        return [ADDRESS]


ANSWERS = [
    make_answer(b"<meta charset=latin1><p>B\xfcro", "Content-Type: text/html"),
    make_answer("größere Söhne".encode() * 5, "Content-Type: text/html; charset=utf-8"),
    make_answer(gzip.compress(b"ready" * 50, mtime=0), "Content-Encoding: gzip", "Content-Type: a; charset=utf-8"),
    b"HTTP/1.1 103\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n0\r\n\r\n",
    make_answer(b"", "Location: http://nas.example/x?y#z", "Set-Cookie: a=b; Path=/; Max-Age=9", status="302 Found"),
    make_answer(b"", 'WWW-Authenticate: Basic, Digest realm="a", nonce="b", qop="auth"', status="401 Unauthorized"),
    b"\x15\x03\x01\x00\x02\x02\x46",
]
EDITS = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 3), st.binary(max_size=4)), max_size=3)


def mutate(sent: bytes, edits: Sequence[Edit]) -> bytes:
    """Put other bytes in place of some."""
    for place, length, octets in edits:
        start = place * len(sent) // 1000
        sent = sent[:start] + octets + sent[start + length :]
    return sent


def make_target(device_id: int, url: str, **options: Any) -> Target:
    """A device whose page is at this address."""
    return Target(device_id, "Server", "x", "http", parse_options("http", {"url": url, **options}), None)


async def read_beside_others(good: str, bad: str) -> Reading:
    """The reading of a bad page, once those of good ones are seen to be up."""
    first, last = (make_target(number, good, timeout_seconds=GOOD_SECONDS) for number in (1, 3))
    options = {"username": "ada", "password": "open sesame", "follow_redirects": True, "verify_tls": False}
    middle = make_target(2, bad, timeout_seconds=BAD_SECONDS, expected_text="Büro", **options)
    readings = await HttpDriver(OnlyHere(), ReadLimits(40, 60)).read([first, middle, last], {})
    assert [one.state for one in (readings[0], readings[2])] == [State.UP, State.UP]
    return readings[1]


def check_reading(reading: Reading) -> None:
    """A bad page is no fault of ours, and its words can be shown."""
    error = reading.error or ""
    assert not error.startswith(("internal fault", "no answer within"))
    assert error.isprintable()


@given(st.sampled_from(ANSWERS), EDITS, st.sampled_from(ANSWERS), EDITS)
@pytest.mark.timeout(60)
@settings(max_examples=200)
async def test_no_answer_raises_or_costs_others_their_reading(
    first: bytes, first_edits: list[Edit], second: bytes, second_edits: list[Edit]
) -> None:
    answers = mutate(first, first_edits), mutate(second, second_edits)
    async with serve_page(make_answer(b"good"), address=ADDRESS) as good, serve_page(*answers, address=ADDRESS) as bad:
        host = "http://nas.example"
        check_reading(await read_beside_others(f"{host}:{good.port}/", f"{host}:{bad.port}/"))


@pytest.fixture(scope="module")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The TLS of a server."""
    return make_server_tls(Authority(tmp_path_factory.mktemp("authority")).sign("nas.example", 90))


@given(EDITS, st.integers(0, 2))
@pytest.mark.timeout(60)
@settings(max_examples=30)
async def test_no_bytes_of_tls_raise_or_cost_others_their_reading(
    server_tls: ssl.SSLContext, edits: list[Edit], number: int
) -> None:
    answer = make_answer(b"good")
    async with serve_page(answer, address=ADDRESS) as good, serve_page(answer, address=ADDRESS, tls=server_tls) as tls:
        async with mutate_between(tls, edits, number) as port:
            url = f"http://nas.example:{good.port}/"
            check_reading(await read_beside_others(url, f"https://nas.example:{port}/"))


@asynccontextmanager
async def mutate_between(page: Page, edits: Sequence[Edit], number: int) -> AsyncIterator[int]:
    """The port of a relay to a page; of what the page sends, the piece with this number is mutated."""
    relays: list[asyncio.Task[None]] = []

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.append(asyncio.create_task(_relay(page.port, edits, number, reader, writer)))

    try:
        async with await asyncio.start_server(begin, ADDRESS, 0) as server:
            yield server.sockets[0].getsockname()[1]
    finally:
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)


async def _relay(
    port: int, edits: Sequence[Edit], number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with closing(writer):
        behind, before = await asyncio.open_connection(ADDRESS, port)
        with closing(before):
            await asyncio.gather(_copy(reader, before, [], -1), _copy(behind, writer, edits, number))


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, edits: Sequence[Edit], mutated: int
) -> None:
    number = 0
    with suppress(OSError), closing(writer):
        while piece := await reader.read(1 << 16):
            writer.write(mutate(piece, edits) if number == mutated else piece)
            await writer.drain()
            number += 1
