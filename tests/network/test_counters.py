from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.network.counters import (
    LONGEST_SECONDS,
    NO_RATES,
    SHORTEST_SECONDS,
    Counters,
    Rates,
    Sample,
    elapsed_between,
    follow,
    rates_between,
    sum_speeds,
)

MEGABYTE = 1_000_000
# SNMP's uptime counts hundredths of a second in 32 bits.
UPTIME_WRAP_SECONDS = 2**32 / 100
SECONDS = st.floats(min_value=1.0, max_value=LONGEST_SECONDS)
COUNTS = st.integers(min_value=0, max_value=2**64 - 1)
COUNTS_32 = st.integers(min_value=0, max_value=2**32 - 1)


def octets(sent: int | None, received: int | None, bits: int = 64, line_speed: float | None = None) -> Counters:
    return Counters(octets_in=received, octets_out=sent, octet_bits=bits, line_speed=line_speed)


def sample(at_seconds: float, clock: str = "boot-1", uptime: float | None = None, **interfaces: Counters) -> Sample:
    return Sample(clock, at_seconds, interfaces, uptime)


def speeds_of(rates: Rates) -> tuple[float | None, float | None]:
    return rates.upload_speed, rates.download_speed


def test_a_rate_is_the_mean_in_megabits_per_second() -> None:
    earlier, later = sample(100, eth0=octets(0, 0)), sample(160, eth0=octets(60 * MEGABYTE, 120 * MEGABYTE))
    assert speeds_of(rates_between(earlier, later)["eth0"]) == (8.0, 16.0)


def test_errors_and_discards_are_packets_per_second() -> None:
    earlier = sample(0, e=Counters(0, 0, 10, 10, 10, 10))
    later = sample(10, e=Counters(0, 0, 20, 30, 40, 50))
    assert rates_between(earlier, later)["e"] == Rates(0.0, 0.0, 1.0, 2.0, 3.0, 4.0)


def test_each_interface_has_rates_of_its_own() -> None:
    earlier = sample(0, eth0=octets(0, 0), eth1=octets(5, 5))
    later = sample(8, eth0=octets(MEGABYTE, 0), eth1=octets(2 * MEGABYTE + 5, 5))
    rates = rates_between(earlier, later)
    assert (speeds_of(rates["eth0"]), speeds_of(rates["eth1"])) == ((1.0, 0.0), (2.0, 0.0))


def test_the_sum_leaves_out_what_is_not_known() -> None:
    assert sum_speeds([Rates(1.0, 2.0), NO_RATES, Rates(0.5, None)]) == (1.5, 2.0)


def test_no_traffic_is_a_rate_of_zero() -> None:
    assert speeds_of(rates_between(sample(0, e=octets(7, 7)), sample(60, e=octets(7, 7)))["e"]) == (0.0, 0.0)


def test_the_first_sample_gives_no_rates() -> None:
    assert rates_between(None, sample(0, eth0=octets(7, 7))) == {}


ONE, NINE = octets(1, 1), octets(9, 9)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param(sample(10, e=ONE), sample(70, "boot-2", e=NINE), id="our clock is another"),
        pytest.param(sample(10, e=ONE), sample(10, e=NINE), id="no time went by"),
        pytest.param(sample(10, e=ONE), sample(9, e=NINE), id="time went back"),
        pytest.param(sample(0, e=ONE), sample(LONGEST_SECONDS + 1, e=NINE), id="the gap is too long"),
        pytest.param(sample(0, e=ONE), sample(60, f=NINE), id="all interfaces are new"),
        pytest.param(sample(0), sample(60), id="no interfaces"),
        pytest.param(sample(0, uptime=500, e=ONE), sample(60, uptime=3, e=NINE), id="the uptime went back"),
        pytest.param(sample(0, uptime=30, e=ONE), sample(300, uptime=60, e=NINE), id="restarted long after"),
        pytest.param(sample(0, uptime=500, e=ONE), sample(60, uptime=900, e=NINE), id="the uptime leapt"),
        pytest.param(sample(0, uptime=500, e=ONE), sample(60, e=NINE), id="the uptime is gone"),
        pytest.param(sample(0, e=ONE), sample(60, uptime=500, e=NINE), id="the uptime is new"),
    ],
)
def test_there_are_no_rates_when(earlier: Sample, later: Sample) -> None:
    assert rates_between(earlier, later) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(octets(5, 5), octets(0, 9), id="the sent counter was reset"),
        pytest.param(octets(5, 5), octets(9, 0), id="the received counter was reset"),
        pytest.param(octets(5, 5, 32), octets(9, 9, 64), id="the width changed"),
        pytest.param(replace(ONE, epoch="2/0"), replace(NINE, epoch="2/77"), id="the counters were interrupted"),
        pytest.param(replace(ONE, epoch="2/0"), replace(NINE, epoch="3/0"), id="another interface has the name"),
    ],
)
def test_an_interface_has_no_rates_when(before: Counters, after: Counters) -> None:
    before, after = replace(before, errors_in=1), replace(after, errors_in=9)
    assert rates_between(sample(0, e=before), sample(60, e=after)) == {"e": NO_RATES}


