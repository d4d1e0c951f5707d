from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.history.buckets import NICE_STEPS, Step, choose_step, make_edges, parse_step

BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut"]


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ("300", Step(seconds=300)),
        ("300s", Step(seconds=300)),
        ("5m", Step(seconds=300)),
        ("6h", Step(seconds=21_600)),
        ("1d", Step(days=1)),
        ("2w", Step(days=14)),
        ("3mo", Step(months=3)),
    ],
)
def test_a_step_is_seconds_or_days_weeks_and_months_of_the_calendar(given: str, step: Step) -> None:
    assert parse_step(given) == step


@pytest.mark.parametrize(
    "wrong", ["", "0", "59", "-5m", "1.5h", "1y", "0d", "0mo", "367d", "121mo", "99999999999", "5 m"]
)
def test_what_is_no_step_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"step|seconds|from"):
        parse_step(wrong)


@pytest.mark.parametrize("step", NICE_STEPS, ids=str)
def test_a_step_is_told_in_the_words_that_it_can_be_asked_in(step: Step) -> None:
    assert parse_step(str(step)) == step


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=3660)), st.integers(12, 2000))
def test_the_chosen_step_makes_no_more_points_than_wanted(length: timedelta, points: int) -> None:
    assert length / choose_step(length, points, timedelta()).about <= points


def test_a_chosen_step_is_no_finer_than_what_is_kept() -> None:
    assert choose_step(timedelta(hours=1), 300, timedelta(hours=1)) == Step(seconds=3600)


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 7, 1), 24)],
    ids=["spring", "autumn", "summer"],
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: tuple[int, int, int], hours: int) -> None:
    begin = datetime(*day, tzinfo=BERLIN)
    edges = make_edges(begin, begin + timedelta(days=1), Step(days=1), BERLIN, 10)
    assert edges == [begin.astimezone(UTC), begin.astimezone(UTC) + timedelta(hours=hours)]


def test_months_begin_at_local_midnight_of_their_first_day() -> None:
    edges = make_edges(datetime(2026, 2, 10, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC), Step(months=1), BERLIN, 10)
    assert edges == [
        datetime(2026, 1, 31, 23, tzinfo=UTC),
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 31, 22, tzinfo=UTC),
        datetime(2026, 4, 10, tzinfo=UTC),
    ]


def test_weeks_begin_on_mondays() -> None:
    edges = make_edges(datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), Step(days=7), UTC_ZONE, 9)
    assert [edge.weekday() for edge in edges[:-1]] == [0, 0]


@given(
    begin=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - given its zone below
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=400)),
    step=st.sampled_from([Step(seconds=420), Step(seconds=3600), Step(days=1), Step(days=7), Step(months=1)]),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_buckets_hold_the_whole_range_without_a_gap(
    begin: datetime, length: timedelta, step: Step, zone: ZoneInfo
) -> None:
    begin = begin.replace(tzinfo=UTC)
    edges = make_edges(begin, begin + length, step, zone, 100_000)
    assert edges[0] <= begin < edges[1]
    assert edges[-1] == begin + length
    assert all(first < last for first, last in pairwise(edges))


def test_more_buckets_than_allowed_are_refused_before_they_are_made() -> None:
    begin = datetime(2016, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="more than 2,000 points"):
        make_edges(begin, begin + timedelta(days=3650), Step(seconds=60), UTC_ZONE, 2000)
