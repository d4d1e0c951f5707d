"""One exchange with a device after the other through gufo-snmp, with its errors and panics as values."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gufo.snmp import SnmpAuthError, SnmpError, SnmpVersion
from gufo.snmp.aio import SnmpSession

from dashnet.errors import DeviceTimeout, DriverFault
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.relay import Relay
from services.network.drivers.snmp.sizes import Sizes
from services.network.drivers.snmp.users import make_user

_Answer = TypeVar("_Answer")
_VERSIONS = {"1": SnmpVersion.v1, "2c": SnmpVersion.v2c, "3": SnmpVersion.v3}
# What a silent device may have against a request, by the version that it was asked in.
_SECRETS = {
    "1": "the community",
    "2c": 'the version (some devices speak 1 alone: say "version": "1") or the community',
    "3": "the version",
}


class Exchange:
    """A session of gufo-snmp with a device; sockets end with it.

    `round_trip_seconds` is how long the last answer took, `has_answered` whether any came.
    """

    def __init__(self, address: str, options: SnmpOptions, sizes: Sizes) -> None:
        self.where = f"{address} port {options.port}"
        self.round_trip_seconds = 0.0
        self.has_answered = False
        self._address = address
        self._options = options
        self._sizes = sizes
        self._tries = options.retries + 1
        self._relay: Relay | None = None
        try:
            self.gufo = _make_session(address, options.port, options)
        except OSError as error:
            raise DriverFault(f"cannot send to {self.where}: {error}") from error

    async def open(self) -> None:
        """Take answers from any address, where the device is known to answer from another one."""
        if self._sizes.answers_elsewhere:
            await self._take_answers_from_anywhere()

    def close(self) -> None:
        """Give back what does not end by itself."""
        if self._relay is not None:
            self._relay.close()

    async def ask(self, request: Callable[[SnmpSession], Awaitable[_Answer]]) -> _Answer:
        """Return the answer, asked for as often as the options say.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: not to this user or these keys.
        """
        tries = 0
        while True:
            answer = await self.attempt(request)
            if not isinstance(answer, Exception):
                return answer
            tries += 1
            await self.check_tries(tries, answer)

    async def attempt(self, request: Callable[[SnmpSession], Awaitable[_Answer]]) -> _Answer | Exception:
        """Return the answer, or what may be otherwise the next time: no answer, or none that can be read."""
        started = time.perf_counter()
        try:
            # gufo-snmp's own limit begins anew with each stray datagram.
            async with asyncio.timeout(self._options.timeout_seconds):
                answer = await request(self.gufo)
            self.round_trip_seconds = time.perf_counter() - started
            self._note_answer()
            return answer
        except SnmpAuthError as error:
            raise DriverFault(
                f"{self.where} refuses user {self._options.user}: it does not know the user, auth_key or "
                "auth_protocol is wrong, or it asks for more (a priv_key, say)"
            ) from error
        except (TimeoutError, SnmpError) as error:
            return error
        except OSError as error:
            raise DriverFault(f"cannot send to {self.where}: {error}") from error
        except BaseException as error:
            # gufo-snmp panics on some garbage instead of calling it undecodable, and Rust's panics are no Exception.
            if type(error).__name__ != "PanicException":
                raise
            return SnmpError(str(error))

    def _note_answer(self) -> None:
        if not self.has_answered and self._relay is not None:
            self._sizes.answers_elsewhere = self._relay.source != self._address
        self.has_answered = True

    async def check_tries(self, tries: int, failure: Exception) -> None:
        """Go on where tries are left; the last one, of a device that was silent so far, takes answers from anywhere.

        Raises:
            DeviceTimeout: all tries are used up.
        """
        if tries < self._tries:
            if tries == self._tries - 1 and isinstance(failure, TimeoutError) and not self.has_answered:
                await self._take_answers_from_anywhere()
            return
        times = "once" if tries == 1 else f"{tries} times"
        if not isinstance(failure, TimeoutError):
            raise DeviceTimeout(f"{self.where} answers what is no SNMP (asked {times})") from failure
        if not self.has_answered:
            self._sizes.answers_elsewhere = False
        raise DeviceTimeout(
            f"no answer from {self.where} (asked {times}, {self._options.timeout_seconds:g} s each): it is off, "
            f"speaks no SNMP to us, or {_SECRETS[self._options.version]} is wrong"
        ) from failure

    async def _take_answers_from_anywhere(self) -> None:
        if self._relay is not None:
            return
        relay = Relay(self._address, self._options.port)
        try:
            await relay.open()
            self.gufo = _make_session("127.0.0.1", relay.port, self._options)
        except OSError:
            # Answers from the device's own address are enough for nearly all.
            relay.close()
        else:
            self._relay = relay


def _make_session(address: str, port: int, options: SnmpOptions) -> SnmpSession:
    if options.version == "3":
        return SnmpSession(address, port, user=make_user(options), timeout=options.timeout_seconds)
    community = options.community.get_secret_value() if options.community else ""
    version = _VERSIONS[options.version]
    return SnmpSession(address, port, community=community, version=version, timeout=options.timeout_seconds)
