from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.network.counters.growth import (
    CAME_BACK,
    FASTEST_SPEED,
    MISSING,
    NEW,
    READ_ZERO,
    RENUMBERED,
    TOLERANCE,
    TOO_FAST,
    WENT_BACK,
    is_line_speed_wrong,
)
from services.network.counters.values import LONGEST_SECONDS, NO_RATES, Counters, Rates, sum_speeds
from tests.network.counters.samples import (
    COUNTS,
    COUNTS_32,
    MEGABYTE,
    SECONDS,
    octets,
    rates_between,
    run,
    sample,
    speeds_of,
)


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


def test_no_traffic_is_a_rate_of_zero() -> None:
    assert speeds_of(rates_between(sample(0, e=octets(7, 7)), sample(60, e=octets(7, 7)))["e"]) == (0.0, 0.0)


ONE, NINE = octets(1, 1), octets(9, 9)


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


@given(before=COUNTS, after=COUNTS, seconds=SECONDS, bits=st.sampled_from([32, 64]))
def test_a_rate_is_never_negative(before: int, after: int, seconds: float, bits: int) -> None:
    rates = rates_between(sample(0, e=octets(before, after, bits)), sample(seconds, e=octets(after, before, bits)))
    assert all(one is None or one >= 0 for one in speeds_of(rates["e"]))


@given(start=COUNTS, sent=st.integers(0, 2**36), seconds=SECONDS)
def test_a_64_bit_rate_is_the_true_mean(start: int, sent: int, seconds: float) -> None:
    assume(sent * 8 / seconds / 1e6 <= FASTEST_SPEED)
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


PORT = 10**12
LINE = 1000.0
# What a line of 1,000 Mbit/s can carry in a minute.
FULL_MINUTE = 7_500 * MEGABYTE


def port(sent: int, bits: int = 64, line_speed: float | None = LINE) -> Counters:
    return octets(sent, 0, bits, line_speed)


def minutes(*sent: int | Counters) -> list[tuple[float | None, str | None]]:
    """Rate and reason of each minute, where these were counted at its end."""
    counters = [port(one) if isinstance(one, int) else one for one in sent]
    followed = run(*(sample(number * 60.0, e=one) for number, one in enumerate(counters)))
    return [(one.rates_of("e").upload_speed, one.rates_of("e").reason) for one in followed[1:]]


@pytest.mark.parametrize("line_speed", [1000.0, 400_000.0, None])
def test_a_64_bit_counter_that_is_out_of_its_mind_once_makes_no_spike(line_speed: float | None) -> None:
    counts = [PORT, PORT + 60 * MEGABYTE, 2**64 - 384, PORT + 180 * MEGABYTE, PORT + 240 * MEGABYTE]
    seen = minutes(*(port(one, 64, line_speed) for one in counts))
    assert seen == [(8.0, None), (None, TOO_FAST), (None, WENT_BACK), (8.0, None)]


@pytest.mark.parametrize("old", [10**6, 5 * 10**9, PORT])
def test_counters_that_read_zero_for_a_while_and_return_make_no_spike_and_no_zero(old: int) -> None:
    seen = minutes(old, 0, 0, 0, old + 60 * MEGABYTE, old + 120 * MEGABYTE)
    reasons = [WENT_BACK, READ_ZERO, READ_ZERO, CAME_BACK, None]
    assert seen == list(zip([None] * 4 + [8.0], reasons, strict=True))


def test_32_bit_counters_that_fall_to_zero_have_not_wrapped() -> None:
    seen = minutes(port(4 * 10**9, 32), port(0, 32), port(4 * 10**9 + 60 * MEGABYTE, 32))
    assert [reason for _, reason in seen] == [WENT_BACK, CAME_BACK]


def test_counters_that_were_cleared_count_on() -> None:
    seen = minutes(PORT, 30 * MEGABYTE, 90 * MEGABYTE, 150 * MEGABYTE)
    assert seen == [(None, WENT_BACK), (8.0, None), (8.0, None)]


def test_an_idle_interface_whose_counters_were_cleared_is_at_zero_after_a_while() -> None:
    seen = minutes(PORT, *[0] * 20, PORT + MEGABYTE)
    assert (seen[15], seen[17], seen[-1]) == ((None, READ_ZERO), (0.0, None), (None, CAME_BACK))


