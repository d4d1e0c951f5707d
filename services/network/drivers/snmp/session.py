"""One device's SNMP: requests of a size that it can answer, sent again where none comes, with errors that say why."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from gufo.snmp import SnmpAuthError, SnmpError, ValueType
from gufo.snmp.aio import SnmpSession

from dashnet.errors import DeviceTimeout, DriverFault
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.users import make_user

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
MOST_ROWS = 4096
# With 64-bit counters an answer of so many fits into one Ethernet frame.
_MOST_VARBINDS = 40
_MOST_REPETITIONS = 25
# So few no agent finds too many: without an answer to them it is not their number.
_FEW_VARBINDS = 8
_MOST_REPEATED_ROWS = 100

Index = tuple[int, ...]
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class Sizes:
    """How much one device answers at once; what it could not answer is halved, and tried again when begun anew."""

    varbinds: int = _MOST_VARBINDS
    repetitions: int = _MOST_REPETITIONS

    def reset(self) -> None:
        """Begin anew."""
        self.varbinds, self.repetitions = _MOST_VARBINDS, _MOST_REPETITIONS

    def ask_less_than(self, varbinds: int) -> bool:
        """Ask for half as much from now on; false where there is no less than one object beside the uptime."""
        self.varbinds = max(2, varbinds // 2)
        return self.varbinds < varbinds

    def halve_repetitions(self) -> None:
        """Ask for half the rows from now on."""
        self.repetitions = max(1, self.repetitions // 2)


class Session:
    """Asks one device, one request at a time; sockets end with it.

    A session is made for each reading: with master keys remembered, a new one costs version 3 two short round trips
    and no key derivation, and it always knows the agent's boots and time, which one kept over a restart does not.
    `round_trip_seconds` is how long the last answer took.
    """

    def __init__(self, address: str, options: SnmpOptions, sizes: Sizes) -> None:
        self._where = f"{address} port {options.port}"
        self._options = options
        self._sizes = sizes
        self._tries = options.retries + 1
        self._is_understood = False
        self.round_trip_seconds = 0.0
        try:
            self._gufo = _make_session(address, options)
        except OSError as error:
            raise DriverFault(f"cannot send to {self._where}: {error}") from error

    async def open(self) -> None:
        """Learn what version 3 needs to know of the agent.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: the agent answers, but not to this user or these keys.
        """
        if self._options.version == "2c":
            return
        try:
            await self._ask(self._gufo.refresh)
        except DeviceTimeout as timeout:
            if self._gufo.get_engine_id():
                raise DriverFault(
                    f"{self._where} answers, but not to what user {self._options.user} encrypts: "
                    "priv_key or priv_protocol is wrong"
                ) from timeout
            raise

    async def get(self, oids: Sequence[str]) -> dict[str, ValueType]:
        """The values of those of these objects that there are, and the uptime at the last answer.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: not to this user or these keys.
        """
        found: dict[str, ValueType] = {}
        waiting, tries = [list(oids)], 0
        while waiting:
            # The uptime is always there, so an answer without anything is one with an error, such as tooBig.
            part = self._take_part(waiting)
            answer = await self._try(partial(self._gufo.get_many, [SYS_UPTIME, *part]))
            if isinstance(answer, SnmpError) and self._is_understood:
                # One of these objects it cannot tell: it is among one half of them.
                waiting += [part[len(part) // 2 :], part[: len(part) // 2]] if len(part) > 1 else []
            elif isinstance(answer, Exception):
                tries += 1
                self._check_tries(tries, answer)
                if len(part) > _FEW_VARBINDS:
                    self._sizes.ask_less_than(len(part) + 1)
                waiting.append(part)
            elif answer:
                found.update(answer)
                tries, self._is_understood = 0, True
            elif self._sizes.ask_less_than(len(part) + 1):
                waiting.append(part)
            else:
                # It was not the number of objects, but this one.
                self._sizes.reset()
        return found

    def _take_part(self, waiting: list[list[str]]) -> list[str]:
        part, most = waiting.pop(), self._sizes.varbinds - 1
        if len(part) > most:
            waiting.append(part[most:])
        return part[:most]

    async def walk(self, column: str) -> dict[int, ValueType]:
        """A column of a table with one index, as `walk_rows`."""
        return {index[0]: value for index, value in (await self.walk_rows(column)).items() if len(index) == 1}

    async def walk_rows(self, column: str) -> dict[Index, ValueType]:
        """A column of a table with any indexes; what comes in no order, or again, ends it.

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
                self._check_tries(tries, failure)
                self._sizes.halve_repetitions()
            elif rows or self._sizes.repetitions == 1 or not await self._has_rows(column):
                return rows
            else:
                self._sizes.halve_repetitions()

    async def _walk_once(self, column: str, rows: dict[Index, ValueType]) -> Exception | None:
        iterator = self._gufo.getbulk(column, self._sizes.repetitions)
        last, repeated = Index(), 0
        while len(rows) < MOST_ROWS and repeated < _MOST_REPEATED_ROWS:
            pair = await self._try(partial(_next, iterator))
            if isinstance(pair, Exception):
                return pair
            index = None if pair is None else _index_of(pair[0], column)
            if pair is None or index is None or index < last:
                break
            repeated = repeated + 1 if index == last else 0
            last = index
            rows.setdefault(index, pair[1])
        return None

    async def _has_rows(self, column: str) -> bool:
        return await self._ask(partial(_next, self._gufo.getbulk(column, 1))) is not None

    async def _ask(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer:
        tries = 0
        while True:
            answer = await self._try(request)
            if not isinstance(answer, Exception):
                return answer
            tries += 1
            self._check_tries(tries, answer)

    async def _try(self, request: Callable[[], Awaitable[_Answer]]) -> _Answer | Exception:
        """The answer, or what may be otherwise the next time: no answer, or none that can be read."""
        started = time.perf_counter()
        try:
            # gufo-snmp's own limit begins anew with each stray datagram.
            async with asyncio.timeout(self._options.timeout_seconds):
                answer = await request()
            self.round_trip_seconds = time.perf_counter() - started
            return answer
        except SnmpAuthError as error:
            raise DriverFault(
                f"{self._where} refuses user {self._options.user}: it does not know the user, auth_key or "
                "auth_protocol is wrong, or it asks for more (a priv_key, say)"
            ) from error
        except (TimeoutError, SnmpError) as error:
            return error
        except OSError as error:
            raise DriverFault(f"cannot send to {self._where}: {error}") from error
        except BaseException as error:
            # gufo-snmp panics on some garbage instead of calling it undecodable, and Rust's panics are no Exception.
            if type(error).__name__ != "PanicException":
                raise
            return SnmpError(str(error))

    def _check_tries(self, tries: int, failure: Exception) -> None:
        if tries < self._tries:
            return
        times = "once" if tries == 1 else f"{tries} times"
        if not isinstance(failure, TimeoutError):
            raise DeviceTimeout(f"{self._where} answers what is no SNMP (asked {times})") from failure
        secret = "the community" if self._options.version == "2c" else "the version"
        raise DeviceTimeout(
            f"no answer from {self._where} (asked {times}, {self._options.timeout_seconds:g} s each): it is off, "
            f"speaks no SNMP to us, or {secret} is wrong"
        ) from failure


async def resolve(address: str) -> str:
    """The IP address behind an address or a host name.

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


async def _next(iterator: AsyncIterator[tuple[str, ValueType]]) -> tuple[str, ValueType] | None:
    return await anext(iterator, None)


def _index_of(oid: str, column: str) -> Index | None:
    try:
        return tuple(map(int, oid[len(column) + 1 :].split(".")))
    except ValueError:
        return None


def _make_session(address: str, options: SnmpOptions) -> SnmpSession:
    if options.version == "2c":
        community = options.community.get_secret_value() if options.community else ""
        return SnmpSession(address, options.port, community=community, timeout=options.timeout_seconds)
    return SnmpSession(address, options.port, user=make_user(options), timeout=options.timeout_seconds)
