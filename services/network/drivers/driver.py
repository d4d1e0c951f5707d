"""What a driver is: the one place where the kinds of devices meet the rest of the network service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from dashnet.errors import DeviceFailure, DeviceTimeout, DriverFault
from dashnet.reading import Reading, State, unread

logger = logging.getLogger(__name__)

# So many readings begin before the answers to earlier ones are looked at: a round trip is not to be that of a crowd.
_BEGUN_AT_ONCE = 4
_FIRST, _USUAL, _LAST = range(3)


class DriverOptions(BaseModel):
    """Base of each driver's options: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Target:
    """A device as its driver sees it."""

    device_id: int
    device_type: str
    ip_address: str
    driver: str
    options: DriverOptions
    parent_id: int | None


class Driver(Protocol):
    """Reads one kind of device. Each lies in a file of its own and imports no FastAPI, SQLModel or Redis."""

    name: str

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:
        """Read all `targets` now, one reading each in the same order.

        A device that does not answer is a reading; nothing but a bug of ours is raised. `inventory` holds every
        device, for a driver that looks at parents.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How many devices of a driver are read at the same time, and how long one of them and a whole request may take."""

    concurrency: int
    timeout_seconds: float
    deadline_seconds: float = 40.0


ReadOne = Callable[[Target], Awaitable[Reading]]


@dataclass(eq=False, slots=True)
class _Flight:
    """A reading on its way; whoever asks for the same device meanwhile waits for the same one."""

    target: Target
    task: asyncio.Task[Reading] | None = None
    askers: int = 0
    has_begun: bool = False

    @property
    def is_open(self) -> bool:
        return self.task is not None and not self.task.done()


class DeviceReads:
    """Reads one driver's devices one by one, within limits that hold for all who ask at the same time.

    A device is read once at a time. Those that were not read in time come first the next time, and those that gave no
    answer come last, so that a slow tenth costs nobody else the turn.
    """

    def __init__(self, read_one: ReadOne, limits: ReadLimits) -> None:
        self._read_one = read_one
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.concurrency)
        self._flights: dict[int, _Flight] = {}
        self._turns: dict[int, int] = {}

    async def read(self, targets: Sequence[Target]) -> Sequence[Reading]:
        """One reading per target in their order, at the deadline at the latest.

        A device that does not answer is `down`; one that was not read in time, or not through a fault of ours, is
        `unknown`. Only a bug of ours is raised.
        """
        if not targets:
            return []
        deadline = asyncio.get_running_loop().time() + self._limits.deadline_seconds
        flights: dict[int, _Flight] = {}
        try:
            for number, target in enumerate(sorted(targets, key=self._turn_of), start=1):
                flights[target.device_id] = self._join(target)
                if number % _BEGUN_AT_ONCE == 0:
                    await asyncio.sleep(0)
            left = deadline - asyncio.get_running_loop().time()
            tasks = [flight.task for flight in flights.values() if flight.task]
            _, late = await asyncio.wait(tasks, timeout=max(left, 0))
            if late:
                logger.warning("devices not read in time driver=%s count=%d", targets[0].driver, len(late))
            return [self._take(flights[target.device_id]) for target in targets]
        finally:
            await self._leave(flights.values())

    def _turn_of(self, target: Target) -> int:
        return self._turns.get(target.device_id, _USUAL)

    def _join(self, target: Target) -> _Flight:
        flight = self._flights.get(target.device_id)
        if flight is None or not flight.is_open or flight.target != target:
            before = flight.task if flight and flight.is_open else None
            flight = self._flights[target.device_id] = _Flight(target)
            flight.task = asyncio.create_task(self._read_in_turn(flight, before))
        flight.askers += 1
        return flight

    async def _read_in_turn(self, flight: _Flight, before: asyncio.Task[Reading] | None) -> Reading:
        if before is not None:
            await asyncio.wait([before])
        async with self._slots:
            flight.has_begun = True
            return await _read_within(self._read_one, flight.target, self._limits.timeout_seconds)

    def _take(self, flight: _Flight) -> Reading:
        device_id, task = flight.target.device_id, flight.task
        if task is None or not task.done():
            self._turns[device_id] = _FIRST
            return unread(device_id, State.UNKNOWN, datetime.now(UTC), self._explain_late(flight))
        reading = task.result()
        if reading.state is State.DOWN:
            self._turns[device_id] = _LAST
        else:
            self._turns.pop(device_id, None)
        return reading

    def _explain_late(self, flight: _Flight) -> str:
        within = f"not read in time: {self._limits.deadline_seconds:g} s were over"
        if flight.has_begun:
            return f"{within} before it had answered"
        return f"{within} before its turn came; {self._limits.concurrency} devices are read at the same time"

    async def _leave(self, flights: Iterable[_Flight]) -> None:
        """Give up what nobody waits for any more, and see it end."""
        given_up = []
        for flight in flights:
            flight.askers -= 1
            if flight.askers or flight.task is None:
                continue
            if self._flights.get(flight.target.device_id) is flight:
                del self._flights[flight.target.device_id]
            if flight.is_open:
                flight.task.cancel()
                given_up.append(flight.task)
            elif not flight.task.cancelled():
                # One bug was raised; the others are told as it is.
                flight.task.exception()
        await asyncio.gather(*given_up, return_exceptions=True)


async def read_each(read_one: ReadOne, targets: Sequence[Target], limits: ReadLimits) -> Sequence[Reading]:
    """As `DeviceReads`, with limits for this call alone."""
    return await DeviceReads(read_one, limits).read(targets)


async def _read_within(read_one: ReadOne, target: Target, timeout_seconds: float) -> Reading:
    """Errors of a device become its reading."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await read_one(target)
    except TimeoutError:
        return unread(target.device_id, State.DOWN, datetime.now(UTC), f"no answer within {timeout_seconds:g} s")
    except (DeviceTimeout, DeviceFailure) as failure:
        return unread(target.device_id, State.DOWN, datetime.now(UTC), failure.detail)
    except DriverFault as fault:
        return unread(target.device_id, State.UNKNOWN, datetime.now(UTC), fault.detail)