def test_two_agents_that_answer_in_turns_make_no_spike() -> None:
    assert {rate for rate, _ in minutes(PORT, 5, PORT + 9, 10, PORT + 18, 15)} == {None}


def test_a_full_line_is_believed_and_twice_as_much_is_not() -> None:
    seen = minutes(PORT, PORT + FULL_MINUTE, PORT + 3 * FULL_MINUTE, PORT + 5 * FULL_MINUTE)
    assert seen == [(1000.0, None), (None, TOO_FAST), (None, TOO_FAST)]


def test_a_line_speed_that_agents_make_up_is_given_up_after_some_readings() -> None:
    """A virtual machine's agent reports 10 Mbit/s for a line that carries 80."""
    counts = [port(number * 600 * MEGABYTE, line_speed=10.0) for number in range(6)]
    followed = run(*(sample(number * 60.0, e=one) for number, one in enumerate(counts)))
    assert [one.rates_of("e").upload_speed for one in followed[1:]] == [None, None, None, 80.0, 80.0]
    assert is_line_speed_wrong(followed[-1].doubts["e"])


def test_errors_that_no_line_can_carry_are_left_out() -> None:
    earlier, later = Counters(0, 0, errors_in=0, line_speed=100.0), Counters(0, 0, errors_in=10**9, line_speed=100.0)
    assert rates_between(sample(0, e=earlier), sample(60, e=later))["e"] == Rates(0.0, 0.0)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (octets(5, 5), octets(None, None), MISSING),
        (octets(None, None), octets(5, 5), NEW),
        (octets(5, 5), octets(4, 9), WENT_BACK),
        (octets(5, 5, 32), octets(9, 9, 64), RENUMBERED),
    ],
)
def test_an_interface_without_rates_says_why(before: Counters, after: Counters, reason: str) -> None:
    rates = rates_between(sample(0, e=before), sample(60, e=after))["e"]
    assert (speeds_of(rates), rates.reason) == ((None, None), reason)


odd_counts = st.one_of(
    st.none(),
    st.just(0),
    st.integers(0, 10**10),
    st.sampled_from([2**32 - 1, 2**63, 2**64 - 384, 2**64 - 1]),
    COUNTS,
)
odd_counters = st.builds(
    Counters,
    octets_in=odd_counts,
    octets_out=odd_counts,
    errors_in=odd_counts,
    errors_out=odd_counts,
    discards_in=odd_counts,
    discards_out=odd_counts,
    octet_bits=st.sampled_from([32, 64]),
    line_speed=st.sampled_from([None, 11.0, 100.0, 1000.0, 400_000.0]),
    epoch=st.sampled_from(["1/0", "2/0"]),
)
odd_samples = st.lists(
    st.tuples(st.floats(-10, 1000), st.none() | st.floats(0, 2**32 / 100), odd_counters), min_size=2, max_size=12
)


@given(steps=odd_samples)
def test_whatever_an_agent_says_no_rate_is_negative_or_faster_than_the_line(
    steps: list[tuple[float, float | None, Counters]],
) -> None:
    now, samples = 10_000.0, []
    for seconds, uptime, counters in steps:
        now += seconds
        samples.append(sample(now, uptime=uptime, e=counters))
    for one in run(*samples):
        speeds = [speed for speed in speeds_of(one.rates_of("e")) if speed is not None]
        fastest = (one.interfaces["e"].line_speed or FASTEST_SPEED) * TOLERANCE + 1e-6
        assert all(0 <= speed <= fastest for speed in speeds)


@given(old=st.integers(1, 2**63), zeros=st.integers(1, 8), more=st.integers(0, 2**20), bits=st.sampled_from([32, 64]))
def test_a_return_from_zeros_is_never_a_rate(old: int, zeros: int, more: int, bits: int) -> None:
    old = old % 2**31 + 1 if bits == 32 else old
    seen = minutes(*(port(one, bits) for one in (old, *[0] * zeros, old + more)))
    assert {rate for rate, _ in seen} == {None}
