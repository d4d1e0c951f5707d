"""Name servers of the tests' own, on loopback, that answer as each test wants it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import dns.message
import dns.rcode
import dns.rrset

from dashnet.reading import Reading
from services.network.drivers import parse_options
from services.network.drivers.dns import DnsDriver
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.names import Names

Respond = Callable[[bytes, int], Sequence[bytes]]


async def read(port: int, query_name: str, names: Names | None = None, **options: Any) -> Reading:
    """The reading of the name server on this port of 127.0.0.1, or where `names` says."""
    asked = parse_options("dns", {"query_name": query_name, "port": port, **options})
    target = Target(1, "Server", "server.test" if names else "127.0.0.1", "dns", asked, None)
    (reading,) = await DnsDriver(names or Names(), ReadLimits(10, 9)).read([target], {})
    return reading


class Responder(asyncio.DatagramProtocol):
    """A name server: what `answer` makes of each question."""

    def __init__(self, answer: Respond) -> None:
        self._answer = answer
        self.asked = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.asked += 1
        for one in self._answer(data, self.asked):
            self._transport.sendto(one, addr)


@asynccontextmanager
async def respond(answer: Respond, address: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """The port of such a server."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Responder(answer), (address, port))
    yield transport.get_extra_info("sockname")[1]
    transport.close()


@asynccontextmanager
async def respond_over_tcp(answer: Respond) -> AsyncIterator[int]:
    """The port of a server that answers one question per connection."""
    asked = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        question = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for one in answer(question, asked):
            writer.write(len(one).to_bytes(2) + one)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def respond_to(question: bytes) -> dns.message.Message:
    """An answer without records, to be added to."""
    return dns.message.make_response(dns.message.from_wire(question))


def reply(question: bytes, *records: str, record_type: str = "A") -> bytes:
    """A good answer with these records."""
    response = respond_to(question)
    records = records or ("192.0.2.1",)
    response.answer.append(dns.rrset.from_text(response.question[0].name, 60, "IN", record_type, *records))
    return response.to_wire()


def refuse(question: bytes, rcode: dns.rcode.Rcode, *, knows_edns: bool = False) -> bytes:
    """An error; a server that knows no EDNS shows none."""
    response = respond_to(question)
    response.use_edns(0 if knows_edns else False)
    response.set_rcode(rcode)
    return response.to_wire()


def has_edns(question: bytes) -> bool:
    """Whether the question uses EDNS."""
    return dns.message.from_wire(question).edns >= 0
