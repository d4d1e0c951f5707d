"""Moments as people write them into addresses; both services read them with this. Pure."""

from datetime import date, datetime, time, tzinfo

NOT_A_MOMENT = "not an ISO 8601 time such as 2026-11-23T20:00:00Z"


def read_moment(given: str) -> datetime | date:
    """Return the time that an ISO 8601 text holds, or the day where it holds no time; the zone may be missing.

    Raises:
        ValueError: the text is something else, a number for one.
    """
    written = given.strip()
    # Python takes what is no digit for one, and a time with a NUL behind it. 20261123 could be seconds or a day.
    if not (written.isascii() and written.isprintable()) or _is_number(written):
        raise ValueError(NOT_A_MOMENT)
    # A plus that was not escaped arrives as a blank. One at index 10 or before stands between date and time.
    written = (written[:11] + written[11:].replace(" ", "+")).upper()
    try:
        return date.fromisoformat(written)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(NOT_A_MOMENT) from None


def to_midnight(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day; where clocks are set forward at midnight, the moment after."""
    return datetime.combine(day, time(), zone)


def _is_number(written: str) -> bool:
    try:
        float(written)
    except ValueError:
        return False
    return True
