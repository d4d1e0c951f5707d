"""Faults of our own that a driver meets at one device: the words for them, and a log that does not repeat itself."""

import asyncio
import logging
import traceback
from collections import OrderedDict

from pydantic import BaseModel

from services.network.drivers.secret_words import blot_out

logger = logging.getLogger(__name__)

_MOST_DEVICES = 100_000
_MOST_FRAMES = 20
_MOST_CHARACTERS = 16_000


def internal_fault(driver: str) -> str:
    """The reason that people see where a driver did what it must not."""
    return f"internal fault of driver {driver}; see the network service's log"


def ends_task(error: BaseException) -> bool:
    """Whether this error ends the task that runs, as a cancellation does, and is no fault of what runs in it.

    Bindings to Rust raise their panics as a `BaseException`, so that one is caught where drivers are called.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, GeneratorExit | KeyboardInterrupt)


class FaultLog:
    """Logs a device's fault once with its trace; again when it is another one, or after the device was read."""

    def __init__(self, most_devices: int = _MOST_DEVICES) -> None:
        self._most_devices = most_devices
        self._kinds: OrderedDict[int, str] = OrderedDict()

    def record(self, device_id: int, driver: str, fault: BaseException | str, *options: BaseModel) -> str:
        """Log a fault unless it is this device's last one; return the reason that people see.

        Args:
            device_id: Which device, or another number that stands for what failed.
            driver: Its name.
            fault: What was raised, or what is wrong in words.
            options: Secrets in these stay out of the log, also where the fault quotes them.
        """
        kind = _kind_of(fault)
        if self._kinds.get(device_id) != kind:
            words = _describe(fault)
            for one in options:
                words = blot_out(words, one)
            logger.error("internal fault device=%d driver=%s: %s", device_id, driver, words)
            self._kinds[device_id] = kind
        self._kinds.move_to_end(device_id)
        if len(self._kinds) > self._most_devices:
            self._kinds.popitem(last=False)
        return internal_fault(driver)

    @property
    def has_any(self) -> bool:
        """Whether any device has a fault."""
        return bool(self._kinds)

    def heal(self, device_id: int) -> None:
        """Forget a device's fault, now that it was read."""
        self._kinds.pop(device_id, None)


def _kind_of(fault: BaseException | str) -> str:
    if isinstance(fault, str):
        return fault
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    # The frame in which a recursion ends is a matter of chance.
    place = "" if isinstance(fault, RecursionError) else _place_of(fault)
    return f"{type(fault).__qualname__}{place}"


def _place_of(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f" {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _describe(fault: BaseException | str) -> str:
    if isinstance(fault, str):
        return fault
    return "\n" + "".join(traceback.format_exception(fault, limit=-_MOST_FRAMES))[-_MOST_CHARACTERS:].rstrip()
