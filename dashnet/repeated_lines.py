"""Sums up log lines that repeat, so that no fault and nobody outside can fill the disk with them."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
# Of one text, and of one kind of line whatever its arguments are.
MOST_SAME = 5
MOST_ALIKE = 1_000
# Kinds and texts that are kept in mind; the oldest are forgotten first.
_MOST_WINDOWS = 2_000


@dataclass(slots=True)
class _Window:
    """The lines of one kind since `began_at`; `last` is the latest that was held back."""

    began_at: float
    most: int
    count: int = 0
    last: logging.LogRecord | None = None


class _Windows:
    """One window a kind, the oldest first; those that are over, or too many, are taken out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._windows: OrderedDict[tuple[object, ...], _Window] = OrderedDict()

    def holds_back(self, key: tuple[object, ...], record: logging.LogRecord, now: float) -> bool:
        """Count a line; return whether there were too many of its kind."""
        window = self._windows.setdefault(key, _Window(now, self._most))
        window.count += 1
        if window.count <= self._most:
            return False
        window.last = record
        return True

    def take_sums(self, now: float) -> Iterator[logging.LogRecord]:
        """Take the windows out that are over; yield a line for each in which lines were held back."""
        while self._windows:
            key, oldest = next(iter(self._windows.items()))
            if now - oldest.began_at < WINDOW_SECONDS and len(self._windows) <= _MOST_WINDOWS:
                return
            del self._windows[key]
            if oldest.last is not None:
                yield _sum_up(oldest, now - oldest.began_at)


class RepeatedLines:
    """Decides which lines are written; what is held back of a minute is written as one line after it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._same = _Windows(MOST_SAME)
        self._alike = _Windows(MOST_ALIKE)

    def pass_on(self, record: logging.LogRecord) -> Iterator[logging.LogRecord]:
        """Yield the lines to write now: sums of minutes that are over, and this one unless it repeats too often."""
        now = self._now()
        yield from self._same.take_sums(now)
        yield from self._alike.take_sums(now)
        kind = record.name, record.levelno, record.msg
        if self._same.holds_back((*kind, record.getMessage()), record, now):
            return
        if not self._alike.holds_back(kind, record, now):
            yield record


def _sum_up(window: _Window, seconds: float) -> logging.LogRecord:
    last = window.last
    assert last is not None
    held_back = window.count - window.most
    text = f"{last.getMessage()} (and {held_back:,} more like it in {seconds:.0f} s)"
    return logging.LogRecord(last.name, last.levelno, last.pathname, last.lineno, text, None, None)


class SummingHandler(logging.StreamHandler):  # type: ignore[type-arg]  # any stream
    """Writes lines to standard error; those that repeat are summed up."""

    def __init__(self) -> None:
        super().__init__()
        self._repeated = RepeatedLines()

    def emit(self, record: logging.LogRecord) -> None:
        """Write what is due; called under the handler's lock."""
        try:
            due = list(self._repeated.pass_on(record))
        except Exception:
            self.handleError(record)
            return
        for one in due:
            super().emit(one)
