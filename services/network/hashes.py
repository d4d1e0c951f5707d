"""Hashes that look random, many at once: what the simulated network draws instead of random numbers."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Purpose(IntEnum):
    """Keeps the hashes of different questions apart; there is room for 16."""

    LINK, UPLOAD, DOWNLOAD, TRAIT, LAYER, FLICKER, OUTAGE, BURST = range(8)


def draw(devices: Hashes, purpose: Purpose, slots: Integers) -> Hashes:
    """64 fair bits for each device and slot; slots are one per row, or one per row and device."""
    return mix(devices ^ (slots * 16 + purpose).astype(np.uint64) * _GOLDEN)


def share(hashes: Hashes) -> Floats:
    """Uniform above 0 and up to 1."""
    return ((hashes >> np.uint64(11)) + np.uint64(1)).astype(np.float64) * 2.0**-53


def below(hashes: Hashes, end: int) -> Integers:
    """Uniform among 0, 1 and so on below `end`; from the upper half of the bits."""
    return ((hashes >> np.uint64(32)) * np.uint64(end) >> np.uint64(32)).astype(np.int64)


def mix(values: Hashes) -> Hashes:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    mixed = values + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
