"""Samples of made-up devices, and what follows from two of them."""

from collections.abc import Mapping

from hypothesis import strategies as st

from services.network.counters.following import follow
from services.network.counters.values import LONGEST_SECONDS, Counters, Rates, Sample

MEGABYTE = 1_000_000
SECONDS = st.floats(min_value=1.0, max_value=LONGEST_SECONDS)
COUNTS = st.integers(min_value=0, max_value=2**64 - 1)
COUNTS_32 = st.integers(min_value=0, max_value=2**32 - 1)


def octets(sent: int | None, received: int | None, bits: int = 64, line_speed: float | None = None) -> Counters:
    """Return the counters of an interface that counts octets alone."""
    return Counters(octets_in=received, octets_out=sent, octet_bits=bits, line_speed=line_speed)


def sample(at_seconds: float, clock: str = "boot-1", uptime: float | None = None, **interfaces: Counters) -> Sample:
    """Return a device's sample."""
    return Sample(clock, at_seconds, interfaces, uptime)


def speeds_of(rates: Rates) -> tuple[float | None, float | None]:
    """Return upload and download."""
    return rates.upload_speed, rates.download_speed


def rates_between(earlier: Sample | None, later: Sample) -> Mapping[str, Rates]:
    """Return what follows from two samples, however near."""
    return follow(earlier, later, 0.0).rates


def run(*samples: Sample) -> list[Sample]:
    """Return each sample as it follows on those before it."""
    followed: list[Sample] = []
    for one in samples:
        followed.append(follow(followed[-1] if followed else None, one))
    return followed
