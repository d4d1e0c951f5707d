"""Watches the processes of a soak: when one that was killed or hangs is gone, and when another one answers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psutil

from tests.soak.deck import Kind
from tests.soak.seen import Fault
from tests.soak.stack import SoakStack

_LOOK_SECONDS = 0.25


@dataclass(slots=True)
class _Open:
    """A fault whose process is not back yet."""

    fault: Fault
    process: psutil.Process | None
    began: float


@dataclass(slots=True)
class Watch:
    """Keeps every fault of a soak and every refresh that was wished for, and looks after faults that are not over."""

    stack: SoakStack
    say: Callable[[str], None]
    faults: list[Fault] = field(default_factory=list)
    wished: set[datetime] = field(default_factory=set)
    _open: dict[str, _Open] = field(default_factory=dict)

    def note(self, kind: Kind, target: str, pid: int | None = None) -> Fault:
        """Take down what was done just now; the process of `pid` is the one that has to be replaced."""
        fault = Fault(kind, target, datetime.now(UTC))
        self.faults.append(fault)
        if pid is not None:
            self._open[target] = _Open(fault, _find(pid), time.monotonic())
        return fault

    def is_over(self, target: str) -> bool:
        """Whether no process of this name is still to come back."""
        return target not in self._open

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            for target, one in list(self._open.items()):
                await self._look(target, one)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self, target: str, one: _Open) -> None:
        if one.process is not None and _runs(one.process):
            return
        if one.fault.noticed_seconds is None:
            one.fault.noticed_seconds = time.monotonic() - one.began
        if await self.stack.answers(target):
            one.fault.back_seconds = time.monotonic() - one.began
            one.fault.ended = datetime.now(UTC)
            del self._open[target]
            self.say(f"  {target} is back after {one.fault.back_seconds:.1f} s")


def _find(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
