"""An SNMP 2c or 1 agent in the test's own process, which behaves as badly as the test wants."""

import asyncio
import socket
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from services.network.demo_agents.ber import (
    COUNTER32,
    COUNTER64,
    END_OF_MIB_VIEW,
    GAUGE32,
    GENERAL_ERROR,
    GET_BULK,
    GET_NEXT,
    NO_SUCH_INSTANCE,
    NULL,
    TIME_TICKS,
    TOO_BIG,
    Oid,
    Request,
    Value,
    decode_request,
    encode_response,
    name,
    text,
    to_oid,
    whole,
)

Pair = tuple[Oid, Value]
SYSTEM, IF_TABLE, IF_X_TABLE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
ETHERNET, LOOPBACK, TUNNEL = 6, 24, 131
# The version as it stands at the beginning of a message.
_VERSION_1, _VERSION_2C = b"\x02\x01\x00", b"\x02\x01\x01"
_NO_SUCH_NAME = 2


@dataclass
class Interface:
    """A row of ifTable and ifXTable; counters are as many bits as `bits`, without ifXTable's where it is 32."""

    name: str
    octets_in: int = 0
    octets_out: int = 0
    errors_in: int = 0
    discards_out: int = 0
    bits: int = 64
    kind: int = ETHERNET
    alias: str = ""
    oper: int = 1
    admin: int = 1
    speed: int = 1000
    discontinuity: int = 0

    def rows(self, index: int) -> Iterable[tuple[str, Value]]:
        """All its objects under their identifiers."""
        low = 2**32
        plain = {
            2: text(f"descr of {self.name}"),
            3: whole(self.kind),
            5: whole(min(self.speed * 10**6, low - 1), GAUGE32),
            7: whole(self.admin),
            8: whole(self.oper),
            10: whole(self.octets_in % low, COUNTER32),
            13: whole(0, COUNTER32),
            14: whole(self.errors_in % low, COUNTER32),
            16: whole(self.octets_out % low, COUNTER32),
            19: whole(self.discards_out % low, COUNTER32),
            20: whole(0, COUNTER32),
        }
        yield from ((f"{IF_TABLE}.{column}.{index}", value) for column, value in plain.items())
        extended = {
            1: text(self.name),
            15: whole(self.speed, GAUGE32),
            18: text(self.alias),
            19: whole(self.discontinuity, TIME_TICKS),
        }
        if self.bits == 64:
            extended |= {6: whole(self.octets_in, COUNTER64), 10: whole(self.octets_out, COUNTER64)}
        yield from ((f"{IF_X_TABLE}.{column}.{index}", value) for column, value in extended.items())


