"""The newest publications, kept by the hub for whoever was away. Pure."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from services.app.message import Message


class Recent:
    """Publications in order, the oldest dropped once all together are more than `limit_bytes`."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._messages: deque[Message] = deque()
        self._bytes = 0

    def keep(self, message: Message) -> None:
        """Take in the newest."""
        self._messages.append(message)
        self._bytes += len(message.payload)
        while self._bytes > self._limit_bytes:
            self._bytes -= len(self._messages.popleft().payload)

    def clear(self) -> None:
        """Drop all."""
        self._messages.clear()
        self._bytes = 0

    def newest(self, count: int) -> Sequence[Message] | None:
        """So many of the newest, in order; None where not all of them are here."""
        if count > len(self._messages):
            return None
        return list(islice(self._messages, len(self._messages) - count, None))
