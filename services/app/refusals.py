"""Refused control messages by the address they came from: how many wrong passwords, and what the log says of them."""

import asyncio
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

# An address is forgotten so long after its first refusal.
REMEMBERED_SECONDS = 60.0
MOST_WRONG_PASSWORDS = 10
# One connection may send fewer, for a person who mistypes has several connections at most.
MOST_WRONG_PASSWORDS_A_CONNECTION = 5
# Where more addresses than this are refused within the time, the first of them are forgotten early.
MOST_ADDRESSES = 10_000
_LOOK_SECONDS = 5.0
# Whoever has an IPv6 address has all of its /64.
_IPV6_PREFIX = 64


@dataclass(slots=True)
class _Window:
    began_at: float
    counts: Counter[str] = field(default_factory=Counter)


class Refusals:
    """Refusals of the last minute. The first of a kind from an address is logged at once, the others are summed up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def note(self, code: str, host: str | None) -> None:
        """Take in one more."""
        self.sum_up()
        address = group_address(host)
        window = self._windows.setdefault(address, _Window(self._clock()))
        window.counts[code] += 1
        if window.counts[code] == 1:
            logger.warning("control message refused code=%s address=%s", code, address)
        if len(self._windows) > MOST_ADDRESSES:
            self._end(next(iter(self._windows)))

    def is_over_bound(self, host: str | None) -> bool:
        """Whether so many wrong passwords came from an address that for now no other is looked at."""
        self.sum_up()
        window = self._windows.get(group_address(host))
        return window is not None and window.counts["wrong_password"] >= MOST_WRONG_PASSWORDS

    def sum_up(self) -> None:
        """Forget the addresses whose time is over, with one line each for what was not logged yet."""
        earliest = self._clock() - REMEMBERED_SECONDS
        # They stand in the order in which they came.
        while self._windows:
            address = next(iter(self._windows))
            if self._windows[address].began_at > earliest:
                return
            self._end(address)

    async def keep_summed_up(self) -> None:
        """Sum up again and again until cancelled; then everything."""
        try:
            while True:
                await asyncio.sleep(_LOOK_SECONDS)
                self.sum_up()
        finally:
            for address in list(self._windows):
                self._end(address)

    def _end(self, address: str) -> None:
        window = self._windows.pop(address)
        seconds = self._clock() - window.began_at
        for code, count in window.counts.items():
            if count > 1:
                logger.warning(
                    "control messages refused code=%s address=%s count=%d seconds=%.0f", code, address, count, seconds
                )


def group_address(host: str | None) -> str:
    """The address, or the /64 that an IPv6 address lies in; IPv4 in its IPv6 form is IPv4."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_PREFIX), strict=False))
