"""A thousand pings: the driver `icmp` beside fping, interleaved in one run, on addresses of this machine."""

import asyncio
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.table import Figure
from dashnet.reading import State
from dashnet.settings import Settings
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.icmp import IcmpDriver, IcmpOptions
from services.network.drivers.names import Names

ADDRESSES = [f"127.1.{number >> 8}.{number & 255}" for number in range(1, 1001)]
ROUNDS = 9
INTERVAL_SECONDS = 0.2
MOST_OF_FPING = 1.5
NO_FPING = "it needs fping to stand beside (on Debian and Ubuntu: apt-get install fping)"


@dataclass(frozen=True, slots=True)
class Cost:
    """What it took to ping all addresses."""

    wall_seconds: float
    cpu_seconds: float


async def measure_pings() -> list[Figure]:
    """As the driver does it by default, three packets to each, and for comparison one to each, all at once.

    The bound is that of the first: a burst of single packets shows little but the speed of two languages. fping sends
    as fast as it can (`-i 0`), which only root may; its start and its list of results are in its figures. Where it is
    missing there is nothing to compare with, and only ours are measured.
    """
    fping = shutil.which("fping")
    if fping is None:
        print(f"fping is left out: {NO_FPING}", file=sys.stderr)
    return await asyncio.to_thread(_measure_both, fping)


def _measure_both(fping: str | None) -> list[Figure]:
    figures = []
    settings = Settings(_env_file=None)
    limits = ReadLimits(settings.driver_concurrency, settings.driver_timeout_seconds, settings.read_deadline_seconds)
    for packets in (3, 1):
        ours, theirs = [], []
        # The service runs on uvloop too.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            driver = IcmpDriver(Names(), limits)
            runner.run(_ping_all(driver, packets))
            for _ in range(ROUNDS):
                ours.append(runner.run(_ping_all(driver, packets)))
                theirs += [_run_fping(fping, packets)] if fping else []
        figures += _to_figures(packets, ours, theirs)
    return figures


async def _ping_all(driver: IcmpDriver, packets: int) -> Cost:
    options = IcmpOptions(packets=packets, interval_seconds=INTERVAL_SECONDS)
    targets = [Target(number, "Server", address, "icmp", options, None) for number, address in enumerate(ADDRESSES)]
    began, cpu = time.perf_counter(), time.process_time()
    readings = await driver.read(targets, {})
    cost = Cost(time.perf_counter() - began, time.process_time() - cpu)
    lost = [reading for reading in readings if reading.state is not State.UP or reading.loss_ratio]
    if lost:
        raise RuntimeError(f"{len(lost)} of {len(readings)} lost packets: {lost[0].error}")
    return cost


def _run_fping(fping: str, packets: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "addresses"
        file.write_text("\n".join(ADDRESSES))
        command = [fping, "-q", "-i", "0", "-t", "2000", "-C", str(packets), "-p", f"{INTERVAL_SECONDS * 1000:g}"]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        ended = subprocess.run([*command, "-f", str(file)], capture_output=True, text=True, timeout=60)
        wall_seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    answered = [line for line in ended.stderr.splitlines() if " : " in line and " -" not in line]
    if len(answered) != len(ADDRESSES):
        raise RuntimeError(f"fping reached {len(answered)} addresses: {ended.stderr[:200]}")
    return Cost(wall_seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _to_figures(packets: int, ours: Sequence[Cost], theirs: Sequence[Cost]) -> list[Figure]:
    what = f"1,000 addresses, {packets} packet{'s' if packets > 1 else ''} to each"
    wall = statistics.median(cost.wall_seconds for cost in ours)
    cpu = statistics.median(cost.cpu_seconds for cost in ours)
    figures = [Figure(f"{what}: wall", wall * 1000, "ms"), Figure(f"{what}: CPU", cpu * 1000, "ms")]
    if theirs:
        their_wall = statistics.median(cost.wall_seconds for cost in theirs)
        their_cpu = statistics.median(cost.cpu_seconds for cost in theirs)
        figures += [
            Figure(f"{what}: fping, wall", their_wall * 1000, "ms"),
            Figure(f"{what}: fping, CPU", their_cpu * 1000, "ms"),
            Figure(f"{what}: wall, of fping's", wall / their_wall, "", at_most=MOST_OF_FPING if packets > 1 else None),
        ]
    return figures
