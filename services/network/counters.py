"""From two samples of byte counters to a rate, without a spike: wraps, resets and restarts are recognised. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

# Two readers within this time share one rate, because bytes over a few milliseconds tell nothing.
SHORTEST_SECONDS = 1.0
# A sample older than this tells nothing about now.
LONGEST_SECONDS = 900.0
_BITS_PER_MEGABIT = 1_000_000
# A 32-bit counter of an interface whose speed nobody knows may have wrapped up to this; faster ones have 64 bits.
_FASTEST_32_BIT_SPEED = 1000.0


@dataclass(frozen=True, slots=True)
class Octets:
    """Byte counters of one interface; `bits` is 32 or 64, `speed` its line rate in Mbit/s where known."""

    sent: int
    received: int
    bits: int = 64
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """Traffic in Mbit/s."""

    upload_speed: float
    download_speed: float


@dataclass(frozen=True, slots=True)
class Sample:
    """All counters of a device at one moment.

    `clock` names the clock that `at_seconds` was read from (one boot of one machine); samples of different clocks
    cannot be compared. `rate` is what was known when the sample was taken.
    """

    clock: str
    at_seconds: float
    interfaces: Mapping[str, Octets]
    rate: Rate | None = None


def rate_between(earlier: Sample | None, later: Sample) -> Rate | None:
    """Mean traffic from one sample to the next, summed over the interfaces; None where it cannot be known.

    An interface that is new, or whose counter was reset, is left out of the sum.
    """
    if earlier is None or earlier.clock != later.clock:
        return None
    seconds = later.at_seconds - earlier.at_seconds
    if not 0 < seconds <= LONGEST_SECONDS:
        return None
    known = [name for name in later.interfaces if name in earlier.interfaces]
    rates = [_interface_rate(earlier.interfaces[name], later.interfaces[name], seconds) for name in known]
    summed = [rate for rate in rates if rate is not None]
    if not summed:
        return None
    return Rate(
        round(sum(rate.upload_speed for rate in summed), 6), round(sum(rate.download_speed for rate in summed), 6)
    )


def _interface_rate(before: Octets, after: Octets, seconds: float) -> Rate | None:
    """Traffic of one interface; None where a counter was reset or changed its width."""
    if before.bits != after.bits:
        return None
    sent = _growth(before.sent, after.sent, after, seconds)
    received = _growth(before.received, after.received, after, seconds)
    if sent is None or received is None:
        return None
    return Rate(_megabits_per_second(sent, seconds), _megabits_per_second(received, seconds))


def _growth(before: int, after: int, octets: Octets, seconds: float) -> int | None:
    """Bytes counted from one value to the next.

    A value that went back is a wrap of a 32-bit counter if the speed this gives is possible, else a reset.
    """
    if after >= before:
        return after - before
    wrapped = after + 2**32 - before
    fastest = octets.speed or _FASTEST_32_BIT_SPEED
    if octets.bits == 32 and wrapped >= 0 and _megabits_per_second(wrapped, seconds) <= fastest:
        return wrapped
    return None


def _megabits_per_second(octets: int, seconds: float) -> float:
    return octets * 8 / seconds / _BITS_PER_MEGABIT
