"""What a driver is: the one place where the kinds of devices meet the rest of the network service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from dashnet.errors import DeviceFailure, DeviceTimeout, DriverFault
from dashnet.reading import Reading, State, unread
from services.network.drivers.destination import Destination, find_destination
from services.network.drivers.internal_faults import FaultLog, ends_task

logger = logging.getLogger(__name__)

# So many readings begin before the answers to earlier ones are looked at: a round trip is not to be that of a crowd.
_BEGUN_AT_ONCE = 4
_FIRST, _USUAL, _LAST = range(3)
# A reading that was cancelled closes its sockets, and is over within this.
_GRACE_SECONDS = 1.0
_DOES_NOT_END = "a reading does not end though it was cancelled"


class DriverOptions(BaseModel):
    """Base of each driver's options: unknown names are refused, and what is typed `SecretStr` is kept as a secret."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def find_destination(self, ip_address: str) -> Destination:
        """Where secrets are sent; options that lead elsewhere than the usual names do have their own."""
        return find_destination(dict(self), ip_address)


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
    landed: asyncio.Future[Reading]
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    askers: int = 0
    has_begun: bool = False
    has_slot: bool = False
    is_over_time: bool = False

    def land(self, reading: Reading) -> None:
        """Hand the reading to those who wait, if it is the first."""
        if not self.landed.done():
            self.landed.set_result(reading)


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
        self._faults = FaultLog()
        # Readings that went on when they were cancelled, by device. Such a device is not read again meanwhile.
        self._stuck: dict[int, asyncio.Task[None]] = {}

    async def read(self, targets: Sequence[Target]) -> Sequence[Reading]:
        """One reading per target in their order, at the deadline at the latest.

        A device that does not answer is `down`; one that was not read in time, or not through a fault of ours, is
        `unknown`. Whatever the driver raises for a device is that device's fault alone.
        """
        if not targets:
            return []
        deadline = asyncio.get_running_loop().time() + self._limits.deadline_seconds
        flights: dict[int, _Flight] = {}
        try:
            in_turn = sorted(targets, key=lambda target: self._turns.get(target.device_id, _USUAL))
            for number, target in enumerate(in_turn, start=1):
                flights[target.device_id] = self._join(target)
                if number % _BEGUN_AT_ONCE == 0:
                    await asyncio.sleep(0)
            left = deadline - asyncio.get_running_loop().time()
            _, late = await asyncio.wait([flight.landed for flight in flights.values()], timeout=max(left, 0))
            if late:
                logger.warning("devices not read in time driver=%s count=%d", targets[0].driver, len(late))
            return [self._take(flights[target.device_id]) for target in targets]
        finally:
            await self._leave(flights.values())

    def _join(self, target: Target) -> _Flight:
        flight = self._flights.get(target.device_id)
        if flight is None or flight.landed.done() or flight.target != target:
            flight = self._begin(target, flight)
        flight.askers += 1
        return flight

    def _begin(self, target: Target, before: _Flight | None) -> _Flight:
        flight = _Flight(target, asyncio.get_running_loop().create_future())
        if target.device_id in self._stuck:
            self._stuck[target.device_id].cancel()
            flight.land(self._to_fault(target, _DOES_NOT_END))
            return flight
        self._flights[target.device_id] = flight
        flight.task = asyncio.create_task(self._read_in_turn(flight, before))
        flight.task.add_done_callback(partial(self._end, flight))
        return flight

    async def _read_in_turn(self, flight: _Flight, before: _Flight | None) -> None:
        if before is not None and not before.landed.done():
            await asyncio.wait([before.landed])
        await self._slots.acquire()
        flight.has_begun = flight.has_slot = True
        flight.timer = asyncio.get_running_loop().call_later(self._limits.timeout_seconds, self._end_time, flight)
        flight.land(await self._read_contained(flight))

    async def _read_contained(self, flight: _Flight) -> Reading:
        """The device's reading; also what is raised becomes one."""
        target = flight.target
        try:
            reading = await self._read_one(target)
            if not isinstance(reading, Reading):
                return self._to_fault(target, f"returned {type(reading).__qualname__}")
        except (DeviceTimeout, DeviceFailure) as failure:
            reading = unread(target.device_id, State.DOWN, datetime.now(UTC), failure.detail)
        except DriverFault as fault:
            reading = unread(target.device_id, State.UNKNOWN, datetime.now(UTC), fault.detail)
        except BaseException as error:
            return self._explain(flight, error)
        self._faults.heal(target.device_id)
        return reading

    def _explain(self, flight: _Flight, error: BaseException) -> Reading:
        target = flight.target
        if flight.is_over_time and isinstance(error, asyncio.CancelledError | TimeoutError):
            silence = f"no answer within {self._limits.timeout_seconds:g} s"
            return unread(target.device_id, State.DOWN, datetime.now(UTC), silence)
        if ends_task(error):
            raise error
        return self._to_fault(target, error)

    def _to_fault(self, target: Target, fault: BaseException | str) -> Reading:
        reason = self._faults.record(target.device_id, target.driver, fault, target.options)
        return unread(target.device_id, State.UNKNOWN, datetime.now(UTC), reason)

    def _end_time(self, flight: _Flight) -> None:
        """Break a reading off, and see that it ends."""
        if flight.task is not None:
            flight.is_over_time = True
            flight.task.cancel()
            flight.timer = asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._write_off, flight)

    def _write_off(self, flight: _Flight) -> None:
        """Go on without a reading that does not end though it was cancelled."""
        if flight.task is not None and not flight.task.done():
            self._stuck[flight.target.device_id] = flight.task
            self._give_slot_back(flight)
            flight.land(self._to_fault(flight.target, _DOES_NOT_END))

    def _give_slot_back(self, flight: _Flight) -> None:
        if flight.has_slot:
            flight.has_slot = False
            self._slots.release()

    def _end(self, flight: _Flight, task: asyncio.Task[None]) -> None:
        """Tidy up behind a reading's task, however it ended."""
        if flight.timer is not None:
            flight.timer.cancel()
        if self._stuck.get(flight.target.device_id) is task:
            del self._stuck[flight.target.device_id]
        self._give_slot_back(flight)
        if not flight.landed.done():
            flight.landed.cancel()

    def _take(self, flight: _Flight) -> Reading:
        if not flight.landed.done() or flight.landed.cancelled():
            self._turns[flight.target.device_id] = _FIRST
            return unread(flight.target.device_id, State.UNKNOWN, datetime.now(UTC), self._explain_late(flight))
        reading = flight.landed.result()
        self._turns.pop(flight.target.device_id, None)
        if reading.state is State.DOWN:
            self._turns[flight.target.device_id] = _LAST
        return reading

    def _explain_late(self, flight: _Flight) -> str:
        turn = f"its turn came; {self._limits.concurrency} devices are read at the same time"
        before = "it had answered" if flight.has_begun else turn
        return f"not read in time: {self._limits.deadline_seconds:g} s were over before {before}"

    async def _leave(self, flights: Iterable[_Flight]) -> None:
        """Give up what nobody waits for any more, and see it end."""
        given_up = []
        for flight in flights:
            flight.askers -= 1
            if flight.askers:
                continue
            if self._flights.get(flight.target.device_id) is flight:
                del self._flights[flight.target.device_id]
            if flight.task is not None and not flight.landed.done():
                flight.task.cancel()
                given_up.append(flight)
        if given_up:
            await asyncio.wait([flight.landed for flight in given_up], timeout=_GRACE_SECONDS)
            for flight in given_up:
                self._write_off(flight)
