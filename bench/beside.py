"""CPU of a refresh of 10,000 devices beside another commit's: `python -m bench.beside COMMIT`.

Both stacks run at the same time, on the same machine and the same packages, and refresh in turns.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench.refresh import time_refresh
from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure, print_figures

DEVICES, TURNS, REFRESHES_EACH = 10_000, 9, 4
_TURN_SECONDS = 20
_SIGNS = {
    "network service": "services.network.main:app",
    "worker": "workers.main",
    "app service": "services.app.main:app",
    "Postgres": "postgres",
}
_READING = ("network service", "worker")


@dataclass(frozen=True, slots=True)
class _Side:
    """A running stack, and the CPU of a refresh of each of its processes, turn by turn."""

    stack: Stack
    live: ClientConnection
    seconds: dict[str, list[float]] = field(default_factory=dict)

    async def take_turn(self) -> None:
        before = self._read_cpu()
        for _ in range(REFRESHES_EACH):
            await time_refresh(self.stack, self.live, DEVICES)
        for name, seconds in self._read_cpu().items():
            self.seconds.setdefault(name, []).append((seconds - before[name]) / REFRESHES_EACH)

    def _read_cpu(self) -> dict[str, float]:
        return {name: _cpu_seconds(self.stack.find_process(sign)) for name, sign in _SIGNS.items()}


def _cpu_seconds(process: psutil.Process) -> float:
    """CPU of a process and its children; Postgres has one for each connection."""
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children()))


async def measure_beside(commit: str) -> list[Figure]:
    """Medians of the turns, and of the ratios of each turn to the one beside it."""
    with _check_out(commit) as code:
        async with (
            run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as new,
            run_stack(None, code, DEMO_DEVICES=0, HOST_DEVICE="false") as old,
        ):
            for stack in (new, old):
                await add_devices(stack, DEVICES)
                await wait_for_devices(stack, DEVICES)
            async with (
                connect(new.live_url, max_size=None, compression=None) as ours,
                connect(old.live_url, max_size=None, compression=None) as theirs,
            ):
                now, then = _Side(new, ours), _Side(old, theirs)
                await _take_turns(now, then)
    return [*_compare(now, then, commit)]


async def _take_turns(now: _Side, then: _Side) -> None:
    for number in range(1 + TURNS):
        for side in (now, then) if number % 2 else (then, now):
            # A turn takes some seconds, and none is to meet a scheduled refresh.
            until_fifth_second = (5 - time.time()) % 60
            await asyncio.sleep(until_fifth_second if until_fifth_second < _TURN_SECONDS else 0)
            await side.take_turn()
        if number == 0:
            # The first refreshes of a process are dearer.
            now.seconds.clear()
            then.seconds.clear()


def _compare(now: _Side, then: _Side, commit: str) -> Iterator[Figure]:
    for name in _SIGNS:
        yield Figure(f"{name}: CPU of a refresh, this code", median(now.seconds[name]) * 1000, "ms")
        yield Figure(f"{name}: CPU of a refresh, {commit}", median(then.seconds[name]) * 1000, "ms")
    ratios = [ours / theirs for ours, theirs in zip(_sum(now), _sum(then), strict=True)]
    yield Figure(f"{' and '.join(_READING)}: this code beside {commit}", median(ratios), "times", at_most=1.05)
    yield Figure("the turn with the least", min(ratios), "times")
    yield Figure("the turn with the most", max(ratios), "times")


def _sum(side: _Side) -> list[float]:
    return [sum(turn) for turn in zip(*(side.seconds[name] for name in _READING), strict=True)]


@contextmanager
def _check_out(commit: str) -> Iterator[Path]:
    """A worktree of this commit until the block ends."""
    with tempfile.TemporaryDirectory(prefix="dashnet-bench-") as temporary:
        folder = Path(temporary) / "code"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(folder), commit], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(folder)], check=True)


if __name__ == "__main__":
    print_figures(asyncio.run(measure_beside(sys.argv[1])))
