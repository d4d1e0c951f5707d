"""Driver `host`: this machine itself, from the byte counters of its interfaces."""

import asyncio
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Protocol

import psutil
from pydantic import Field, StringConstraints

from dashnet.errors import DriverFault
from dashnet.reading import Reading, State
from services.network.counters import SHORTEST_SECONDS, Octets, Rate, Sample, rate_between
from services.network.drivers.driver import DriverOptions, ReadLimits, Target, read_each

NAME = "host"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_IDLE = Rate(0.0, 0.0)


class HostOptions(DriverOptions):
    """Which interfaces to sum; null: all that are up, loopback aside where there is any other."""

    interfaces: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=64
    )


class Samples(Protocol):
    """Where the last counters of each device lie, shared by all replicas."""

    async def get(self, device_id: int) -> Sample | None:
        """The last sample; None where there is none."""
        ...

    async def put(self, device_id: int, sample: Sample) -> None:
        """Keep this one in its place."""
        ...


class HostDriver:
    """Reads this machine's interface counters; the rate is the mean since the last sample."""

    name = NAME

    def __init__(self, samples: Samples, limits: ReadLimits) -> None:
        self._samples = samples
        self._limits = limits

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target; two of them on one machine each have a sample of their own."""
        return await read_each(self._read_one, targets, self._limits)

    async def _read_one(self, target: Target) -> Reading:
        options = target.options
        assert isinstance(options, HostOptions)
        later = await asyncio.to_thread(take_sample, options.interfaces)
        earlier = await self._samples.get(target.device_id)
        if _is_too_soon(earlier, later):
            rate = earlier.rate if earlier else None
        else:
            rate = rate_between(earlier, later)
            await self._samples.put(target.device_id, replace(later, rate=rate))
        shown = rate or _IDLE
        return Reading(target.device_id, State.UP, shown.upload_speed, shown.download_speed, None, datetime.now(UTC))


def _is_too_soon(earlier: Sample | None, later: Sample) -> bool:
    same_clock = earlier is not None and earlier.clock == later.clock
    return earlier is not None and same_clock and 0 <= later.at_seconds - earlier.at_seconds < SHORTEST_SECONDS


def take_sample(interfaces: Sequence[str] | None) -> Sample:
    """The counters of the chosen interfaces now.

    Raises:
        DriverFault: this machine has no interface of such a name.
    """
    counters = psutil.net_io_counters(pernic=True, nowrap=False)
    chosen = _choose(interfaces, counters.keys())
    octets = {name: Octets(counters[name].bytes_sent, counters[name].bytes_recv) for name in chosen}
    return Sample(_clock(), time.monotonic(), octets)


def _choose(wanted: Sequence[str] | None, present: Collection[str]) -> Sequence[str]:
    if wanted is not None:
        missing = [name for name in wanted if name not in present]
        if missing:
            raise DriverFault(
                f"no interface {', '.join(missing)} on this machine; it has: {', '.join(sorted(present))}"
            )
        return list(dict.fromkeys(wanted))
    interfaces = psutil.net_if_stats()
    up = [name for name in present if name in interfaces and interfaces[name].isup]
    physical = [name for name in up if "loopback" not in interfaces[name].flags.split(",")]
    return physical or up


@lru_cache(maxsize=1)
def _clock() -> str:
    """This boot of this machine: the monotonic clock begins anew with each, and each machine has its own."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else str(round(psutil.boot_time()))
    return f"{socket.gethostname()}/{boot}"
