"""The simulated network: a pure function of seed, device and time, over many devices at once; the driver asks it.

Nothing here reads a clock, keeps a state or draws a random number: what looks random is a hash of (seed, device,
purpose, time slot). What decides (up or down, begins, ends) is integer arithmetic, the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# Most traffic of the classic profile, in Mbit/s.
CLASSIC_UPLOAD, CLASSIC_DOWNLOAD = 12, 70

_GOLDEN, _HALF, _LOW_BITS = np.uint64(0x9E3779B97F4A7C15), np.uint64(2**63), np.uint64(2**32 - 1)

_BLOCK_MINUTES = 64
# A link that is the same so many minutes before and after a moment is so at the moment too if its hash is below this.
_KEEPING = {
    minutes: np.uint64(int((1 + past) ** 2 / (2 + 2 * past**2) * 2**64))
    for minutes in (32, 16, 8, 4, 2, 1)
    for past in [Fraction(3, 5) ** minutes]
}

# Usual traffic by the hour of the device's own clock, as a share of its busiest hour; hour 24 is hour 0.
_DAY = np.array([12, 8, 6, 5, 5, 7, 15, 30, 55, 80, 95, 100, 90, 95, 100, 95, 85, 75, 70, 75, 80, 65, 40, 22, 12]) / 100
# Layers of load: the work of hours, the task of some minutes, flicker. The last layer moves the upload only.
_PERIODS = np.array([[7200], [1800], [600], [30], [120]])
_WEIGHTS = np.array([[0.35], [0.35], [0.25], [0.05], [0]])


class Profile(StrEnum):
    """How a simulated device behaves: `classic` is the rule of 2020, `realistic` has days, bursts and rare outages."""

    CLASSIC = "classic"
    REALISTIC = "realistic"


class _Purpose(IntEnum):
    """Keeps the hashes of different questions apart; there is room for 16."""

    LINK, UPLOAD, DOWNLOAD, TRAIT, LAYER, FLICKER, OUTAGE, BURST = range(8)


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that happens at most once per slot, at any second of it, and may reach into the next slot.

    It happens in one of `one_in` slots and lasts `shortest_seconds` times 1 to 2, doubled 0 to `octaves - 1` times, all
    equally likely; that must stay below `slot_seconds`.
    """

    purpose: _Purpose
    slot_seconds: int
    one_in: int
    shortest_seconds: int
    octaves: int


# Outages take 2 minutes to 4 hours, half of them less than 24 minutes, 0.76 % of the time; bursts 2 to 32 minutes, 6 %.
_OUTAGE = _Event(_Purpose.OUTAGE, slot_seconds=6 * 3600, one_in=20, shortest_seconds=120, octaves=7)
_BURST = _Event(_Purpose.BURST, slot_seconds=3600, one_in=3, shortest_seconds=120, octaves=4)


