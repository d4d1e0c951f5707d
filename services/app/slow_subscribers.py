"""Subscribers whose connection takes nothing more for now, and how each gets on with what was written to it. No IO."""

from dataclasses import dataclass

from services.app.subscriber import Subscriber


@dataclass(slots=True)
class _Mark:
    """So much waited at this moment."""

    at: float
    waiting_bytes: int


@dataclass(frozen=True, slots=True)
class Stalled:
    """One that took too little for too long."""

    subscriber: Subscriber
    seconds: float
    waiting_bytes: int


class SlowSubscribers:
    """Each is here from the moment that its connection is full until it has drained."""

    def __init__(self) -> None:
        self._marks: dict[Subscriber, _Mark] = {}

    @property
    def backlog_bytes(self) -> int:
        """What waits for all of them together, their connections' own buffers included."""
        return sum(one.backlog_bytes + one.connection.waiting_bytes for one in self._marks)

    def add(self, subscriber: Subscriber, now: float) -> None:
        """Its connection is full."""
        self._marks[subscriber] = _Mark(now, subscriber.connection.waiting_bytes)

    def discard(self, subscriber: Subscriber) -> None:
        """It has drained, or is gone."""
        self._marks.pop(subscriber, None)

    def find_stalled(self, now: float, seconds: float, least_bytes: int) -> list[Stalled]:
        """Who took less than `least_bytes` for longer than `seconds`, by what it was seen to take at each call."""
        stalled = []
        for subscriber, mark in self._marks.items():
            waiting = subscriber.connection.waiting_bytes
            if mark.waiting_bytes - waiting >= least_bytes:
                mark.at, mark.waiting_bytes = now, waiting
            elif now - mark.at > seconds:
                stalled.append(Stalled(subscriber, now - mark.at, waiting))
        return stalled
