"""The wall clock beside one that only runs, so that a process notices when somebody sets the former."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# A time server moves a clock by less; nothing here depends on a few seconds.
LEAST_JUMP_SECONDS = 5.0
# A newest tick further ahead than this was made before the clock was set back: clocks of machines differ by less.
LONGEST_AHEAD = timedelta(minutes=1)


def _awake_and_asleep() -> float:
    """Seconds that go on while the machine sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a process has its time from; a test brings its own.

    `monotonic` stands still while the machine sleeps, `elapsed` goes on; nobody can set either. In seconds.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    elapsed: Callable[[], float] = _awake_and_asleep


@dataclass(frozen=True, slots=True)
class Step:
    """What lies between two looks at a clock.

    `paused_seconds` went by without a look while the machine was awake, `asleep_seconds` while it slept, and
    `set_seconds` is by how much somebody set the wall clock, negative backwards.
    """

    begin: datetime
    end: datetime
    paused_seconds: float
    asleep_seconds: float
    set_seconds: float

    @property
    def is_jump(self) -> bool:
        """Whether somebody set the clock, by more than a time server does in passing."""
        return abs(self.set_seconds) >= LEAST_JUMP_SECONDS


class ClockWatch:
    """Compares the clocks from look to look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.now(), clock.monotonic(), clock.elapsed()
        self._latest = self._last[0]

    @property
    def is_behind(self) -> bool:
        """Whether the clock was set back, and has not come again to where it was."""
        return self._clock.now() < self._latest - timedelta(seconds=LEAST_JUMP_SECONDS)

    def look(self) -> Step:
        """Look at the clocks; returns what became of them since the last look."""
        now, monotonic, elapsed = self._clock.now(), self._clock.monotonic(), self._clock.elapsed()
        before, monotonic_before, elapsed_before = self._last
        self._last = now, monotonic, elapsed
        self._latest = max(self._latest, now)
        paused, passed = monotonic - monotonic_before, elapsed - elapsed_before
        return Step(before, now, paused, passed - paused, (now - before).total_seconds() - passed)


def describe_ahead(newest_tick: datetime, now: datetime) -> str | None:
    """Says that the newest tick lies ahead of now, and what that means; None where it does not."""
    ahead = newest_tick - now
    if ahead <= LONGEST_AHEAD:
        return None
    return (
        f"the newest tick is {_in_words(ahead)} ahead of this machine's clock: was it set back? "
        "Screens keep that tick's readings until then"
    )


def _in_words(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
