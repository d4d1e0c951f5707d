"""What one look of `dashnet doctor` found, and the words that all of them share."""

import re
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.exc import DBAPIError

START_ADVICE = "start Dashnet with: make up"
LONGEST_SECONDS = 5.0

_USER_PASSWORD = re.compile(r"(://[^:/?#\s]*:)\S*@")
_QUERY_PASSWORD = re.compile(r"([?&][^=&\s]*pass[^=&\s]*=)[^&\s]*", re.IGNORECASE)


class CheckOutcome(StrEnum):
    """Whether something must be done: `note` is worth knowing, only `problem` is wrong."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor: what was looked at, how it is, and for a problem what to do."""

    name: str
    outcome: CheckOutcome
    detail: str
    advice: str = ""


def ok(name: str, detail: str) -> Check:
    """All is well with this."""
    return Check(name, CheckOutcome.OK, detail)


def note(name: str, detail: str) -> Check:
    """Nothing is wrong with this, but somebody may want to know."""
    return Check(name, CheckOutcome.NOTE, detail)


def problem(name: str, detail: str, advice: str) -> Check:
    """This is wrong, and `advice` mends it."""
    return Check(name, CheckOutcome.PROBLEM, detail, advice)


def mask_secrets(text: str) -> str:
    """The text without the passwords of the addresses in it; rather too much is masked than too little."""
    return _QUERY_PASSWORD.sub(r"\1***", _USER_PASSWORD.sub(r"\1***@", text))


def to_limit(timeout_seconds: float) -> float:
    """How long a look may take: as long as the processes would wait, but nobody waits long for a doctor."""
    return min(timeout_seconds, LONGEST_SECONDS)


def describe_error(error: BaseException) -> str:
    """One line on why a server could not be used, without secrets."""
    causes = [error, *filter(None, (error.__cause__, error.__context__))]
    if any(isinstance(cause, (ConnectionRefusedError, FileNotFoundError)) for cause in causes):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    first_line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    return mask_secrets(first_line)
