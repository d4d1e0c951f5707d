from datetime import UTC, datetime, timedelta, timezone

import pytest

from dashnet.reading import State, add_known, state_of, to_tick, to_wire, unread


@pytest.mark.parametrize(("state", "active"), [(State.UP, True), (State.DOWN, False), (State.UNKNOWN, None)])
def test_states_and_the_words_of_2020_stand_for_each_other(state: State, active: bool | None) -> None:
    assert state.active_connection is active
    assert state_of(active) is state


@pytest.mark.parametrize(("state", "speed"), [(State.DOWN, 0.0), (State.UNKNOWN, None)])
def test_a_device_that_is_down_sends_nothing_and_of_an_unknown_one_no_speed_is_known(
    state: State, speed: float | None
) -> None:
    reading = unread(1, state, datetime.now(UTC), "no answer")
    assert (reading.upload_speed, reading.download_speed) == (speed, speed)


@pytest.mark.parametrize(
    ("speeds", "total"), [([1.5, None, 2.0], 3.5), ([0.0, None], 0.0), ([None, None], None), ([], None)]
)
def test_a_sum_is_of_what_is_known_and_unknown_where_nothing_is(
    speeds: list[float | None], total: float | None
) -> None:
    assert add_known(speeds) == total


def test_the_wire_has_utc_with_z_whatever_the_zone() -> None:
    east = timezone(timedelta(hours=2))
    assert to_wire(datetime(2026, 11, 23, 22, 0, tzinfo=east)) == "2026-11-23T20:00:00Z"
    assert to_wire(datetime(2026, 11, 23, 20, 0, 0, 5, tzinfo=UTC)) == "2026-11-23T20:00:00.000005Z"


def test_a_tick_is_the_minute_in_utc() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    assert to_tick(datetime(2026, 11, 23, 1, 30, 59, 9, tzinfo=india)) == datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
