import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.network.counters import LONGEST_SECONDS, Octets, Rate, Sample, rate_between

MEGABYTE = 1_000_000
SECONDS = st.floats(min_value=1.0, max_value=LONGEST_SECONDS)
COUNTS = st.integers(min_value=0, max_value=2**64 - 1)
COUNTS_32 = st.integers(min_value=0, max_value=2**32 - 1)


def sample(at_seconds: float, clock: str = "boot-1", **interfaces: Octets) -> Sample:
    return Sample(clock, at_seconds, interfaces)


def test_a_rate_is_the_mean_in_megabits_per_second() -> None:
    earlier, later = sample(100, eth0=Octets(0, 0)), sample(160, eth0=Octets(60 * MEGABYTE, 120 * MEGABYTE))
    assert rate_between(earlier, later) == Rate(8.0, 16.0)


def test_interfaces_are_summed() -> None:
    earlier = sample(0, eth0=Octets(0, 0), eth1=Octets(5, 5))
    later = sample(8, eth0=Octets(MEGABYTE, 0), eth1=Octets(MEGABYTE + 5, 5))
    assert rate_between(earlier, later) == Rate(2.0, 0.0)


def test_no_traffic_is_a_rate_of_zero() -> None:
    assert rate_between(sample(0, eth0=Octets(7, 7)), sample(60, eth0=Octets(7, 7))) == Rate(0.0, 0.0)


def test_the_first_sample_gives_no_rate() -> None:
    assert rate_between(None, sample(0, eth0=Octets(7, 7))) is None


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param(sample(10, e=Octets(1, 1)), sample(70, "boot-2", e=Octets(9, 9)), id="the machine started anew"),
        pytest.param(sample(10, e=Octets(1, 1)), sample(10, e=Octets(9, 9)), id="no time went by"),
        pytest.param(sample(10, e=Octets(1, 1)), sample(9, e=Octets(9, 9)), id="time went back"),
        pytest.param(sample(0, e=Octets(1, 1)), sample(LONGEST_SECONDS + 1, e=Octets(9, 9)), id="the gap is too long"),
        pytest.param(sample(0, e=Octets(1, 1)), sample(60, f=Octets(9, 9)), id="all interfaces are new"),
        pytest.param(sample(0), sample(60), id="no interfaces"),
        pytest.param(sample(0, e=Octets(5, 5)), sample(60, e=Octets(0, 9)), id="the sent counter was reset"),
        pytest.param(sample(0, e=Octets(5, 5)), sample(60, e=Octets(9, 0)), id="the received counter was reset"),
        pytest.param(sample(0, e=Octets(5, 5, 32)), sample(60, e=Octets(9, 9, 64)), id="the counters' width changed"),
    ],
)
def test_there_is_no_rate_when(earlier: Sample, later: Sample) -> None:
    assert rate_between(earlier, later) is None


def test_a_gap_of_the_longest_length_still_gives_a_rate() -> None:
    assert rate_between(sample(0, e=Octets(0, 0)), sample(LONGEST_SECONDS, e=Octets(0, 0))) == Rate(0.0, 0.0)


def test_a_new_interface_adds_nothing_at_first() -> None:
    earlier = sample(0, eth0=Octets(0, 0))
    later = sample(8, eth0=Octets(MEGABYTE, MEGABYTE), usb0=Octets(10**15, 10**15))
    assert rate_between(earlier, later) == Rate(1.0, 1.0)


def test_an_interface_that_was_reset_leaves_the_others_rates() -> None:
    earlier = sample(0, eth0=Octets(0, 0), eth1=Octets(10**12, 10**12))
    later = sample(8, eth0=Octets(MEGABYTE, MEGABYTE), eth1=Octets(3, 3))
    assert rate_between(earlier, later) == Rate(1.0, 1.0)


def test_an_interface_that_vanished_is_left_out() -> None:
    earlier, later = sample(0, e=Octets(0, 0), f=Octets(9, 9)), sample(8, e=Octets(MEGABYTE, 0))
    assert rate_between(earlier, later) == Rate(1.0, 0.0)


def test_a_32_bit_counter_may_wrap_once() -> None:
    earlier, later = sample(0, e=Octets(2**32 - 400_000, 0, 32)), sample(8, e=Octets(600_000, 0, 32))
    assert rate_between(earlier, later) == Rate(1.0, 0.0)


def test_a_64_bit_counter_that_went_back_was_reset() -> None:
    assert rate_between(sample(0, e=Octets(2**32 - 1, 0)), sample(60, e=Octets(1, 0))) is None


def test_a_wrap_faster_than_the_line_is_a_reset() -> None:
    earlier, later = sample(0, e=Octets(2**31, 0, 32, 10.0)), sample(60, e=Octets(5, 0, 32, 10.0))
    assert rate_between(earlier, later) is None


def test_a_wrap_faster_than_any_32_bit_interface_is_a_reset() -> None:
    assert rate_between(sample(0, e=Octets(9, 0, 32)), sample(1, e=Octets(5, 0, 32))) is None


@given(before=COUNTS, after=COUNTS, seconds=SECONDS, bits=st.sampled_from([32, 64]))
def test_a_rate_is_never_negative(before: int, after: int, seconds: float, bits: int) -> None:
    rate = rate_between(sample(0, e=Octets(before, after, bits)), sample(seconds, e=Octets(after, before, bits)))
    assert rate is None or min(rate.upload_speed, rate.download_speed) >= 0


@given(start=COUNTS, sent=st.integers(0, 2**40), seconds=SECONDS)
def test_a_64_bit_rate_is_the_true_mean(start: int, sent: int, seconds: float) -> None:
    rate = rate_between(sample(0, e=Octets(start, 0)), sample(seconds, e=Octets(start + sent, 0)))
    assert rate is not None
    assert rate.upload_speed == pytest.approx(sent * 8 / seconds / 1e6, abs=1e-6)


@given(start=COUNTS_32, sent=st.integers(0, 2**40), seconds=SECONDS)
def test_a_32_bit_rate_is_never_above_the_true_mean(start: int, sent: int, seconds: float) -> None:
    after = (start + sent) % 2**32
    rate = rate_between(sample(0, e=Octets(start, 0, 32)), sample(seconds, e=Octets(after, 0, 32)))
    assert rate is None or rate.upload_speed <= sent * 8 / seconds / 1e6 + 1e-6


@given(start=COUNTS_32, mean=st.floats(0, 1000), seconds=SECONDS)
def test_a_32_bit_counter_that_wraps_less_than_once_gives_the_true_mean(
    start: int, mean: float, seconds: float
) -> None:
    sent = int(mean * seconds * 1e6 / 8)
    assume(sent < 2**32)
    earlier, later = sample(0, e=Octets(start, 0, 32)), sample(seconds, e=Octets((start + sent) % 2**32, 0, 32))
    rate = rate_between(earlier, later)
    assert rate is not None
    assert rate.upload_speed == pytest.approx(sent * 8 / seconds / 1e6, abs=1e-6)


@given(before=COUNTS, after_reset=COUNTS, seconds=SECONDS)
def test_a_64_bit_reset_is_never_a_spike(before: int, after_reset: int, seconds: float) -> None:
    """Since the reset `after_reset` bytes were sent, so the true mean is at least theirs."""
    rate = rate_between(sample(0, e=Octets(before, 0)), sample(seconds, e=Octets(after_reset, 0)))
    assert rate is None or rate.upload_speed <= after_reset * 8 / seconds / 1e6 + 1e-6
