"""The simulated network: a pure function of seed, device and time, over many devices at once; the driver asks it.

Nothing here reads a clock, keeps a state or draws a random number: what looks random is a hash of (seed, device,
purpose, time slot). What decides (up or down, begins, ends) is integer arithmetic, the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from services.network.hashes import Floats, Hashes, Integers, Purpose, below, draw, mix, share

Bools = NDArray[np.bool_]

# Most traffic of the classic profile, in Mbit/s.
CLASSIC_UPLOAD, CLASSIC_DOWNLOAD = 12, 70

_HALF, _LOW_BITS = np.uint64(2**63), np.uint64(2**32 - 1)

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
_PERIODS = np.array([7200, 1800, 600, 30, 120])[:, None, None]
_WEIGHTS = np.array([0.35, 0.35, 0.25, 0.05, 0])[:, None, None]


class Profile(StrEnum):
    """How a simulated device behaves: `classic` is the rule of 2020, `realistic` has days, bursts and rare outages."""

    CLASSIC = "classic"
    REALISTIC = "realistic"


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that happens at most once per slot, at any second of it, and may reach into the next slot.

    It happens in one of `one_in` slots and lasts `shortest_seconds` times 1 to 2, doubled 0 to `octaves - 1` times, all
    equally likely; that must stay below `slot_seconds`.
    """

    purpose: Purpose
    slot_seconds: int
    one_in: int
    shortest_seconds: int
    octaves: int


# Outages take 2 minutes to 4 hours, half of them less than 24 minutes, 0.76 % of the time; bursts 2 to 32 minutes, 6 %.
_OUTAGE = _Event(Purpose.OUTAGE, slot_seconds=6 * 3600, one_in=20, shortest_seconds=120, octaves=7)
_BURST = _Event(Purpose.BURST, slot_seconds=3600, one_in=3, shortest_seconds=120, octaves=4)


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
    """What the devices of a fleet show, in its order: one value per device, or a row of them per moment.

    Speeds are Mbit/s with two decimals, 0 when down; round trips are NaN when down and in the classic profile.
    """

    up: Bools
    upload_speed: Floats
    download_speed: Floats
    round_trip_seconds: Floats


def observe(fleet: Fleet, at_seconds: int) -> Observation:
    """As `observe_moments`, at one moment."""
    seen = observe_moments(fleet, np.array([at_seconds]))
    return Observation(seen.up[0], seen.upload_speed[0], seen.download_speed[0], seen.round_trip_seconds[0])


def observe_moments(fleet: Fleet, moments: Integers) -> Observation:
    """The fleet at whole seconds since the Unix epoch, in any order, which may lie before it; a row for each.

    A device behind a parent that is down is down too, whatever its own link does. What a device shows depends on
    itself and those above it, on no other device of the fleet and no other moment. Parents in a circle are down when
    one of them is. Takes some 500 bytes of memory per device and moment while it works.
    """
    devices = mix(mix(fleet.seeds) ^ fleet.ids.astype(np.uint64))
    shape = len(moments), len(devices)
    links, numbers = np.zeros(shape, np.bool_), np.zeros((3, *shape))
    times = moments[:, None]
    if len(places := np.flatnonzero(~fleet.realistic)):
        links[:, places], numbers[:, :, places] = _observe_classic(devices[places], times)
    if len(places := np.flatnonzero(fleet.realistic)):
        rates = fleet.upload_rates[places], fleet.download_rates[places]
        links[:, places], numbers[:, :, places] = _observe_realistic(devices[places], *rates, times)
    up = _reachable(links, fleet.parents)
    return Observation(up, *np.where(up, numbers, [[[0.0]], [[0.0]], [[np.nan]]]))


def _reachable(links: Bools, parents: Integers) -> Bools:
    """Which devices are up and have only up devices above them, in each row.

    Each round looks twice as far up, so that a tree of any depth, and a circle, takes log2 of the fleet.
    """
    # The root above all roots is up. As the last entry, the index -1 finds it.
    up: Bools = np.hstack([links, np.ones((len(links), 1), np.bool_)])
    above: Integers = np.append(parents, -1)
    for _ in range(len(parents).bit_length()):
        up, above = up & up[:, above], above[above]
    return up[:, :-1]