def test_an_error_counter_that_went_back_is_left_out_alone() -> None:
    earlier, later = sample(0, e=Counters(0, 0, errors_in=5)), sample(8, e=Counters(0, MEGABYTE, errors_in=4))
    assert rates_between(earlier, later)["e"] == Rates(upload_speed=1.0, download_speed=0.0)


def test_an_interface_without_octet_counters_still_has_its_errors() -> None:
    earlier, later = sample(0, e=Counters(None, None, 0)), sample(8, e=Counters(None, None, 8))
    assert rates_between(earlier, later)["e"] == Rates(errors_in=1.0)


def test_a_gap_of_the_longest_length_still_gives_a_rate() -> None:
    rates = rates_between(sample(0, e=octets(0, 0)), sample(LONGEST_SECONDS, e=octets(0, 0)))
    assert speeds_of(rates["e"]) == (0.0, 0.0)


def test_an_interface_that_was_reset_leaves_the_others_rates() -> None:
    earlier = sample(0, eth0=octets(0, 0), eth1=octets(10**12, 10**12))
    later = sample(8, eth0=octets(MEGABYTE, MEGABYTE), eth1=octets(3, 3), usb0=octets(10**15, 10**15))
    assert sum_speeds(rates_between(earlier, later).values()) == (1.0, 1.0)


def test_an_interface_that_vanished_is_left_out() -> None:
    earlier, later = sample(0, e=octets(0, 0), f=octets(9, 9)), sample(8, e=octets(MEGABYTE, 0))
    assert list(rates_between(earlier, later)) == ["e"]


def test_a_32_bit_counter_may_wrap_once() -> None:
    earlier, later = sample(0, e=octets(2**32 - 400_000, 0, 32)), sample(8, e=octets(600_000, 0, 32))
    assert speeds_of(rates_between(earlier, later)["e"]) == (1.0, 0.0)


def test_a_64_bit_counter_that_went_back_was_reset() -> None:
    assert rates_between(sample(0, e=octets(2**32 - 1, 0)), sample(60, e=octets(1, 0)))["e"] == NO_RATES


def test_a_wrap_faster_than_the_line_is_a_reset() -> None:
    earlier, later = sample(0, e=octets(2**31, 0, 32, 10.0)), sample(60, e=octets(5, 0, 32, 10.0))
    assert rates_between(earlier, later)["e"] == NO_RATES


def test_a_wrap_faster_than_any_32_bit_interface_is_a_reset() -> None:
    assert rates_between(sample(0, e=octets(9, 0, 32)), sample(1, e=octets(5, 0, 32)))["e"] == NO_RATES


def test_the_devices_own_clock_measures_the_time_between() -> None:
    """An answer that took a second on its way does not change the rate."""
    earlier = sample(100, uptime=5000.0, e=octets(0, 0))
    later = sample(161, uptime=5060.0, e=octets(60 * MEGABYTE, 0))
    assert rates_between(earlier, later)["e"].upload_speed == 8.0


def test_an_uptime_that_wraps_goes_on() -> None:
    earlier, later = sample(0, uptime=UPTIME_WRAP_SECONDS - 20), sample(60, uptime=40)
    assert elapsed_between(earlier, later) == pytest.approx(60)


