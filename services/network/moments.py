"""Moments in the addresses of requests, for all routes that take one."""

from datetime import UTC, datetime

from dashnet.errors import FieldError, InvalidInput


def parse_moment(given: str, field: str) -> datetime:
    """An ISO 8601 time in UTC, given in the query parameter `field`.

    Raises:
        InvalidInput: it is none, or lies outside the years 1 to 9999 once in UTC.
    """
    try:
        # Python 3.11 takes a time with a NUL behind it.
        if not given.isprintable():
            raise ValueError
        # A "+" that was not escaped in an address arrives as a space; one at index 10 stands between date and time.
        moment = datetime.fromisoformat(given[:11] + given[11:].replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError:
        raise invalid_field(field, "not an ISO 8601 time such as 2026-11-23T20:00:00Z") from None
    except OverflowError:
        raise invalid_field(field, "outside the years 1 to 9999 once in UTC") from None


def invalid_field(field: str, detail: str) -> InvalidInput:
    """The error that one parameter is not allowed."""
    return InvalidInput(f"{field}: {detail}", [FieldError(field, detail)])
