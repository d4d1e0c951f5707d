"""Recorded SNMP walks of real devices beside the checkout, played on loopback; they are no part of the repository."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from services.network.demo_agents.agent import answer
from services.network.demo_agents.ber import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    TIME_TICKS,
    Oid,
    Value,
    name,
    octets,
    to_oid,
    whole,
)

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "snmprec"
NAMES = sorted(one.name.removesuffix(".snmprec.gz") for one in FOLDER.glob("*.snmprec.gz"))
_ADDRESS = 0x40
_WHOLE = {"2": 2, "65": COUNTER32, "66": GAUGE32, "67": TIME_TICKS, "70": COUNTER64}
# What a reading, the facts and a discovery ask for.
_ASKED = (
    "1.3.6.1.2.1.1.",
    "1.3.6.1.2.1.2.",
    "1.3.6.1.2.1.25.3.2.1.3.",
    "1.3.6.1.2.1.31.1.",
    "1.3.6.1.2.1.33.1.1.",
    "1.3.6.1.2.1.43.5.",
    "1.3.6.1.2.1.47.1.1.1.1.",
    "1.2.840.10006.300.43.1.2.1.1.13.",
)
UPTIME = to_oid("1.3.6.1.2.1.1.3.0")
_OCTETS = {
    to_oid("1.3.6.1.2.1.2.2.1.10"): 2,
    to_oid("1.3.6.1.2.1.2.2.1.16"): 1,
    to_oid("1.3.6.1.2.1.31.1.1.1.6"): 2,
    to_oid("1.3.6.1.2.1.31.1.1.1.10"): 1,
}
_TYPE, _WIDE_OCTETS = to_oid("1.3.6.1.2.1.2.2.1.3"), [column for column in _OCTETS if column[6] == 31]
_BYTES_PER_MEGABIT = 125_000


@lru_cache(maxsize=1)
def expected() -> Mapping[str, Any]:
    """What LibreNMS makes of each recording."""
    return json.loads((FOLDER / "expected.json").read_text())  # type: ignore[no-any-return]  # by the file's README


def _value(tag: str, content: str) -> Value | None:
    """Return a value of a recording, null for those of kinds that nobody asks for and those that are damaged."""
    with suppress(ValueError):
        return _parse(tag, content)
    return None


def _parse(tag: str, content: str) -> Value | None:
    if tag == "4x":
        return octets(bytes.fromhex(content))
    if tag in _WHOLE:
        return whole(int(content), _WHOLE[tag])
    if tag == "4":
        return octets(content.encode("utf-8", "surrogateescape"))
    if tag == "6":
        return name(content.strip(".")) if content.strip(".") else None
    return Value(_ADDRESS, bytes(map(int, content.split(".")))) if tag == "64" else None


def load(recording: str) -> dict[Oid, Value]:
    """Those objects of a recording that are asked for, in their order; an uptime and octets where it has none."""
    found: dict[Oid, Value] = {}
    with gzip.open(FOLDER / f"{recording}.snmprec.gz", "rt", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            oid, _, rest = line.rstrip("\n").partition("|")
            tag, _, content = rest.partition("|")
            if oid.lstrip(".").startswith(_ASKED) and (value := _value(tag, content)) is not None:
                found[to_oid(oid.lstrip("."))] = value
    found.setdefault(UPTIME, whole(100_000, TIME_TICKS))
    for index in [oid[-1] for oid in found if oid[:-1] == _TYPE]:
        if not any((*column, index) in found for column in _OCTETS):
            found |= {(*column, index): whole(10**9 + index, COUNTER64) for column in _WIDE_OCTETS}
    return dict(sorted(found.items()))


@dataclass
class Player:
    """A recording that answers; each interface receives 2 Mbit/s and sends 1."""

    recording: str
    mib: dict[Oid, Value] = field(init=False)
    port: int = 0

    def __post_init__(self) -> None:
        self.mib = load(self.recording)

    def answer(self, message: bytes) -> bytes | None:
        """Return what goes back for a request."""
        return answer(message, b"public", self.mib)

    def tick(self, seconds: float) -> None:
        """Let its clock go on, and its counters."""
        self.mib[UPTIME] = _add(self.mib[UPTIME], int(seconds * 100))
        for oid, value in self.mib.items():
            if oid[:-1] in _OCTETS and value.tag in (COUNTER32, COUNTER64):
                self.mib[oid] = _add(value, int(_OCTETS[oid[:-1]] * _BYTES_PER_MEGABIT * seconds))


def _add(value: Value, more: int) -> Value:
    bits = 64 if value.tag == COUNTER64 else 32
    return whole((int.from_bytes(value.content, "big") + more) % 2**bits, value.tag)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, player: Player) -> None:
        self._player = player

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, message: bytes, sender: tuple[str, int]) -> None:
        response = self._player.answer(message)
        if response is not None:
            self._transport.sendto(response, sender)


@asynccontextmanager
async def play(recording: str) -> AsyncIterator[Player]:
    """A recording that answers on a free port of 127.0.0.1 until the block ends."""
    player = Player(recording)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(player), ("127.0.0.1", 0))
    player.port = transport.get_extra_info("sockname")[1]
    try:
        yield player
    finally:
        transport.close()
