"""Asks a name server over UDP or TCP, again without EDNS where that may be what keeps it from answering."""

import asyncio
import ipaddress
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

import dns.rcode

from dashnet.errors import DeviceFailure, DeviceTimeout
from services.network.drivers.dns.messages import Question, make_question, read_answer, refuses_edns
from services.network.drivers.dns.options import DnsOptions
from services.network.drivers.dns.responses import NoAnswer, Response
from services.network.drivers.names import to_driver_error

# A question over UDP may get lost: it is asked again after this part of the time, and once more after as much again.
_TRY_RATIO = 0.4
# Whoever can send us datagrams may send many.
_MOST_WAITING = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the time from its question to it."""

    response: Response
    question: Question
    seconds: float


@dataclass(frozen=True, slots=True)
class _Datagram:
    content: bytes
    host: str
    port: int
    came_at: float


class _EdnsRefused(Exception):
    """An answer shows that the question should be asked without EDNS."""


class _Inbox(asyncio.DatagramProtocol):
    """Datagrams, and errors of the socket, in their order."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[_Datagram | Exception] = asyncio.Queue(_MOST_WAITING)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        with suppress(asyncio.QueueFull):
            self.arrived.put_nowait(_Datagram(data, addr[0], addr[1], time.perf_counter()))

    def error_received(self, exc: Exception) -> None:
        with suppress(asyncio.QueueFull):
            self.arrived.put_nowait(exc)


async def ask(options: DnsOptions, deadline: float, address: str) -> Answer:
    """Return the answer of the name server at this address, at the loop's time `deadline` at the latest.

    Raises:
        DeviceTimeout, DeviceFailure: there is none; the words say what came instead.
        DriverFault: it cannot be asked from here.
    """
    exchange = _Exchange(options, address)
    try:
        async with asyncio.timeout_at(deadline):
            return await exchange.ask()
    except TimeoutError:
        raise DeviceTimeout(exchange.describe_silence()) from None
    except OSError as error:
        raise to_driver_error(error, f"port {options.port}") from error


class _Exchange:
    """What was asked of one address so far, and what came that was no answer."""

    def __init__(self, options: DnsOptions, address: str) -> None:
        self._options = options
        self._address = address
        self._asked: dict[bytes, tuple[Question, float]] = {}
        self._instead: str | None = None

    def describe_silence(self) -> str:
        """Return why there is no answer yet."""
        within = f"within {self._options.timeout_seconds:g} s"
        if self._instead is None:
            return f"no answer {within}"
        return f"answers {self._instead}, and nothing better came {within}"

    async def ask(self) -> Answer:
        if not self._options.tcp:
            return await self._ask_over_udp()
        return await self._ask_over_tcp(make_question(self._options, has_edns=True))

    async def _ask_over_udp(self) -> Answer:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        transport, inbox = await asyncio.get_running_loop().create_datagram_endpoint(_Inbox, family=family)
        try:
            answer = await self._try_once(transport, inbox, has_edns=True)
            if answer is None:
                answer = await self._try_once(transport, inbox, has_edns=False)
            if answer is None:
                self._send(transport, has_edns=False)
                answer = await self._receive(inbox)
        finally:
            transport.close()
        if answer.response.is_cut:
            return await self._ask_over_tcp(answer.question)
        return answer

    async def _try_once(self, transport: asyncio.DatagramTransport, inbox: _Inbox, *, has_edns: bool) -> Answer | None:
        """The answer to any question so far; None where there is none in time, or EDNS is what it refuses."""
        self._send(transport, has_edns=has_edns)
        with suppress(TimeoutError, _EdnsRefused):
            async with asyncio.timeout(self._options.timeout_seconds * _TRY_RATIO):
                return await self._receive(inbox)
        return None

    def _send(self, transport: asyncio.DatagramTransport, *, has_edns: bool) -> None:
        question = make_question(self._options, has_edns=has_edns)
        self._asked[question.number] = (question, time.perf_counter())
        transport.sendto(question.wire, _to_socket_address(self._address, self._options.port))

    async def _receive(self, inbox: _Inbox) -> Answer:
        """The first answer to any question so far; all else is passed over, and noted.

        Raises:
            _EdnsRefused: the question would better be asked without EDNS, which it has not been so far.
        """
        while True:
            arrived = await inbox.arrived.get()
            if isinstance(arrived, Exception):
                raise arrived
            try:
                answer = self._read(arrived)
            except NoAnswer as none:
                self._instead = str(none)
                continue
            if not refuses_edns(answer.response, answer.question):
                return answer
            self._instead = f"{dns.rcode.to_text(answer.response.rcode)} to a question with EDNS"
            if all(question.has_edns for question, _ in self._asked.values()):
                raise _EdnsRefused

    def _read(self, datagram: _Datagram) -> Answer:
        if datagram.content[:2] not in self._asked:
            raise NoAnswer("another question")
        if not _is_same(datagram.host, self._address):
            raise NoAnswer(f"from another address, {datagram.host}")
        if datagram.port != self._options.port:
            raise NoAnswer(f"from another port, {datagram.port}")
        question, began = self._asked[datagram.content[:2]]
        return Answer(read_answer(datagram.content, question), question, datagram.came_at - began)

    async def _ask_over_tcp(self, question: Question) -> Answer:
        answer = await self._converse(question)
        if refuses_edns(answer.response, question):
            return await self._converse(make_question(self._options, has_edns=False))
        return answer

    async def _converse(self, question: Question) -> Answer:
        began = time.perf_counter()
        reader, writer = await asyncio.open_connection(self._address, self._options.port)
        try:
            writer.write(len(question.wire).to_bytes(2) + question.wire)
            content = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
            return Answer(read_answer(content, question), question, time.perf_counter() - began)
        except asyncio.IncompleteReadError:
            raise DeviceFailure("hangs up before it has answered") from None
        except NoAnswer as none:
            raise DeviceFailure(f"answers {none}") from None
        finally:
            writer.transport.abort()


def _to_socket_address(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    if ":" not in address:
        return (address, port)
    # Only this finds the interface of a link-local address.
    found = socket.getaddrinfo(address, port, socket.AF_INET6, socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)
    return cast(tuple[str, int, int, int], found[0][4])


def _is_same(host: str, address: str) -> bool:
    plain = host.partition("%")[0], address.partition("%")[0]
    return plain[0] == plain[1] or ipaddress.ip_address(plain[0]) == ipaddress.ip_address(plain[1])
