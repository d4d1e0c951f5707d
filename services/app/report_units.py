"""Figures as people read them: what the pages of a report say instead of seconds, bytes and ratios."""

from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

NOT_KNOWN = "–"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPACE = "\N{NO-BREAK SPACE}"
_MOST_DIGITS = 4


def format_availability(up_ratio: float | None) -> str:
    """A share of time as 99.97 %, rounded down: a promise of 99.9 % that was missed never looks kept."""
    return NOT_KNOWN if up_ratio is None else _format_percent(up_ratio, ROUND_DOWN)


def format_share(ratio: float | None) -> str:
    """A share as 6.45 %; what is not all never looks like all, and what is not nothing never like nothing."""
    return NOT_KNOWN if ratio is None else _format_percent(ratio, ROUND_HALF_EVEN)


def _format_percent(ratio: float, rounding: str) -> str:
    # Through text, because 0.2997 times 100 is not quite 29.97, which would be rounded down to 29.96.
    exact = Decimal(str(ratio)) * 100
    if exact in (0, 100):
        return f"{exact:.0f}{_SPACE}%"
    for digits in range(2, _MOST_DIGITS + 1):
        rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding)
        if 0 < rounded < 100:
            return f"{rounded}{_SPACE}%"
    return f"<{_SPACE}0.0001{_SPACE}%" if exact < 50 else f">{_SPACE}99.9999{_SPACE}%"


def format_bytes(count: float | None) -> str:
    """Bytes in decimal units with three digits: 1.24 TB is 1,240,000,000,000 bytes."""
    return NOT_KNOWN if count is None else _format_scaled(count, ("B", "kB", "MB", "GB", "TB", "PB", "EB"))


def format_speed(speed: float | None) -> str:
    """A speed in Mbit/s with three digits; from 1,000 on in Gbit/s."""
    if speed is None:
        return NOT_KNOWN
    return f"<{_SPACE}0.01{_SPACE}Mbit/s" if 0 < speed < 0.01 else _format_scaled(speed, ("Mbit/s", "Gbit/s", "Tbit/s"))


def _format_scaled(value: float, units: tuple[str, ...]) -> str:
    scale = 0
    # 999.7 has three digits as 1000, which belongs to the next unit.
    while value >= 999.5 and scale < len(units) - 1:
        value /= 1000
        scale += 1
    digits = 0 if value >= 99.95 or (scale == 0 and units[0] == "B") or value == 0 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}{_SPACE}{units[scale]}"


def format_duration(seconds: float | None) -> str:
    """A length of time by its two greatest units: 45 s, 4 min 20 s, 3 h 12 min, 2 d 4 h."""
    if seconds is None:
        return NOT_KNOWN
    whole = round(seconds)
    if whole == 0 and seconds > 0:
        return f"<{_SPACE}1{_SPACE}s"
    for bound, great, small, names in (
        (3600, 60, 1, "min s"),
        (86_400, 3600, 60, "h min"),
        (None, 86_400, 3600, "d h"),
    ):
        steps = round(whole / small)
        if bound is None or steps * small < bound:
            return _join_units(divmod(steps, great // small), names.split())
    raise AssertionError("the last bound is open")


def _join_units(counts: tuple[int, int], names: list[str]) -> str:
    parts = [f"{count}{_SPACE}{name}" for count, name in zip(counts, names, strict=True) if count]
    return _SPACE.join(parts) or f"0{_SPACE}s"


def format_count(count: int, one: str, many: str) -> str:
    """A number with its noun: 1 outage, 12,345 outages, no outages."""
    return f"no {many}" if count == 0 else f"{count:,} {one if count == 1 else many}"


def format_month(month: str) -> str:
    """2026-10 as October 2026."""
    year, number = month.split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def format_day(day: str) -> str:
    """2026-10-25 as Sun 25 Oct."""
    when = date.fromisoformat(day)
    return f"{_WEEKDAYS[when.weekday()]} {when.day}{_SPACE}{MONTHS[when.month - 1][:3]}"


def format_time(time_stamp: str, zone: ZoneInfo, *, with_year: bool = True) -> str:
    """A moment as 25 Oct 2026, 02:30 in the zone; with its name (CEST) where the clocks show that time twice."""
    local = parse_time(time_stamp).astimezone(zone)
    shown_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    year = f"{_SPACE}{local.year}" if with_year else ""
    text = f"{local.day}{_SPACE}{MONTHS[local.month - 1][:3]}{year},{_SPACE}{local:%H:%M}"
    return f"{text}{_SPACE}{local.tzname()}" if shown_twice else text


def parse_time(time_stamp: str) -> datetime:
    """A moment as the figures tell it, ISO 8601 in UTC."""
    parsed = datetime.fromisoformat(time_stamp)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