def test_readers_within_the_shortest_time_share_one_sample() -> None:
    earlier = sample(0, uptime=100, e=octets(0, 0))
    assert follow(earlier, sample(SHORTEST_SECONDS / 2, uptime=100.4, e=octets(9, 9))) is earlier


def test_a_device_that_was_restarted_just_now_is_sampled_anew() -> None:
    earlier, later = sample(0, uptime=100, e=octets(5, 5)), sample(0.5, uptime=3, e=octets(9, 9))
    assert follow(earlier, later) == later


def test_a_sample_carries_its_rates_on() -> None:
    followed = follow(sample(0, e=octets(0, 0)), sample(8, e=octets(MEGABYTE, 0)))
    assert speeds_of(followed.rates["e"]) == (1.0, 0.0)


@given(before=COUNTS, after=COUNTS, seconds=SECONDS, bits=st.sampled_from([32, 64]))
def test_a_rate_is_never_negative(before: int, after: int, seconds: float, bits: int) -> None:
    rates = rates_between(sample(0, e=octets(before, after, bits)), sample(seconds, e=octets(after, before, bits)))
    assert all(one is None or one >= 0 for one in speeds_of(rates["e"]))


@given(start=COUNTS, sent=st.integers(0, 2**40), seconds=SECONDS)
def test_a_64_bit_rate_is_the_true_mean(start: int, sent: int, seconds: float) -> None:
    rates = rates_between(sample(0, e=octets(start, 0)), sample(seconds, e=octets(start + sent, 0)))
    assert rates["e"].upload_speed == pytest.approx(sent * 8 / seconds / 1e6, abs=1e-6)


@given(start=COUNTS_32, sent=st.integers(0, 2**40), seconds=SECONDS)
def test_a_32_bit_rate_is_never_above_the_true_mean(start: int, sent: int, seconds: float) -> None:
    after = (start + sent) % 2**32
    rates = rates_between(sample(0, e=octets(start, 0, 32)), sample(seconds, e=octets(after, 0, 32)))
    assert (rates["e"].upload_speed or 0) <= sent * 8 / seconds / 1e6 + 1e-6


@given(start=COUNTS_32, mean=st.floats(0, 1000), seconds=SECONDS)
def test_a_32_bit_counter_that_wraps_less_than_once_gives_the_true_mean(
    start: int, mean: float, seconds: float
) -> None:
    sent = int(mean * seconds * 1e6 / 8)
    assume(sent < 2**32)
    earlier, later = sample(0, e=octets(start, 0, 32)), sample(seconds, e=octets((start + sent) % 2**32, 0, 32))
    assert rates_between(earlier, later)["e"].upload_speed == pytest.approx(sent * 8 / seconds / 1e6, abs=1e-6)


@given(before=COUNTS, after_reset=COUNTS, seconds=SECONDS)
def test_a_64_bit_reset_is_never_a_spike(before: int, after_reset: int, seconds: float) -> None:
    """Since the reset `after_reset` bytes were sent, so the true mean is at least theirs."""
    rates = rates_between(sample(0, e=octets(before, 0)), sample(seconds, e=octets(after_reset, 0)))
    assert (rates["e"].upload_speed or 0) <= after_reset * 8 / seconds / 1e6 + 1e-6


@given(
    uptime=st.floats(0, UPTIME_WRAP_SECONDS),
    restarted_after=st.floats(0, LONGEST_SECONDS),
    on_for=st.floats(0, LONGEST_SECONDS),
    counts=st.tuples(COUNTS, COUNTS),
)
def test_no_rate_is_ever_made_across_a_restart(
    uptime: float, restarted_after: float, on_for: float, counts: tuple[int, int]
) -> None:
    """Whatever was counted; save where the device ran for a few seconds only, when uptime cannot tell."""
    seconds = restarted_after + on_for
    assume(abs((on_for - uptime) % UPTIME_WRAP_SECONDS - seconds) > 2 + seconds / 10)
    earlier = sample(0, uptime=uptime, e=octets(counts[0], 0))
    assert rates_between(earlier, sample(seconds, uptime=on_for, e=octets(counts[1], 0))) == {}
