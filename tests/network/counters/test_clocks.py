import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.network.counters.clocks import (
    AFTER_A_GAP,
    BY_OUR_CLOCK,
    DISAGREE,
    FIRST,
    RESTARTED,
    SET_BACK,
    UPTIME_WRAP_SECONDS,
    measure_span,
)
from services.network.counters.following import follow
from services.network.counters.values import LONGEST_SECONDS, Sample
from tests.network.counters.samples import COUNTS, MEGABYTE, octets, rates_between, run, sample

DAYS_300 = 300 * 86_400.0


@pytest.mark.parametrize(
    ("earlier", "later", "note"),
    [
        pytest.param(sample(10), sample(70, "boot-2"), FIRST, id="our clock is another"),
        pytest.param(sample(10), sample(9), SET_BACK, id="our time went back"),
        pytest.param(sample(0), sample(LONGEST_SECONDS + 1), AFTER_A_GAP, id="the gap is too long"),
        pytest.param(sample(0, uptime=500), sample(60, uptime=3), RESTARTED, id="the uptime went back"),
        pytest.param(sample(0, uptime=DAYS_300), sample(60, uptime=3), RESTARTED, id="restarted after most of a wrap"),
        pytest.param(sample(0, uptime=30), sample(300, uptime=60), DISAGREE, id="restarted long after"),
        pytest.param(sample(0, uptime=500), sample(60, uptime=900), DISAGREE, id="the uptime leapt"),
        pytest.param(sample(0, uptime=500), sample(60), DISAGREE, id="the uptime is gone"),
        pytest.param(sample(0), sample(60, uptime=500), DISAGREE, id="the uptime is new"),
    ],
)
def test_no_time_is_known_between(earlier: Sample, later: Sample, note: str) -> None:
    span = measure_span(earlier, later)
    assert (span.seconds, span.note) == (None, note)


def test_the_devices_own_clock_measures_the_time_between() -> None:
    """An answer that took a second on its way does not change the time."""
    assert measure_span(sample(100, uptime=5000), sample(161, uptime=5060)).seconds == 60


def test_an_uptime_that_wraps_goes_on() -> None:
    earlier, later = sample(0, uptime=UPTIME_WRAP_SECONDS - 20), sample(60, uptime=40)
    assert measure_span(earlier, later).seconds == pytest.approx(60)


def minutes(count: int, speed: float, every: float = 60.0) -> list[Sample]:
    """Samples of a device that sends 8 Mbit/s and whose uptime runs at `speed`, from 1000 on."""
    times = [number * every for number in range(count)]
    return [sample(at, uptime=1000 + at * speed, e=octets(int(at * MEGABYTE), 0)) for at in times]


@pytest.mark.parametrize(
    ("speed", "every"),
    [
        pytest.param(0.0, 60.0, id="stands still"),
        pytest.param(0.01, 60.0, id="in seconds instead of hundredths"),
        pytest.param(10.0, 60.0, id="in milliseconds"),
        pytest.param(0.8, 60.0, id="a fifth slow, by the minute"),
        pytest.param(0.8, 10.0, id="a fifth slow, every ten seconds"),
        pytest.param(1.2, 10.0, id="a fifth fast, every ten seconds"),
        pytest.param(0.95, 60.0, id="a twentieth slow"),
    ],
)
def test_an_uptime_that_is_no_clock_gives_way_to_ours_after_some_readings(speed: float, every: float) -> None:
    followed = run(*minutes(6, speed, every))
    speeds = [one.rates_of("e").upload_speed for one in followed]
    assert speeds == [None, None, None, 8.0, 8.0, 8.0]
    assert [one.note for one in followed[1:]] == [DISAGREE, DISAGREE, BY_OUR_CLOCK, BY_OUR_CLOCK, BY_OUR_CLOCK]


def test_an_uptime_that_comes_and_goes_gives_way_to_ours() -> None:
    samples = [
        sample(number * 60.0, uptime=None if number % 2 else 1000 + number * 60.0, e=octets(number * 60 * MEGABYTE, 0))
        for number in range(5)
    ]
    assert [one.rates_of("e").upload_speed for one in run(*samples)] == [None, None, None, 8.0, 8.0]


def test_an_uptime_that_is_right_again_is_used_again() -> None:
    good = [sample(360 + at, uptime=60 + at, e=octets(int((360 + at) * MEGABYTE), 0)) for at in (0, 60, 120)]
    followed = run(*minutes(5, 0.0), *good)
    assert [one.note for one in followed[-2:]] == [None, None]
    assert followed[-1].rates_of("e").upload_speed == 8.0


def test_a_clock_of_ours_that_is_set_costs_one_reading() -> None:
    before = [sample(at, uptime=1000 + at, e=octets(int(at * MEGABYTE), 0)) for at in (0.0, 60.0)]
    after = [sample(600 + at, uptime=1000 + at, e=octets(int(at * MEGABYTE), 0)) for at in (120.0, 180.0, 240.0)]
    assert [one.rates_of("e").upload_speed for one in run(*before, *after)] == [None, 8.0, None, 8.0, 8.0]


@given(delays=st.lists(st.floats(0, 0.9), min_size=2, max_size=20))
def test_delays_on_the_way_do_not_discredit_an_uptime(delays: list[float]) -> None:
    samples = [sample(number * 60 + delay, uptime=1000 + number * 60.0) for number, delay in enumerate(delays)]
    assert {one.note for one in run(*samples)[1:]} == {None}


@given(
    uptime=st.floats(0, UPTIME_WRAP_SECONDS),
    restarted_after=st.floats(0, LONGEST_SECONDS),
    on_for=st.floats(0, LONGEST_SECONDS),
    counts=st.tuples(COUNTS, COUNTS),
)
def test_no_rate_is_ever_made_across_a_restart(
    uptime: float, restarted_after: float, on_for: float, counts: tuple[int, int]
) -> None:
    """Whatever was counted; save where the device ran for a few seconds only, when uptime cannot show it."""
    seconds = restarted_after + on_for
    assume(abs((on_for - uptime) % UPTIME_WRAP_SECONDS - seconds) > 2 + seconds / 10)
    earlier = sample(0, uptime=uptime, e=octets(counts[0], 0))
    assert rates_between(earlier, sample(seconds, uptime=on_for, e=octets(counts[1], 0))) == {}


def test_a_device_that_was_restarted_just_now_is_sampled_anew() -> None:
    earlier, later = sample(0, uptime=100, e=octets(5, 5)), sample(0.5, uptime=3, e=octets(9, 9))
    assert follow(earlier, later).interfaces == later.interfaces
