from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from dashnet.moments import read_moment, to_midnight

EIGHT = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T20:00:00Z",
        "2026-11-23t20:00:00z",
        "2026-11-23 20:00:00+00:00",
        "2026-11-23T22:00:00+02:00",
        "2026-11-23T22:00:00 02:00",
        "2026-11-23T22:00:00.000 02:00",
        "2026-11-23 22:00 0200",
        "20261123T220000 0200",
        "2026-11-23T15:30:00-04:30",
    ],
)
def test_a_blank_before_an_offset_is_a_plus(written: str) -> None:
    assert read_moment(written) == EIGHT


def test_without_an_offset_there_is_no_zone() -> None:
    assert read_moment("2026-11-23T20:00:00") == EIGHT.replace(tzinfo=None)


def test_a_day_is_a_day() -> None:
    assert read_moment("2026-11-28") == date(2026, 11, 28)


@pytest.mark.parametrize(
    "given",
    ["1.8e9", "1e3", "-3.7e-137", "1795464000", "1795464000.5", "+1", "20261123", "1_000", "nan", "-inf", "Infinity"],
)
def test_a_number_is_no_moment(given: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        read_moment(given)


@pytest.mark.parametrize("given", ["", " ", "noon", "2026-11-23T20:00:00Z\x00", "٢٠٢٦-11-23", "2026-13-01", "9" * 5000])
def test_what_is_no_moment_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        read_moment(given)


@pytest.mark.parametrize(
    ("zone", "day", "hour"),
    [
        ("Europe/Berlin", date(2026, 11, 28), datetime(2026, 11, 27, 23, tzinfo=UTC)),
        ("Asia/Kathmandu", date(2026, 11, 28), datetime(2026, 11, 27, 18, 15, tzinfo=UTC)),
        # On this day it has no midnight: the clocks go from 23:59 to 1:00.
        ("America/Santiago", date(2026, 9, 6), datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ],
)
def test_midnight_is_the_first_moment_of_a_day_in_its_zone(zone: str, day: date, hour: datetime) -> None:
    midnight = to_midnight(day, ZoneInfo(zone))
    assert midnight.astimezone(UTC) == hour
    assert (hour - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() < day


def test_midnight_of_a_fixed_offset() -> None:
    east = timezone(timedelta(hours=2))
    assert to_midnight(date(2026, 11, 28), east) == datetime(2026, 11, 28, tzinfo=east)
