"""Tries several addresses of one name, the next one early: a dead address costs a fraction of a second, not a time-out.

For the drivers that connect (`http`, `tcp`); the order is that in which the system would try them. RFC 8305 describes
the idea ("happy eyeballs").
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from dashnet.errors import DeviceFailure, DriverError

NEXT_SECONDS = 0.25
_Connected = TypeVar("_Connected")
_Connect = Callable[[str], Awaitable[_Connected]]


async def connect_early(
    addresses: Sequence[str],
    connect: _Connect[_Connected],
    within_seconds: float,
    discard: Callable[[_Connected], None] = lambda _: None,
) -> _Connected:
    """Return what the first successful `connect(address)` returns.

    The next address is tried once an attempt has failed, or 250 ms after the last one began (sooner where
    `within_seconds`, which the caller holds to, would not reach for all). Attempts that are no longer needed are
    cancelled; `discard` closes what one of them had connected all the same.

    Raises:
        DriverError: no attempt succeeded; of the last address that has a fault of its own, else of this machine.
    """
    if len(addresses) == 1:
        return await connect(addresses[0])
    seconds = min(NEXT_SECONDS, within_seconds / (2 * len(addresses)))
    attempts: list[asyncio.Task[_Connected]] = []
    winner: asyncio.Task[_Connected] | None = None
    try:
        for address in addresses:
            attempts.append(asyncio.create_task(_attempt(connect, address)))
            winner = await _first_connected(attempts, seconds)
            if winner is not None:
                break
        winner = winner or await _first_connected(attempts, None)
    finally:
        await _give_up([attempt for attempt in attempts if attempt is not winner], discard)
    if winner is not None:
        return winner.result()
    raise _worst([attempt.exception() for attempt in attempts])


async def _attempt(connect: _Connect[_Connected], address: str) -> _Connected:
    return await connect(address)


async def _first_connected(
    attempts: Sequence["asyncio.Task[_Connected]"], seconds: float | None
) -> "asyncio.Task[_Connected] | None":
    """Wait until one has connected, the newest has failed, all have failed, or the time is over."""
    open_attempts = {attempt for attempt in attempts if not attempt.done()}
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    while open_attempts:
        left = None if end is None else max(end - loop.time(), 0)
        ended, open_attempts = await asyncio.wait(open_attempts, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for attempt in ended:
            if attempt.exception() is None:
                return attempt
        if not ended or (seconds is not None and attempts[-1] in ended):
            return None
    return None


async def _give_up(attempts: Sequence["asyncio.Task[_Connected]"], discard: Callable[[_Connected], None]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if not isinstance(outcome, BaseException):
            discard(outcome)


def _worst(errors: Sequence[BaseException | None]) -> BaseException:
    """A bug of ours before all else; then what tells of the device rather than of this machine."""
    bugs = [error for error in errors if not isinstance(error, DriverError)]
    failures = [error for error in errors if isinstance(error, DeviceFailure)]
    chosen = (bugs or failures or list(errors))[-1]
    assert chosen is not None
    return chosen
