"""What people read is never rounded into something else."""

from zoneinfo import ZoneInfo

import pytest

from services.app.report_units import (
    format_availability,
    format_bytes,
    format_count,
    format_day,
    format_duration,
    format_month,
    format_share,
    format_speed,
    format_time,
)

BERLIN = ZoneInfo("Europe/Berlin")


def spaced(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("up_ratio", "text"),
    [
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.9997, "99.97 %"),
        (0.2997, "29.97 %"),
        (0.99899, "99.89 %"),
        (0.99999, "99.99 %"),
        (0.0000004, "< 0.0001 %"),
        (None, "–"),
    ],
)
def test_availability_is_never_more_than_it_was(up_ratio: float | None, text: str) -> None:
    assert spaced(format_availability(up_ratio)) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0.0645, "6.45 %"),
        (0.99996, "99.996 %"),
        (0.99999999, "> 99.9999 %"),
        (0.00004, "0.004 %"),
        (1e-12, "< 0.0001 %"),
        (0.0, "0 %"),
        (None, "–"),
    ],
)
def test_a_share_is_neither_all_nor_nothing_unless_it_is(ratio: float | None, text: str) -> None:
    assert spaced(format_share(ratio)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.00 kB"),
        (12_345_678, "12.3 MB"),
        (999_700_000_000, "1.00 TB"),
        (1_240_000_000_000, "1.24 TB"),
        (10**22, "10000 EB"),
    ],
)
def test_bytes_are_decimal_with_three_digits(count: int, text: str) -> None:
    assert spaced(format_bytes(count)) == text


@pytest.mark.parametrize(
    ("speed", "text"),
    [
        (0.0, "0 Mbit/s"),
        (0.001, "< 0.01 Mbit/s"),
        (12.34, "12.3 Mbit/s"),
        (99.97, "100 Mbit/s"),
        (1_240.0, "1.24 Gbit/s"),
        (None, "–"),
    ],
)
def test_speeds_are_told_in_megabits_and_gigabits(speed: float | None, text: str) -> None:
    assert spaced(format_speed(speed)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "< 1 s"),
        (45, "45 s"),
        (260, "4 min 20 s"),
        (3_599.7, "1 h"),
        (11_520, "3 h 12 min"),
        (86_399, "1 d"),
        (187_200, "2 d 4 h"),
        (2_678_400, "31 d"),
        (None, "–"),
    ],
)
def test_durations_have_their_two_greatest_units(seconds: float | None, text: str) -> None:
    assert spaced(format_duration(seconds)) == text


@pytest.mark.parametrize(("count", "text"), [(0, "no outages"), (1, "1 outage"), (12_345, "12,345 outages")])
def test_a_number_agrees_with_its_noun(count: int, text: str) -> None:
    assert format_count(count, "outage", "outages") == text


def test_a_moment_of_a_known_year_can_do_without_it() -> None:
    assert spaced(format_time("2026-10-12T22:05:00Z", BERLIN, with_year=False)) == "13 Oct, 00:05"


def test_months_and_days_have_names() -> None:
    assert (format_month("2026-10"), spaced(format_day("2026-10-25"))) == ("October 2026", "Sun 25 Oct")


@pytest.mark.parametrize(
    ("time_stamp", "text"),
    [
        ("2026-10-12T22:05:00Z", "13 Oct 2026, 00:05"),
        ("2026-10-25T00:30:00Z", "25 Oct 2026, 02:30 CEST"),
        ("2026-10-25T01:30:00Z", "25 Oct 2026, 02:30 CET"),
        ("2026-03-29T01:30:00+00:00", "29 Mar 2026, 03:30"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_report_without_doubt(time_stamp: str, text: str) -> None:
    assert spaced(format_time(time_stamp, BERLIN)) == text
