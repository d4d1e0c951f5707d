"""One device's SNMP: requests of a size that it can answer, sent again where none comes, with errors that say why."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Sequence

from gufo.snmp import SnmpError, ValueType
from gufo.snmp.aio import SnmpSession

from dashnet.errors import DeviceTimeout, DriverFault
from services.network.drivers.snmp.exchange import Exchange
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.sizes import Sizes

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
MOST_ROWS = 4096
# Requests this small fit any agent: if one goes unanswered, size is not the reason.
_FEW_VARBINDS = 8
# So many rows more that come again than others end a walk.
_MOST_REPEATED_ROWS = 100

Index = tuple[int, ...]
_Pair = tuple[str, ValueType]


class Session:
    """Asks one device, one request at a time; close it in the end.

    A session is made for each reading: with master keys remembered, a new one costs version 3 two short round trips
    and no key derivation, and it always knows the agent's boots and time, which one kept over a restart does not.
    """

    def __init__(self, address: str, options: SnmpOptions, sizes: Sizes) -> None:
        self._options = options
        self._sizes = sizes
        self._exchange = Exchange(address, options, sizes)
        self._is_understood = False

    @property
    def round_trip_seconds(self) -> float:
        """How long the last answer took."""
        return self._exchange.round_trip_seconds

    async def open(self) -> None:
        """Learn what version 3 needs to know of the agent.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: the agent answers, but not to this user or these keys.
        """
        await self._exchange.open()
        if self._options.version != "3":
            return
        try:
            await self._exchange.ask(lambda gufo: gufo.refresh())
        except DeviceTimeout as timeout:
            if self._exchange.gufo.get_engine_id():
                raise DriverFault(
                    f"{self._exchange.where} answers, but not to what user {self._options.user} encrypts: "
                    "priv_key or priv_protocol is wrong"
                ) from timeout
            raise

    def close(self) -> None:
        """End the session."""
        self._exchange.close()

    async def get(self, oids: Sequence[str]) -> dict[str, ValueType]:
        """Return the values of those of these objects that there are, and the uptime at the last answer.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: not to this user or these keys.
        """
        found: dict[str, ValueType] = {}
        absent = self._sizes.absent
        waiting, tries = [[one for one in oids if one not in absent] if absent else list(oids)], 0
        while waiting:
            # The uptime is always there, so an answer without anything is one with an error, such as tooBig.
            part = self._take_part(waiting)
            answer = await self._exchange.attempt(lambda gufo, part=part: gufo.get_many([SYS_UPTIME, *part]))  # type: ignore[misc]  # mypy cannot infer the default's type
            if isinstance(answer, SnmpError) and self._is_understood:
                # One of these objects it cannot tell: it is among one half of them.
                waiting += _halves(part)
            elif isinstance(answer, Exception):
                tries += 1
                await self._exchange.check_tries(tries, answer)
                if len(part) > _FEW_VARBINDS:
                    self._sizes.ask_less_than(len(part) + 1)
                waiting.append(part)
            elif answer:
                found.update(answer)
                tries, self._is_understood = 0, True
            else:
                waiting += self._divide(part)
        return found

    def _take_part(self, waiting: list[list[str]]) -> list[str]:
        part, most = waiting.pop(), self._sizes.varbinds - 1
        if len(part) > most:
            waiting.append(part[most:])
        return part[:most]

    def _divide(self, part: list[str]) -> list[list[str]]:
        """Return what to ask for after an answer without anything; nothing where it was due to one object alone."""
        if self._options.version == "1":
            # There an object that is missing costs the whole answer.
            self._sizes.absent.update(part if len(part) == 1 else ())
            return _halves(part)
        if self._sizes.ask_less_than(len(part) + 1):
            return [part]
        self._sizes.reset()
        return []

    async def walk(self, column: str) -> dict[int, ValueType]:
        """Return a column of a table with one index, as `walk_rows`."""
        return {index[0]: value for index, value in (await self.walk_rows(column)).items() if len(index) == 1}

    async def walk_rows(self, column: str) -> dict[Index, ValueType]:
        """Return a column of a table with any indexes, in any order; rows that come again and again end it.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: not to this user or these keys.
        """
        tries = 0
        while True:
            rows: dict[Index, ValueType] = {}
            failure = await self._walk_once(column, rows)
            if failure is not None:
                tries += 1
                await self._exchange.check_tries(tries, failure)
                self._sizes.halve_repetitions()
            elif rows or self._sizes.repetitions == 1 or not await self._has_rows(column):
                return rows
            else:
                self._sizes.halve_repetitions()

    async def _walk_once(self, column: str, rows: dict[Index, ValueType]) -> Exception | None:
        iterator = self._iterate(self._exchange.gufo, column, self._sizes.repetitions)
        repeated = 0
        while len(rows) < MOST_ROWS and repeated < _MOST_REPEATED_ROWS + len(rows):
            pair = await self._exchange.attempt(lambda _: _next(iterator))
            if isinstance(pair, Exception):
                return pair
            index = None if pair is None else _index_of(pair[0], column)
            if pair is None or index is None:
                break
            repeated += index in rows
            rows.setdefault(index, pair[1])
        return None

    def _iterate(self, gufo: SnmpSession, column: str, repetitions: int) -> AsyncIterator[_Pair]:
        return gufo.getnext(column) if self._options.version == "1" else gufo.getbulk(column, repetitions)

    async def _has_rows(self, column: str) -> bool:
        return await self._exchange.ask(lambda gufo: _next(self._iterate(gufo, column, 1))) is not None


async def resolve(address: str) -> str:
    """Return the IP address behind an address or a host name.

    Raises:
        DriverFault: there is none.
    """
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(address, None, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise DriverFault(f"no address for {address}: {error.strerror or error}") from error
    return str(found[0][4][0])


def _halves(part: list[str]) -> list[list[str]]:
    return [part[len(part) // 2 :], part[: len(part) // 2]] if len(part) > 1 else []


async def _next(iterator: AsyncIterator[_Pair]) -> _Pair | None:
    return await anext(iterator, None)


def _index_of(oid: str, column: str) -> Index | None:
    try:
        return tuple(map(int, oid[len(column) + 1 :].split(".")))
    except ValueError:
        return None
