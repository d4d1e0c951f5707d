"""Values that counters are kept in: what an interface has counted, its rates, and a device's sample. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

# Two readings within this time share their rates: bytes over a few milliseconds mean nothing.
SHORTEST_SECONDS = 1.0
# An older sample means nothing for now.
LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Counters:
    """What one interface has counted since its `epoch` began; null what it does not count.

    Octets are bytes, of `octet_bits` 32 or 64; errors and discards are packets. In is received,
    out is sent. `line_speed` is Mbit/s, null where unknown. Counters of another epoch are others,
    under whatever name.
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
    """Traffic of one interface in Mbit/s, errors and discards in packets per second.

    Null is unknown; `reason` says in a few words why the traffic is.
    """

    upload_speed: float | None = None
    download_speed: float | None = None
    errors_in: float | None = None
    errors_out: float | None = None
    discards_in: float | None = None
    discards_out: float | None = None
    reason: str | None = field(default=None, compare=False)

    @property
    def is_partial(self) -> bool:
        """Whether one direction of the traffic is unknown, or both."""
        return self.upload_speed is None or self.download_speed is None


NO_RATES = Rates()


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is remembered of an interface whose counters were not believed.

    At `since_seconds` its octet counters went back; before they stood at `octets_in` and
    `octets_out` (null: this one did not go back, or has passed its old value since). `excesses`
    counts readings in a row that were faster than the line.
    """

    since_seconds: float = 0.0
    octets_in: int | None = None
    octets_out: int | None = None
    excesses: int = 0


NO_DOUBT = Doubt()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a device's uptime runs beside our clock.

    Both are compared since the moment when they stood at `at_seconds` and `uptime_seconds`.
    `disagreements` counts the readings in a row at which they did not fit together.
    """

    at_seconds: float
    uptime_seconds: float
    disagreements: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """All counters of a device at one moment, by the names of its interfaces.

    `clock` names the clock of ours that `at_seconds` was read from; samples of different clocks
    cannot be compared. `uptime_seconds` is the device's own clock at that moment, null where it
    has none. `rates` are those that were known when the sample was taken, and `note` says why
    there are none, or what is odd about them. `doubts` hold interfaces that were not believed.
    `is_held`: the device's counters have not moved since, so there are no rates for the moment.
    """

    clock: str
    at_seconds: float
    interfaces: Mapping[str, Counters]
    uptime_seconds: float | None = None
    rates: Mapping[str, Rates] = field(default_factory=dict)
    doubts: Mapping[str, Doubt] = field(default_factory=dict)
    pace: Pace | None = None
    note: str | None = None
    is_held: bool = False

    def rates_of(self, name: str) -> Rates:
        """Return an interface's rates, none where they are unknown."""
        return NO_RATES if self.is_held else self.rates.get(name, NO_RATES)


def sum_speeds(rates: Iterable[Rates]) -> tuple[float | None, float | None]:
    """Return upload and download of the interfaces together, in Mbit/s.

    An unknown rate adds nothing. The sum is null where none is known.
    """
    rates = list(rates)
    return _sum([one.upload_speed for one in rates]), _sum([one.download_speed for one in rates])


def _sum(speeds: list[float | None]) -> float | None:
    known = [speed for speed in speeds if speed is not None]
    return round(sum(known), 6) if known else None
