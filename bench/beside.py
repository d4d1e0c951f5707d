"""A refresh of 10,000 devices beside another commit's: `python -m bench.beside COMMIT [--devices N] [--turns N]`.

Both stacks run at the same time, on the same machine and the same packages, and refresh in turns.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import truediv
from pathlib import Path
from statistics import median

import psutil
from websockets.asyncio.client import ClientConnection, connect

from bench.refresh import time_refresh
from bench.stack import Stack, add_devices, run_stack, wait_for_devices
from bench.table import Figure, print_figures

REFRESHES_EACH = 4
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
    """A running stack, the CPU of a refresh of each of its processes, and how long all took, turn by turn."""

    stack: Stack
    live: ClientConnection
    seconds: dict[str, list[float]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    async def take_turn(self, devices: int) -> None:
        before = self._read_cpu()
        times = [await time_refresh(self.stack, self.live, devices) for _ in range(REFRESHES_EACH)]
        self.times.append(median(times))
        for name, seconds in self._read_cpu().items():
            self.seconds.setdefault(name, []).append((seconds - before[name]) / REFRESHES_EACH)

    def _read_cpu(self) -> dict[str, float]:
        return {name: _cpu_seconds(self.stack.find_process(sign)) for name, sign in _SIGNS.items()}


def _cpu_seconds(process: psutil.Process) -> float:
    """CPU of a process and its children; Postgres has one for each connection."""
    return sum(sum(one.cpu_times()[:4]) for one in (process, *process.children()))


async def measure_beside(commit: str, devices: int, turns: int) -> list[Figure]:
    """Medians of the turns, and of the ratios of each turn to the one beside it."""
    with _check_out(commit) as code:
        async with (
            run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as new,
            run_stack(None, code, DEMO_DEVICES=0, HOST_DEVICE="false") as old,
        ):
            for stack in (new, old):
                await add_devices(stack, devices)
                await wait_for_devices(stack, devices)
            async with (
                connect(new.live_url, max_size=None, compression=None) as ours,
                connect(old.live_url, max_size=None, compression=None) as theirs,
            ):
                now, then = _Side(new, ours), _Side(old, theirs)
                await _take_turns(now, then, devices, turns)
    return [*_compare(now, then, commit)]


async def _take_turns(now: _Side, then: _Side, devices: int, turns: int) -> None:
    for number in range(1 + turns):
        for side in (now, then) if number % 2 else (then, now):
            # A turn takes some seconds, and none is to meet a scheduled refresh.
            until_fifth_second = (5 - time.time()) % 60
            await asyncio.sleep(until_fifth_second if until_fifth_second < _TURN_SECONDS else 0)
            await side.take_turn(devices)
        if number == 0:
            # The first refreshes of a process are dearer.
            for side in (now, then):
                side.seconds.clear()
                side.times.clear()


def _compare(now: _Side, then: _Side, commit: str) -> Iterator[Figure]:
    for name in _SIGNS:
        yield Figure(f"{name}: CPU of a refresh, this code", median(now.seconds[name]) * 1000, "ms")
        yield Figure(f"{name}: CPU of a refresh, {commit}", median(then.seconds[name]) * 1000, "ms")
    ratios = [ours / theirs for ours, theirs in zip(_sum(now), _sum(then), strict=True)]
    yield Figure(f"{' and '.join(_READING)}: this code beside {commit}", median(ratios), "times", at_most=1.05)
    yield Figure("the turn with the least", min(ratios), "times")
    yield Figure("the turn with the most", max(ratios), "times")
    yield Figure("job start to received, this code", median(now.times), "s")
    yield Figure(f"job start to received, {commit}", median(then.times), "s")
    yield Figure("the one beside the other", median(map(truediv, now.times, then.times)), "times")


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


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description="A refresh beside another commit's.")
    parser.add_argument("commit", help="an earlier commit, as git knows it")
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=9, help="how many turns of four refreshes each side takes")
    given = parser.parse_args()
    print_figures(asyncio.run(measure_beside(given.commit, given.devices, given.turns)))


if __name__ == "__main__":
    main()
