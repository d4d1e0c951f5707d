"""Clocks that a test moves by hand."""

from datetime import datetime, timedelta

from dashnet.clocks import Clock


class HandClock:
    """Stands still until a test lets time pass, sets the clock, or lets the machine sleep."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._monotonic = self._elapsed = 1000.0
        self.clock = Clock(lambda: self._now, lambda: self._monotonic, lambda: self._elapsed)

    def pass_by(self, seconds: float) -> None:
        """Let time pass while the machine is awake."""
        self._monotonic += seconds
        self.sleep(seconds)

    def sleep(self, seconds: float) -> None:
        """Let time pass while the machine sleeps."""
        self._elapsed += seconds
        self._now += timedelta(seconds=seconds)

    def set_by(self, jump: timedelta) -> None:
        """Set the wall clock, as a user or a time server does."""
        self._now += jump
