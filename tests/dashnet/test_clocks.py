from datetime import UTC, datetime, timedelta

import pytest

from dashnet.clocks import ClockWatch, describe_ahead
from tests.clocks import HandClock

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(datetime(2026, 11, 29, 12, 0, tzinfo=UTC))


def test_time_that_only_passes_is_no_jump(clock: HandClock) -> None:
    watch = ClockWatch(clock.clock)
    clock.pass_by(1.0)
    step = watch.look()
    assert (step.is_jump, step.paused_seconds, step.asleep_seconds, step.set_seconds) == (False, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("set_by", [-TEN_MINUTES, timedelta(hours=2)])
def test_a_clock_that_is_set_is_noticed_with_its_direction(clock: HandClock, set_by: timedelta) -> None:
    watch = ClockWatch(clock.clock)
    clock.pass_by(1.0)
    clock.set_by(set_by)
    step = watch.look()
    assert (step.is_jump, step.set_seconds) == (True, set_by.total_seconds())
    assert not watch.look().is_jump


def test_a_time_server_that_moves_the_clock_a_little_makes_no_jump(clock: HandClock) -> None:
    watch = ClockWatch(clock.clock)
    clock.set_by(timedelta(seconds=-2))
    assert not watch.look().is_jump


def test_sleep_of_the_machine_is_told_from_a_clock_that_is_set(clock: HandClock) -> None:
    watch = ClockWatch(clock.clock)
    clock.sleep(3600)
    step = watch.look()
    assert (step.is_jump, step.asleep_seconds, step.paused_seconds) == (False, 3600.0, 0.0)


def test_a_clock_that_was_set_back_is_behind_until_it_is_there_again(clock: HandClock) -> None:
    watch = ClockWatch(clock.clock)
    clock.set_by(-TEN_MINUTES)
    watch.look()
    assert watch.is_behind
    clock.pass_by(600)
    assert not watch.is_behind


def test_a_newest_tick_ahead_of_now_is_said_with_by_how_much(clock: HandClock) -> None:
    now = clock.clock.now()
    assert describe_ahead(now + timedelta(seconds=30), now) is None
    assert (describe_ahead(now + TEN_MINUTES, now) or "").startswith("the newest tick is 10 min ahead")
    assert "2 h 5 min ahead" in (describe_ahead(now + timedelta(minutes=125), now) or "")