def _observe_classic(devices: Hashes, times: Integers) -> tuple[Bools, Floats]:
    """The rule of 2020: each minute a link flips with probability 1/5, each second an up link has another traffic.

    Returns which links are up, and what each would show then: tables of uploads, downloads and round trips.
    """
    upload = below(draw(devices, Purpose.UPLOAD, times), CLASSIC_UPLOAD * 100 + 1) / 100
    download = below(draw(devices, Purpose.DOWNLOAD, times), CLASSIC_DOWNLOAD * 100 + 1) / 100
    return _classic_links(devices, times // 60), np.array([upload, download, np.full_like(upload, np.nan)])


def _classic_links(devices: Hashes, minutes: Integers) -> Bools:
    """A Markov chain without its history: each minute flips with 1/5, borders included.

    Minutes come in blocks of 64. Over so many the chain forgets where it was (0.6**64 is 6e-15), so that the state at
    each border can be a coin of its own. Between two borders it is the chain's bridge: the middle is drawn given both
    ends, then the middle of the half that holds the minute, and so on.
    """
    begin = minutes - minutes % _BLOCK_MINUTES
    middles = [minutes - minutes % (2 * half) + half for half in _KEEPING]
    draws = draw(devices, Purpose.LINK, np.array([begin, begin + _BLOCK_MINUTES, *middles]))
    left: Bools = draws[0] < _HALF
    right: Bools = draws[1] < _HALF
    for middle, drawn, keeping in zip(middles, draws[2:], _KEEPING.values(), strict=True):
        state = left ^ (drawn >= np.where(left == right, keeping, _HALF))
        is_past = middle <= minutes
        left, right = np.where(is_past, state, left), np.where(is_past, right, state)
    return left


def _observe_realistic(
    devices: Hashes, upload_rates: Floats, download_rates: Floats, times: Integers
) -> tuple[Bools, Floats]:
    """Days and weeks, load that stays for a while, bursts up to the line rate, rare outages that last."""
    phase, appetite, weekend, ratio, distance = share(draw(devices, Purpose.TRAIT, np.arange(5)[:, None]))
    # Each device has its own clock, 2 hours fast or slow at most. Without it the slots of all would change at once.
    clocks = times + (phase * 14400).astype(np.int64) - 7200
    layers = _smooth_layers(devices, clocks)
    flicker = share(draw(devices, Purpose.FLICKER, times * 3 + np.arange(3)[:, None, None]))
    usual = (0.002 + 0.08 * appetite**3) * (0.15 + 4 * (_WEIGHTS * layers).sum(axis=0) ** 3)
    wanted = _season(clocks, 0.2 + 0.9 * weekend) * (usual + 1.2 * _event_sizes(devices, clocks, _BURST) ** 2)
    load = np.minimum(wanted, 1)
    download = np.minimum(load * (0.85 + 0.3 * flicker[0]), 1) * download_rates
    sent = load * download_rates * (0.05 + 0.45 * ratio) * (0.5 + layers[4]) * (0.85 + 0.3 * flicker[1])
    # The way to the device with its jitter, and a queue that grows without bound towards a full line, or nearly.
    round_trip = (0.0003 + 0.02 * distance**3) * (1 + 0.3 * flicker[2]) + 0.002 * load / (1.04 - load)
    speeds = np.round([np.minimum(sent, upload_rates), download], 2)
    return _event_sizes(devices, clocks, _OUTAGE) == 0, np.array([*speeds, np.round(round_trip, 6)])


def _smooth_layers(devices: Hashes, clocks: Integers) -> Floats:
    """For each layer a share from 0 to 1: a new value each period, and a smooth way from one to the next."""
    slots, seconds = np.divmod(clocks, _PERIODS)
    numbers = slots * len(_PERIODS) + np.arange(len(_PERIODS))[:, None, None]
    before, after = share(draw(devices, Purpose.LAYER, np.stack([numbers, numbers + len(_PERIODS)])))
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
    happens, start, length, size = draw(devices, event.purpose, slots * 4 + np.arange(4)[:, None, None, None])
    since = seconds - below(start, event.slot_seconds)
    doubled = event.shortest_seconds << below(length, event.octaves)
    lasts = doubled + (doubled * (length & _LOW_BITS).astype(np.int64) >> 32)
    goes_on = (below(happens, event.one_in) == 0) & (since >= 0) & (since < lasts)
    sizes: Floats = np.where(goes_on, share(size), 0.0).max(axis=0)
    return sizes
