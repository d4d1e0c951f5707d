from datetime import UTC, datetime, timedelta

from dashnet.history.stretches import Parts, leave_out

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_without_anything_to_leave_out_there_is_one_part() -> None:
    assert leave_out(at(0), at(60), []) == Parts([at(0), at(60)], [True])


def test_periods_are_cut_out_of_the_middle() -> None:
    parts = leave_out(at(0), at(60), [(at(40), at(50)), (at(10), at(20))])
    assert parts == Parts([at(0), at(10), at(20), at(40), at(50), at(60)], [True, False, True, False, True])
    assert parts.seconds == 40 * 60


def test_periods_that_overlap_or_touch_are_left_out_once() -> None:
    parts = leave_out(at(0), at(60), [(at(10), at(30)), (at(20), at(40)), (at(40), at(45)), (at(12), at(13))])
    assert parts.seconds == 25 * 60


def test_periods_that_reach_over_the_ends_are_cut_to_the_range() -> None:
    assert leave_out(at(0), at(60), [(at(-30), at(5)), (at(55), at(90)), (at(100), at(110))]).seconds == 50 * 60


def test_all_left_out_leaves_nothing() -> None:
    assert leave_out(at(0), at(60), [(at(-1), at(61))]).seconds == 0


def test_what_lies_before_a_moment_does_not_count() -> None:
    parts = leave_out(at(0), at(60), [(at(10), at(20))])
    assert [parts.seconds_since(at(minute)) for minute in (-5, 5, 15, 25, 70)] == [3000, 2700, 2400, 2100, 0]
