"""Which errors in the logs of a soak are no mere loss of a connection to somebody who was killed. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

# Lines of ours, of uvicorn and of arq.
_HEAD = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ (?P<level>[A-Z]+) \S+ |(?P<plain>[A-Z]+): +|\d\d:\d\d:\d\d: )(?P<words>.*)$"
)
_SILENT = re.compile(r"^process is silent and is killed name=(?P<name>\w+) ")
_TRACEBACK = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"^(?P<name>[A-Za-z_][\w.]*(?:Error|Exception|Timeout|Unavailable|Exit|Interrupt)\w*)(?::|$)")
# What a process says whose Postgres, Redis or network service is away.
_LOST = (
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "BrokenPipeError",
    "FileNotFoundError",
    "TimeoutError",
    "ServiceUnavailable",
    "CannotConnectNowError",
    "ConnectionDoesNotExistError",
    "BusyLoadingError",
)
# SQLAlchemy's errors have one name for all; these are the words of a Postgres that starts or ends.
_LOST_WORDS = re.compile(
    r"the database system is (starting up|shutting down|in recovery mode|not yet accepting connections)"
    r"|terminating connection due to|connection (is|was) closed"
    # redis-py's WatchError is two things by one name: a key that changed, which is an error here, and this.
    r"|A \w+ occurred on while watching"
)


@dataclass(frozen=True, slots=True)
class LoggedError:
    """A line of level ERROR or worse, or a traceback without one, and the exception that it ends with."""

    words: str
    exception: str | None

    def is_expected(self, hung: Collection[str] = ()) -> bool:
        """Whether it only says that a connection was lost, or that a process is silent which was made to hang."""
        if silent := _SILENT.match(self.words):
            return silent["name"] in hung
        name = (self.exception or "").split(":")[0].rsplit(".", 1)[-1]
        return name in _LOST or _LOST_WORDS.search(self.exception or "") is not None


def list_errors(log: str) -> Sequence[LoggedError]:
    """The errors of one process' log, in their order."""
    return list(_read(log.splitlines()))


def _read(lines: Sequence[str]) -> Iterator[LoggedError]:
    words, exception = "", None
    is_error = False
    for line in lines:
        head = _HEAD.match(line)
        if head:
            if is_error:
                yield LoggedError(words, exception)
            words, exception = head["words"], None
            is_error = (head["level"] or head["plain"]) in ("ERROR", "CRITICAL")
        elif line.startswith(_TRACEBACK):
            is_error = True
        elif _EXCEPTION.match(line):
            exception = line
    if is_error:
        yield LoggedError(words, exception)
