"""Keeps what a driver does wrong to the device that it does it with, whatever it is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dashnet.errors import DeviceTimeout, DriverError, DriverFault
from dashnet.reading import Reading, State, unread
from services.network.drivers.driver import Driver, Target
from services.network.drivers.facts import Describer, Facts
from services.network.drivers.internal_faults import FaultLog, ends_task
from services.network.drivers.secret_words import blot_out
from services.network.soundness import are_sound, explain_unsound, match, with_clean_facts, with_clean_words

# A driver keeps to its deadline by itself, and tidies up in this time; one that does not is left behind.
GRACE_SECONDS = 2.5
# A driver that fails as a whole is asked for halves, and for halves of those, until the bad device is alone.
_MOST_CALLS = 64
# With so many calls that went on when they were cancelled a driver is not called again.
_MOST_STUCK = 4


@dataclass(frozen=True, slots=True)
class _Fault:
    cause: BaseException | str


class Containment:
    """Calls drivers. A device of which one raises, hangs or returns nonsense is `unknown`; the others are read."""

    def __init__(self, deadline_seconds: float) -> None:
        self._deadline_seconds = deadline_seconds
        self._faults = FaultLog()
        self._stuck: dict[str, set[asyncio.Task[object]]] = {}
        self._given_up: set[asyncio.Task[object]] = set()

    async def read(
        self, driver: Driver, targets: Sequence[Target], inventory: Mapping[int, Target]
    ) -> Mapping[int, Reading]:
        """A reading of each target, by its device, in time. Nothing that the driver raises is raised."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._deadline_seconds
        found: dict[int, Reading] = {}
        waiting, calls = [targets], 0
        while waiting:
            part, calls = waiting.pop(), calls + 1
            batch = await self._call(driver, part, inventory, end - loop.time())
            has_failed = isinstance(batch, _Fault) and isinstance(batch.cause, BaseException)
            if has_failed and len(part) > 1 and calls < _MOST_CALLS:
                waiting += [part[: len(part) // 2], part[len(part) // 2 :]]
            else:
                found.update(self._check(part, batch))
        return found

    async def describe(self, describer: Describer, target: Target) -> Facts:
        """What a device says of itself.

        Raises:
            DriverError: it could not be asked.
        """
        try:
            async with asyncio.timeout(self._deadline_seconds) as limit:
                return with_clean_facts(await describer.describe(target))
        except DriverError as error:
            # A driver may quote what it was given.
            raise type(error)(blot_out(error.detail, target.options)) from None
        except BaseException as error:
            if ends_task(error):
                raise
            if limit.expired():
                raise DeviceTimeout(f"no answer within {self._deadline_seconds:g} s") from error
            raise DriverFault(self._faults.record(target.device_id, target.driver, error, target.options)) from error

    async def _call(
        self, driver: Driver, targets: Sequence[Target], inventory: Mapping[int, Target], seconds: float
    ) -> object:
        stuck = self._stuck.setdefault(driver.name, set())
        if len(stuck) >= _MOST_STUCK:
            return _Fault("its earlier readings do not end though they were cancelled")
        task = asyncio.create_task(_read(driver, targets, inventory))
        behind = self._given_up
        try:
            await asyncio.wait([task], timeout=max(seconds, 0))
            # Counted anew, so that a machine that stood still gets the time to finish.
            await asyncio.wait([task], timeout=GRACE_SECONDS)
            behind = stuck
            return task.result() if task.done() else _Fault(f"gave no readings within {self._deadline_seconds:g} s")
        finally:
            if not task.done():
                behind.add(task)
                task.add_done_callback(behind.discard)
                task.cancel()

    def _check(self, targets: Sequence[Target], batch: object) -> Mapping[int, Reading]:
        """The readings by device; what is none that can be stored is replaced."""
        if isinstance(batch, _Fault):
            return {target.device_id: self._to_fault(target, batch.cause) for target in targets}
        if not isinstance(batch, Sequence):
            return self._check(targets, _Fault(f"returned {type(batch).__qualname__}"))
        if are_sound(targets, batch):
            for target in targets if self._faults.has_any else ():
                self._faults.heal(target.device_id)
            return {reading.device_id: reading for reading in batch}
        given = match(targets, batch)
        return {target.device_id: self._check_one(target, given.get(target.device_id)) for target in targets}

    def _check_one(self, target: Target, given: object) -> Reading:
        reason = explain_unsound(given)
        if reason is not None or not isinstance(given, Reading):
            return self._to_fault(target, reason or "")
        self._faults.heal(target.device_id)
        return with_clean_words(given)

    def _to_fault(self, target: Target, fault: BaseException | str) -> Reading:
        reason = self._faults.record(target.device_id, target.driver, fault, target.options)
        return unread(target.device_id, State.UNKNOWN, datetime.now(UTC), reason)


async def _read(driver: Driver, targets: Sequence[Target], inventory: Mapping[int, Target]) -> object:
    """What a driver returned, or what it raised."""
    try:
        return await driver.read(targets, inventory)
    except BaseException as error:
        if ends_task(error):
            raise
        return _Fault(error)