@dataclass
class Agent:
    """What it holds, and how it behaves; `overrides` replace (or, where None, remove) single objects.

    A community of None is any. Whoever asks for the object `broken` gets an error; for more than `most_varbinds`,
    tooBig; an answer of more than `most_answered` is lost. `garble` changes the bytes of an answer, `repeat` what it
    is made of. `speaks_1`: version 1 alone, where an object that is missing costs the whole answer. `answers_from` is
    another address of 127.0.0.0/8.
    """

    interfaces: dict[int, Interface] = field(default_factory=dict)
    uptime_seconds: float = 1000.0
    community: str | None = "public"
    overrides: dict[str, Value | None] = field(default_factory=dict)
    broken: str = ""
    most_varbinds: int = 1000
    most_answered: int = 1000
    delay_seconds: float = 0.0
    is_silent: bool = False
    garble: Callable[[bytes], bytes] = bytes
    repeat: Callable[[list[Pair]], list[Pair]] = list
    speaks_1: bool = False
    answers_from: str = ""
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    def mib(self) -> dict[Oid, Value]:
        """Every object it has now."""
        objects: dict[str, Value | None] = {
            f"{SYSTEM}.1.0": text("Test agent"),
            f"{SYSTEM}.2.0": name("1.3.6.1.4.1.8072.3.2.10"),
            f"{SYSTEM}.3.0": whole(int(self.uptime_seconds * 100) % 2**32, TIME_TICKS),
            f"{SYSTEM}.5.0": text("agent"),
            "1.3.6.1.2.1.2.1.0": whole(len(self.interfaces)),
        }
        for index, interface in self.interfaces.items():
            objects.update(interface.rows(index))
        objects |= self.overrides
        return {to_oid(oid): value for oid, value in objects.items() if value is not None}

    def answer(self, message: bytes) -> bytes | None:
        """What goes back for a request; None for silence."""
        if not self.speaks_1:
            return self._answer(message) if _VERSION_2C in message[:8] else None
        if _VERSION_1 not in message[:8]:
            return None
        answer = self._answer(message.replace(_VERSION_1, _VERSION_2C, 1))
        return answer and answer.replace(_VERSION_2C, _VERSION_1, 1)

    def _answer(self, message: bytes) -> bytes | None:
        request = decode_request(message)
        self.requests.append(request)
        is_right = self.community is None or request.community == self.community.encode()
        if self.is_silent or not is_right:
            return None
        pairs = self._look_up(request)
        if self.speaks_1 and any(value.tag in (NO_SUCH_INSTANCE, END_OF_MIB_VIEW) for _, value in pairs):
            return encode_response(request, [(oid, Value(NULL, b"")) for oid in request.oids], _NO_SUCH_NAME, 1)
        if len(request.oids) > self.most_varbinds or len(pairs) > self.most_varbinds:
            return self.garble(encode_response(request, [], TOO_BIG))
        if any(oid == to_oid(self.broken) for oid, _ in pairs if self.broken):
            return self.garble(
                encode_response(request, [(oid, Value(NULL, b"")) for oid, _ in pairs], GENERAL_ERROR, 1)
            )
        if len(pairs) > self.most_answered:
            return None
        return self.garble(encode_response(request, self.repeat(pairs)))

    def _look_up(self, request: Request) -> list[Pair]:
        mib = self.mib()
        if request.kind == GET_NEXT:
            return _after(mib, request.oids[0], 1)
        if request.kind == GET_BULK:
            return _after(mib, request.oids[0], request.second)
        return [(oid, mib.get(oid, Value(NO_SUCH_INSTANCE, b""))) for oid in request.oids]

    def tick(self, seconds: float = 60.0) -> None:
        """Let its clock go on."""
        self.uptime_seconds += seconds


def _after(mib: dict[Oid, Value], oid: Oid, count: int) -> list[Pair]:
    known = sorted(mib)
    begin = bisect_right(known, oid)
    pairs = [(one, mib[one]) for one in known[begin : begin + count]]
    return pairs if len(pairs) == count else [*pairs, (known[-1], Value(END_OF_MIB_VIEW, b""))]


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, message: bytes, sender: tuple[str, int]) -> None:
        answer = self._agent.answer(message)
        if answer is not None:
            asyncio.get_running_loop().call_later(self._agent.delay_seconds, self._send, answer, sender)

    def _send(self, answer: bytes, sender: tuple[str, int]) -> None:
        if self._agent.answers_from:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind((self._agent.answers_from, 0))
                other.sendto(answer, sender)
        elif not self._transport.is_closing():
            self._transport.sendto(answer, sender)


@asynccontextmanager
async def run_agent(*interfaces: Interface, **behaviour: object) -> AsyncIterator[Agent]:
    """An agent with these interfaces, numbered from 1, on a free port of 127.0.0.1."""
    agent = Agent(dict(enumerate(interfaces, start=1)), **behaviour)  # type: ignore[arg-type]  # as Agent has them
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(agent), ("127.0.0.1", 0))
    agent.port = transport.get_extra_info("sockname")[1]
    try:
        yield agent
    finally:
        transport.close()
