"""From two samples of interface counters to rates, without a spike: wraps, resets and restarts are recognised. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

# Two readers within this time share their rates, because bytes over a few milliseconds tell nothing.
SHORTEST_SECONDS = 1.0
# A sample older than this tells nothing about now.
LONGEST_SECONDS = 900.0
_BITS_PER_MEGABIT = 1_000_000
# A 32-bit counter of an interface whose speed nobody knows may have wrapped up to this; faster ones have 64 bits.
_FASTEST_32_BIT_SPEED = 1000.0
# An uptime may differ so much from our clock before it counts as begun anew.
_UPTIME_TOLERANCE_SECONDS = 2.0
_UPTIME_TOLERANCE_RATIO = 0.1
# The uptime of SNMP is a 32-bit counter of hundredths of a second.
_UPTIME_WRAP_SECONDS = 2**32 / 100


@dataclass(frozen=True, slots=True)
class Counters:
    """What one interface has counted since its `epoch` began; null what it does not count.

    Octets are bytes, of `octet_bits` 32 or 64; errors and discards are packets. In is received, out is sent.
    `line_speed` is Mbit/s, null where unknown. Counters of another epoch are others, under whatever name.
    """

    octets_in: int | None
    octets_out: int | None
    errors_in: int | None = None
    errors_out: int | None = None
    discards_in: int | None = None
    discards_out: int | None = None
    octet_bits: int = 64
    line_speed: float | None = None
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Rates:
    """Traffic of one interface in Mbit/s, errors and discards in packets per second; null what cannot be known."""

    upload_speed: float | None = None
    download_speed: float | None = None
    errors_in: float | None = None
    errors_out: float | None = None
    discards_in: float | None = None
    discards_out: float | None = None


NO_RATES = Rates()


@dataclass(frozen=True, slots=True)
class Sample:
    """All counters of a device at one moment, by the names of its interfaces.

    `clock` names the clock of ours that `at_seconds` was read from; samples of different clocks cannot be compared.
    `uptime_seconds` is what the device itself said at that moment, null where it has no such clock. `rates` are those
    that were known when the sample was taken.
    """

    clock: str
    at_seconds: float
    interfaces: Mapping[str, Counters]
    uptime_seconds: float | None = None
    rates: Mapping[str, Rates] = field(default_factory=dict)


def follow(earlier: Sample | None, later: Sample, shortest_seconds: float = SHORTEST_SECONDS) -> Sample:
    """`later` with its rates since `earlier`; `earlier` as it was where no time to speak of has gone by since."""
    if earlier is not None and _is_too_soon(earlier, later, shortest_seconds):
        return earlier
    return replace(later, rates=rates_between(earlier, later))


def _is_too_soon(earlier: Sample, later: Sample, shortest_seconds: float) -> bool:
    seconds = elapsed_between(earlier, later)
    return seconds is not None and seconds < shortest_seconds


def rates_between(earlier: Sample | None, later: Sample) -> Mapping[str, Rates]:
    """Mean rates from one sample to the next of each interface in both; nothing where they cannot be known."""
    seconds = None if earlier is None else elapsed_between(earlier, later)
    if earlier is None or not seconds or seconds > LONGEST_SECONDS:
        return {}
    return {
        name: _interface_rates(earlier.interfaces[name], counters, seconds)
        for name, counters in later.interfaces.items()
        if name in earlier.interfaces
    }


def elapsed_between(earlier: Sample, later: Sample) -> float | None:
    """Seconds from one sample to the next; null where the device began anew in between, or nobody can tell.

    The device's uptime is read in one answer with its counters, so it is nearer to the truth than our clock, which
    does not see delays on the way. Ours guards it: where they disagree, the device was restarted (or a clock was set).
    """
    if earlier.clock != later.clock:
        return None
    ours = later.at_seconds - earlier.at_seconds
    if ours < 0:
        return None
    if earlier.uptime_seconds is None or later.uptime_seconds is None:
        return ours if earlier.uptime_seconds == later.uptime_seconds else None
    theirs = (later.uptime_seconds - earlier.uptime_seconds) % _UPTIME_WRAP_SECONDS
    tolerance = _UPTIME_TOLERANCE_SECONDS + _UPTIME_TOLERANCE_RATIO * ours
    return theirs if abs(theirs - ours) <= tolerance else None


def sum_speeds(rates: Iterable[Rates]) -> tuple[float, float]:
    """Upload and download of the interfaces together, in Mbit/s; what is not known adds nothing."""
    rates = list(rates)
    upload = sum((one.upload_speed for one in rates if one.upload_speed is not None), 0.0)
    download = sum((one.download_speed for one in rates if one.download_speed is not None), 0.0)
    return round(upload, 6), round(download, 6)


def _interface_rates(before: Counters, after: Counters, seconds: float) -> Rates:
    if before.epoch != after.epoch or before.octet_bits != after.octet_bits:
        return NO_RATES
    sent = _octet_growth(before.octets_out, after.octets_out, after, seconds)
    received = _octet_growth(before.octets_in, after.octets_in, after, seconds)
    if (sent is None and after.octets_out is not None) or (received is None and after.octets_in is not None):
        # One counter was reset, so the others were too, even those that have grown past their old value since.
        return NO_RATES
    return Rates(
        _megabits_per_second(sent, seconds),
        _megabits_per_second(received, seconds),
        _packets_per_second(before.errors_in, after.errors_in, seconds),
        _packets_per_second(before.errors_out, after.errors_out, seconds),
        _packets_per_second(before.discards_in, after.discards_in, seconds),
        _packets_per_second(before.discards_out, after.discards_out, seconds),
    )


def _octet_growth(before: int | None, after: int | None, counters: Counters, seconds: float) -> int | None:
    """Bytes counted from one value to the next.

    A value that went back is a wrap of a 32-bit counter if the speed this gives is possible, else a reset.
    """
    if before is None or after is None:
        return None
    if after >= before:
        return after - before
    wrapped = after + 2**32 - before
    fastest = counters.line_speed or _FASTEST_32_BIT_SPEED
    is_possible = wrapped >= 0 and wrapped * 8 / seconds / _BITS_PER_MEGABIT <= fastest
    return wrapped if counters.octet_bits == 32 and is_possible else None


def _megabits_per_second(octets: int | None, seconds: float) -> float | None:
    return None if octets is None else round(octets * 8 / seconds / _BITS_PER_MEGABIT, 6)


def _packets_per_second(before: int | None, after: int | None, seconds: float) -> float | None:
    """Null where the counter went back: a wrap takes four thousand million errors, a reset is likelier."""
    return None if before is None or after is None or after < before else round((after - before) / seconds, 6)
