"""Driver `host`: this machine itself, from the counters of its interfaces."""

import asyncio
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Protocol

import psutil
from pydantic import Field, StringConstraints

from dashnet.errors import DriverFault
from dashnet.reading import InterfaceReading, Reading, State
from services.network.counters.following import explain, follow
from services.network.counters.values import Counters, Rates, Sample, sum_speeds
from services.network.drivers.driver import DeviceReads, DriverOptions, ReadLimits, Target
from services.network.drivers.layers import LOOPBACK_TYPE
from services.network.drivers.own_layers import find_own_repeats

NAME = "host"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NO_INTERFACES = "no interface of this machine is up"


class HostOptions(DriverOptions):
    """Which interfaces to sum; null: all that are up, loopback aside where there is any other."""

    interfaces: list[Annotated[str, StringConstraints(min_length=1, max_length=64)]] | None = Field(
        default=None, min_length=1, max_length=64
    )


class Samples(Protocol):
    """Where the last counters of each device lie, shared by all replicas."""

    async def get(self, device_ids: Sequence[int]) -> Mapping[int, Sample]:
        """The last samples of those of these devices that have one."""
        ...

    async def put(self, samples: Mapping[int, Sample]) -> None:
        """Keep these in their place."""
        ...


class HostDriver:
    """Reads this machine's interface counters; the rates are the means since the last sample."""

    name = NAME

    def __init__(self, samples: Samples, limits: ReadLimits) -> None:
        self._samples = samples
        self._reads = DeviceReads(self._read_one, limits)

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        """One reading per target; two of them on one machine each have a sample of their own."""
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        options = target.options
        assert isinstance(options, HostOptions)
        taken = await asyncio.to_thread(take_sample, options.interfaces)
        earlier = (await self._samples.get([target.device_id])).get(target.device_id)
        sample = follow(earlier, taken)
        if sample is not earlier:
            await self._samples.put({target.device_id: sample})
        rates = {name: sample.rates_of(name) for name in taken.interfaces}
        interfaces, repeats = await asyncio.to_thread(lambda: (read_interfaces(rates), find_own_repeats(rates)))
        upload, download = sum_speeds(its for name, its in rates.items() if name not in repeats)
        error = explain(sample, rates) if rates else _NO_INTERFACES
        now = datetime.now(UTC)
        return Reading(target.device_id, State.UP, upload, download, None, now, error, interfaces=interfaces)


def take_sample(interfaces: Sequence[str] | None) -> Sample:
    """The counters of the chosen interfaces now.

    Raises:
        DriverFault: this machine has no interface of such a name.
    """
    counters = psutil.net_io_counters(pernic=True, nowrap=False)
    chosen = _choose(interfaces, counters.keys())
    return Sample(_clock(), time.monotonic(), {name: _to_counters(name, counters[name]) for name in chosen})


def _to_counters(name: str, seen: Any) -> Counters:
    # psutil has no public name for the type. The index tells an interface from a later one of the same name.
    return Counters(
        octets_in=seen.bytes_recv,
        octets_out=seen.bytes_sent,
        errors_in=seen.errin,
        errors_out=seen.errout,
        discards_in=seen.dropin,
        discards_out=seen.dropout,
        epoch=_index(name),
    )


def _index(name: str) -> str:
    try:
        return str(socket.if_nametoindex(name))
    except OSError:
        return ""


def read_interfaces(rates: Mapping[str, Rates]) -> Sequence[InterfaceReading]:
    """Return the interfaces with these rates as they are now."""
    seen = psutil.net_if_stats()
    return [_to_reading(name, seen.get(name), its) for name, its in rates.items()]


def _to_reading(name: str, seen: Any, rates: Rates) -> InterfaceReading:
    return InterfaceReading(
        name=name,
        state=State.UNKNOWN if seen is None else State.UP if seen.isup else State.DOWN,
        interface_type=LOOPBACK_TYPE if seen is not None and _is_loopback(seen) else None,
        line_speed=float(seen.speed) if seen is not None and seen.speed else None,
        upload_speed=rates.upload_speed,
        download_speed=rates.download_speed,
        errors_in=rates.errors_in,
        errors_out=rates.errors_out,
        discards_in=rates.discards_in,
        discards_out=rates.discards_out,
    )


def _is_loopback(seen: Any) -> bool:
    return "loopback" in seen.flags.split(",")


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
    return [name for name in up if not _is_loopback(interfaces[name])] or up


@lru_cache(maxsize=1)
def _clock() -> str:
    """This boot of this machine: the monotonic clock begins anew with each, and each machine has its own."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else str(round(psutil.boot_time()))
    return f"{socket.gethostname()}/{boot}"
