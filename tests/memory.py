"""Keeps a test process small, and names the tests that made it large; conftest.py hangs this into pytest."""

import ctypes
import gc
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies

MOST_MEBIBYTES = 500
_NAMED = 5
_MUCH_MEBIBYTES = 16
_STATUS = Path("/proc/self/status")
# A service makes its process collect less often. One that has ended must not do so to the tests after it: they would
# keep whatever hangs together in cycles, some 3 MiB per service, until 40 million objects are made.
_THRESHOLDS = gc.get_threshold()


def read_held(name: str) -> int | None:
    """Return how many MiB this process holds (`VmRSS`) or ever held (`VmHWM`); None where the platform does not say."""
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) // 1024 if found else None


class Peaks:
    """The peak of this process after each test, and the word about it when it passes the limit."""

    def __init__(self, most: int = MOST_MEBIBYTES) -> None:
        self._most = most
        self._first: int | None = None
        self._highest = 0
        self._raised: list[tuple[int, str]] = []

    def note(self, name: str, peak: int | None) -> str | None:
        """Note the peak after a test. Return a word once: when it is first past the limit."""
        if peak is None:
            return None
        if self._first is None:
            self._first = self._highest = peak
        before, self._highest = self._highest, peak
        if peak > before:
            self._raised.append((peak - before, name))
        return self._describe(peak) if before <= self._most < peak else None

    def _describe(self, peak: int) -> str:
        largest = sorted(self._raised, reverse=True)[:_NAMED]
        lines = [f"  +{growth} MiB {name}" for growth, name in largest]
        head = f"This test process held {peak} MiB, more than {self._most}; {self._first} MiB before its first test."
        return "\n".join([f"{head} Raised most by:", *lines])


class Rest:
    """What this process holds between tests. Freed memory goes back to the system after a test that left much of it."""

    def __init__(self) -> None:
        self._held = 0

    def settle(self) -> None:
        """Collect garbage and have the allocator give back what is free, if the process grew since it last did."""
        held = read_held("VmRSS")
        if held is None:
            return
        if held < self._held + _MUCH_MEBIBYTES:
            # Also down: a test's last memory may go only after it.
            self._held = min(self._held, held)
            return
        gc.collect()
        # glibc keeps freed memory that lies below used memory, until it is told otherwise.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
        self._held = read_held("VmRSS") or held


_peaks = Peaks()
_rest = Rest()


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Have Hypothesis find out what UTF-8 can hold while the process is small: without its cache that takes 200 MiB."""
    strategies.text().validate()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Leave the million objects of all tests to themselves, so that collecting the garbage of one test is cheap."""
    gc.collect()
    gc.freeze()
    gc.collect()
    _peaks.note("collection", read_held("VmHWM"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Any:
    """After a test: collect garbage as usual again, give memory back, and fail if the process became too large."""
    answer = yield
    gc.set_threshold(*_THRESHOLDS)
    _rest.settle()
    word = _peaks.note(item.nodeid, read_held("VmHWM"))
    if word:
        pytest.fail(word, pytrace=False)
    return answer
