"""Moments in the addresses of requests, for all routes that take one."""

from datetime import UTC, datetime

from dashnet.errors import FieldError, InvalidInput
from dashnet.moments import read_moment, to_midnight


def parse_moment(given: str, field: str) -> datetime:
    """An ISO 8601 time in UTC, given in the query parameter `field`; a day is its midnight in UTC.

    Raises:
        InvalidInput: it is none, or lies outside the years 1 to 9999 once in UTC.
    """
    try:
        moment = read_moment(given)
        if not isinstance(moment, datetime):
            moment = to_midnight(moment, UTC)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError as error:
        raise invalid_field(field, str(error)) from None
    except OverflowError:
        raise invalid_field(field, "outside the years 1 to 9999 once in UTC") from None


def invalid_field(field: str, detail: str) -> InvalidInput:
    """The error that one parameter is not allowed."""
    return InvalidInput(f"{field}: {detail}", [FieldError(field, detail)])
