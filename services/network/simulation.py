"""The simulated network: a pure function of seed, device and time, over many devices at once.

Nothing here reads a clock, keeps a state or draws a random number. What looks random is a hash of (seed, device,
purpose, time slot), so two readers see the same, replicas agree, and the past can be read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]

FLIP_PROBABILITY = 0.2
CLASSIC_UPLOAD, CLASSIC_DOWNLOAD = 12.0, 70.0

_BLOCK_MINUTES = 64
_OUTAGE_SLOT_SECONDS = 6 * 3600
_OUTAGE_PROBABILITY = 0.06
_OUTAGE_SECONDS = np.array([120, 180, 300, 480, 900, 1500, 2700, 5400, 9000])
_BURST_SLOT_SECONDS = 900
_BURST_PROBABILITY = 0.06
_DAY_SECONDS = 86_400
# Period in seconds and weight of each layer of load: hours of work, tasks within them, and a little flicker.
_LAYERS = ((7200, 0.4), (1200, 0.35), (300, 0.22), (20, 0.03))


class Profile(StrEnum):
    """How a simulated device behaves."""

    CLASSIC = "classic"
    REALISTIC = "realistic"


class _Purpose:
    """Keeps the hashes of different questions apart."""

    COIN, BRIDGE, UPLOAD, DOWNLOAD, OUTAGE, OUTAGE_START, OUTAGE_LENGTH, CHARACTER, PHASE, RATIO, DISTANCE = range(11)
    BURST, BURST_START, BURST_SIZE, JITTER, LAYER = range(11, 16)


@dataclass(frozen=True, slots=True)
class Fleet:
    """Simulated devices as columns of equal length, in any order.

    `seeds` are per device; `parents` are indices into the fleet, -1 for none; `upload_rates` and `download_rates` are
    line rates in Mbit/s, of which only the realistic profile knows.
    """

    ids: NDArray[np.int64]
    seeds: Hashes
    parents: NDArray[np.int64]
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
        index = {device_id: place for place, device_id in enumerate(ids)}
        rates = np.array(line_rates, dtype=np.float64).reshape(-1, 2)
        return cls(
            np.array(ids, dtype=np.int64),
            np.array(seeds, dtype=np.uint64),
            np.array([-1 if one is None else index.get(one, -1) for one in parent_ids], dtype=np.int64),
            np.array(realistic, dtype=np.bool_),
            rates[:, 0],
            rates[:, 1],
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """What the devices of a fleet show, in its order. Speeds in Mbit/s, 0 when down; a round trip may be NaN."""

    up: Bools
    upload_speed: Floats
    download_speed: Floats
    round_trip_seconds: Floats


def observe(fleet: Fleet, at_seconds: int) -> Observation:
    """The fleet at a whole second since the Unix epoch, which may lie before it.

    A device behind a parent that is down is down too, whatever its own link does.
    """
    devices = _mix(fleet.seeds ^ _mix(fleet.ids.astype(np.uint64)))
    classic = _observe_classic(devices, at_seconds)
    realistic = _observe_realistic(fleet, devices, at_seconds)
    link = np.where(fleet.realistic, realistic.up, classic.up)
    up = _reachable(link, fleet.parents)
    return Observation(
        up,
        np.where(up, np.where(fleet.realistic, realistic.upload_speed, classic.upload_speed), 0.0),
        np.where(up, np.where(fleet.realistic, realistic.download_speed, classic.download_speed), 0.0),
        np.where(up & fleet.realistic, realistic.round_trip_seconds, np.nan),
    )


def _reachable(link: Bools, parents: NDArray[np.int64]) -> Bools:
    """Which devices are up and have nothing but up devices above them; ends on a circle too."""
    up = link.copy()
    above = parents.copy()
    for _ in range(len(parents)):
        climbing = above >= 0
        if not climbing.any():
            break
        up &= ~climbing | link[above]
        above = np.where(climbing, parents[above], -1)
    return up


def _observe_classic(devices: Hashes, at_seconds: int) -> Observation:
    """The rule of 2020: each minute a link flips with probability 1/5, each second an up link has another traffic."""
    up = _classic_link(devices, at_seconds // 60)
    upload = np.round(_uniform(devices, _Purpose.UPLOAD, at_seconds) * CLASSIC_UPLOAD, 2)
    download = np.round(_uniform(devices, _Purpose.DOWNLOAD, at_seconds) * CLASSIC_DOWNLOAD, 2)
    return Observation(up, upload, download, np.full(len(devices), np.nan))


def _classic_link(devices: Hashes, minute: int) -> Bools:
    """A Markov chain without its history.

    Minutes come in blocks of 64. Over so many the chain forgets where it was (0.6**64 is 6e-15), so that the state at
    each border can be a coin of its own. Between two borders it is the chain's bridge: the middle is drawn given both
    ends, then the middle of the half that holds the minute, and so on. Each minute flips with 1/5, borders included.
    """
    block, place = divmod(minute, _BLOCK_MINUTES)
    low, high = 0, _BLOCK_MINUTES
    begin = _uniform(devices, _Purpose.COIN, block) < 0.5
    end = _uniform(devices, _Purpose.COIN, block + 1) < 0.5
    while place != low:
        middle = (low + high) // 2
        same = (1 + (1 - 2 * FLIP_PROBABILITY) ** (middle - low)) / 2
        back = same**2 / (same**2 + (1 - same) ** 2)
        keeps = _uniform(devices, _Purpose.BRIDGE, block * _BLOCK_MINUTES + middle) < np.where(begin == end, back, 0.5)
        state = np.where(keeps, begin, ~begin)
        if place < middle:
            high, end = middle, state
        else:
            low, begin = middle, state
    return begin


def _observe_realistic(fleet: Fleet, devices: Hashes, at_seconds: int) -> Observation:
    """Days and weeks, load that stays for a while, bursts up to the line rate, rare outages that last."""
    load = np.minimum(_usual_load(devices, at_seconds) + _burst(devices, at_seconds), 1.0)
    ratio = 0.05 + 0.45 * _uniform(devices, _Purpose.RATIO, 0)
    upload = np.minimum(load * ratio * fleet.download_rates, fleet.upload_rates)
    download = load * fleet.download_rates
    distance: Floats = 0.0004 + 0.02 * _uniform(devices, _Purpose.DISTANCE, 0) ** 3
    jitter = 1 + 0.3 * _uniform(devices, _Purpose.JITTER, at_seconds)
    round_trip: Floats = distance * jitter + 0.08 * load**6
    up = ~_in_outage(devices, at_seconds)
    return Observation(up, upload.round(2), download.round(2), round_trip.round(6))


def _in_outage(devices: Hashes, at_seconds: int) -> Bools:
    """Whether an outage of this slot, or one that reaches over from the slot before, holds the moment."""
    slot = at_seconds // _OUTAGE_SLOT_SECONDS
    return _outage_holds(devices, slot, at_seconds) | _outage_holds(devices, slot - 1, at_seconds)


def _outage_holds(devices: Hashes, slot: int, at_seconds: int) -> Bools:
    into_slot = at_seconds - slot * _OUTAGE_SLOT_SECONDS
    happens = _uniform(devices, _Purpose.OUTAGE, slot) < _OUTAGE_PROBABILITY
    start = (_uniform(devices, _Purpose.OUTAGE_START, slot) * _OUTAGE_SLOT_SECONDS).astype(np.int64)
    kind = (_uniform(devices, _Purpose.OUTAGE_LENGTH, slot) * len(_OUTAGE_SECONDS)).astype(np.int64)
    holds: Bools = happens & (start <= into_slot) & (into_slot < start + _OUTAGE_SECONDS[kind])
    return holds


def _usual_load(devices: Hashes, at_seconds: int) -> Floats:
    """Share of the line rate that is in use, bursts aside."""
    typical = 0.002 * 30 ** _uniform(devices, _Purpose.CHARACTER, 0)
    layers = sum(
        weight * _value_noise(devices, _Purpose.LAYER + number, at_seconds, period)
        for number, (period, weight) in enumerate(_LAYERS)
    )
    return typical * _day_curve(devices, at_seconds) * (0.15 + 4 * layers**2)


def _day_curve(devices: Hashes, at_seconds: int) -> Floats:
    """Between 0.15 by night and 1 by day (UTC, give or take two hours), half of that at weekends."""
    shift = (_uniform(devices, _Purpose.PHASE, 0) - 0.5) * 4 * 3600
    share_of_day = ((at_seconds % _DAY_SECONDS) + shift - 3 * 3600) / _DAY_SECONDS
    curve: Floats = 0.15 + 0.85 * (0.5 - 0.5 * np.cos(2 * np.pi * share_of_day)) ** 1.5
    # 1 January 1970 was a Thursday.
    is_weekend = (at_seconds // _DAY_SECONDS + 3) % 7 >= 5
    return curve * (0.5 if is_weekend else 1.0)


def _value_noise(devices: Hashes, purpose: int, at_seconds: int, period_seconds: int) -> Floats:
    """Between 0 and 1, a new value each period and a smooth way from one to the next."""
    slot, into_slot = divmod(at_seconds, period_seconds)
    share = into_slot / period_seconds
    smooth = share * share * (3 - 2 * share)
    return (1 - smooth) * _uniform(devices, purpose, slot) + smooth * _uniform(devices, purpose, slot + 1)


def _burst(devices: Hashes, at_seconds: int) -> Floats:
    """Share of the line rate that a download of two to ten minutes takes; mostly nothing."""
    slot, into_slot = divmod(at_seconds, _BURST_SLOT_SECONDS)
    happens = _uniform(devices, _Purpose.BURST, slot) < _BURST_PROBABILITY
    start = _uniform(devices, _Purpose.BURST_START, slot) * 300
    size = _uniform(devices, _Purpose.BURST_SIZE, slot)
    holds = happens & (start <= into_slot) & (into_slot < start + 120 + 480 * size)
    return np.where(holds, 0.1 + 0.9 * size, 0.0)


def _uniform(devices: Hashes, purpose: int, slot: int) -> Floats:
    """One number in [0, 1) per device for this purpose and time slot."""
    key = np.uint64((purpose << 56 ^ slot) % 2**64)
    hashes = _mix(devices ^ _mix(np.full(1, key)))
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