@dataclass(frozen=True, slots=True, eq=False)
class Fleet:
    """Simulated devices as columns of equal length, in any order.

    `seeds` are per device; `parents` are indices into the fleet, -1 for none; `upload_rates` and `download_rates` are
    line rates in Mbit/s, of which only the realistic profile knows.
    """

    ids: Integers
    seeds: Hashes
    parents: Integers
    realistic: Bools
    upload_rates: Floats
    download_rates: Floats

    @classmethod
    def of(
        cls,
        ids: Sequence[int],
        seeds: Sequence[int],
        parent_ids: Sequence[int | None],
        realistic: Sequence[bool],
        line_rates: Sequence[tuple[float, float]],
    ) -> "Fleet":
        """A fleet from one value per device; a parent that is not in it counts as none. Line rates: up, down."""
        places: dict[int | None, int] = {device_id: place for place, device_id in enumerate(ids)}
        return cls(
            np.array(ids, dtype=np.int64),
            np.array(seeds, dtype=np.uint64),
            np.array([places.get(parent_id, -1) for parent_id in parent_ids], dtype=np.int64),
            np.array(realistic, dtype=np.bool_),
            *np.array(line_rates, dtype=np.float64).reshape(-1, 2).T,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the devices of a fleet show, in its order.

    Speeds are Mbit/s with two decimals, 0 when down; round trips are NaN when down and in the classic profile.
    """

    up: Bools
    upload_speed: Floats
    download_speed: Floats
    round_trip_seconds: Floats


def observe(fleet: Fleet, at_seconds: int) -> Observation:
    """The fleet at a whole second since the Unix epoch, which may lie before it.

    A device behind a parent that is down is down too, whatever its own link does. What a device shows depends on
    itself and those above it, on no other device of the fleet. Parents in a circle are down when one of them is.
    """
    devices = _mix(_mix(fleet.seeds) ^ fleet.ids.astype(np.uint64))
    links, numbers = np.zeros(len(devices), np.bool_), np.zeros((3, len(devices)))
    if len(places := np.flatnonzero(~fleet.realistic)):
        links[places], numbers[:, places] = _observe_classic(devices[places], at_seconds)
    if len(places := np.flatnonzero(fleet.realistic)):
        rates = fleet.upload_rates[places], fleet.download_rates[places]
        links[places], numbers[:, places] = _observe_realistic(devices[places], *rates, at_seconds)
    up = _reachable(links, fleet.parents)
    return Observation(up, *np.where(up, numbers, [[0.0], [0.0], [np.nan]]))


def _reachable(links: Bools, parents: Integers) -> Bools:
    """Which devices are up and have only up devices above them.

    Each round looks twice as far up, so that a tree of any depth, and a circle, takes log2 of the fleet.
    """
    # The root above all roots is up. As the last entry, the index -1 finds it.
    up: Bools = np.append(links, True)
    above: Integers = np.append(parents, -1)
    for _ in range(len(parents).bit_length()):
        up, above = up & up[above], above[above]
    return up[:-1]


def _observe_classic(devices: Hashes, at_seconds: int) -> tuple[Bools, Floats]:
    """The rule of 2020: each minute a link flips with probability 1/5, each second an up link has another traffic.

    Returns which links are up, and what each would show then: rows of uploads, downloads and round trips.
    """
    upload = _below(_draw(devices, _Purpose.UPLOAD, np.array([at_seconds])), CLASSIC_UPLOAD * 100 + 1) / 100
    download = _below(_draw(devices, _Purpose.DOWNLOAD, np.array([at_seconds])), CLASSIC_DOWNLOAD * 100 + 1) / 100
    return _classic_links(devices, at_seconds // 60), np.array([upload, download, np.full(len(devices), np.nan)])


def _classic_links(devices: Hashes, minute: int) -> Bools:
    """A Markov chain without its history: each minute flips with 1/5, borders included.

    Minutes come in blocks of 64. Over so many the chain forgets where it was (0.6**64 is 6e-15), so that the state at
    each border can be a coin of its own. Between two borders it is the chain's bridge: the middle is drawn given both
    ends, then the middle of the half that holds the minute, and so on.
    """
    begin = minute - minute % _BLOCK_MINUTES
    middles = [minute - minute % (2 * half) + half for half in _KEEPING]
    draws = _draw(devices, _Purpose.LINK, np.array([begin, begin + _BLOCK_MINUTES, *middles])[:, None])
    left: Bools = draws[0] < _HALF
    right: Bools = draws[1] < _HALF
    for middle, draw, keeping in zip(middles, draws[2:], _KEEPING.values(), strict=True):
        state = left ^ (draw >= np.where(left == right, keeping, _HALF))
        left, right = (state, right) if middle <= minute else (left, state)
    return left


def _observe_realistic(
    devices: Hashes, upload_rates: Floats, download_rates: Floats, at_seconds: int
) -> tuple[Bools, Floats]:
    """Days and weeks, load that stays for a while, bursts up to the line rate, rare outages that last."""
    phase, appetite, weekend, ratio, distance = _share(_draw(devices, _Purpose.TRAIT, np.arange(5)[:, None]))
    # Each device has its own clock, 2 hours fast or slow at most. Without it the slots of all would change at once.
    clocks = at_seconds + (phase * 14400).astype(np.int64) - 7200
    layers = _smooth_layers(devices, clocks)
    flicker = _share(_draw(devices, _Purpose.FLICKER, at_seconds * 3 + np.arange(3)[:, None]))
    usual = (0.002 + 0.08 * appetite**3) * (0.15 + 4 * (_WEIGHTS * layers).sum(axis=0) ** 3)
    wanted = _season(clocks, 0.2 + 0.9 * weekend) * (usual + 1.2 * _event_sizes(devices, clocks, _BURST) ** 2)
    load = np.minimum(wanted, 1)
    download = np.minimum(load * (0.85 + 0.3 * flicker[0]), 1) * download_rates
    sent = load * download_rates * (0.05 + 0.45 * ratio) * (0.5 + layers[4]) * (0.85 + 0.3 * flicker[1])
    # The way to the device with its jitter, and a queue that grows without bound towards a full line, or nearly.
    round_trip = (0.0003 + 0.02 * distance**3) * (1 + 0.3 * flicker[2]) + 0.002 * load / (1.04 - load)
    speeds = np.round([np.minimum(sent, upload_rates), download], 2)
    return _event_sizes(devices, clocks, _OUTAGE) == 0, np.vstack([speeds, np.round(round_trip, 6)])


def _smooth_layers(devices: Hashes, clocks: Integers) -> Floats:
    """For each layer a share from 0 to 1: a new value each period, and a smooth way from one to the next."""
    slots, seconds = np.divmod(clocks, _PERIODS)
    numbers = slots * len(_PERIODS) + np.arange(len(_PERIODS))[:, None]
    before, after = _share(_draw(devices, _Purpose.LAYER, np.stack([numbers, numbers + len(_PERIODS)])))
    way = seconds / _PERIODS
    smooth: Floats = before + (after - before) * (way * way * (3 - 2 * way))
    return smooth


def _season(clocks: Integers, weekend: Floats) -> Floats:
    """Share of the busiest hour that is usual at this hour; `weekend` is the factor for Saturday and Sunday."""
    days, seconds = np.divmod(clocks, 86_400)
    # Day 0, 1 January 1970, was a Thursday.
    season: Floats = np.interp(seconds / 3600, np.arange(25), _DAY) * np.where((days + 3) % 7 >= 5, weekend, 1.0)
    return season


def _event_sizes(devices: Hashes, clocks: Integers, event: _Event) -> Floats:
    """0 where no event goes on, else its size, above 0 and up to 1, the same from its start to its end."""
    slots, seconds = np.divmod(clocks, event.slot_seconds)
    slots, seconds = np.stack([slots, slots - 1]), np.stack([seconds, seconds + event.slot_seconds])
    happens, start, length, size = _draw(devices, event.purpose, slots * 4 + np.arange(4)[:, None, None])
    since = seconds - _below(start, event.slot_seconds)
    doubled = event.shortest_seconds << _below(length, event.octaves)
    lasts = doubled + (doubled * (length & _LOW_BITS).astype(np.int64) >> 32)
    goes_on = (_below(happens, event.one_in) == 0) & (since >= 0) & (since < lasts)
    sizes: Floats = np.where(goes_on, _share(size), 0.0).max(axis=0)
    return sizes


def _draw(devices: Hashes, purpose: _Purpose, slots: Integers) -> Hashes:
    """64 fair bits for each device and slot; slots are one per row, or one per row and device."""
    return _mix(devices ^ (slots * 16 + purpose).astype(np.uint64) * _GOLDEN)


def _share(hashes: Hashes) -> Floats:
    """Uniform above 0 and up to 1."""
    return ((hashes >> np.uint64(11)) + np.uint64(1)).astype(np.float64) * 2.0**-53


def _below(hashes: Hashes, end: int) -> Integers:
    """Uniform among 0, 1 and so on below `end`; from the upper half of the bits."""
    return ((hashes >> np.uint64(32)) * np.uint64(end) >> np.uint64(32)).astype(np.int64)


def _mix(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    mixed = values + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
