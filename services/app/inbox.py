"""What comes in over a connection that was taken over: handed to its listener, one message after the other."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from starlette.types import Message as Event

from services.app.close_codes import CloseCode

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """Who follows a message."""

    async def on_message(self, message: str | bytes) -> None:
        """A whole message came. The next is read after this one was followed."""


class Listener(Follower, Protocol):
    """Who is told of what happens to a connection that it took over. None of these may raise."""

    def on_full(self) -> None:
        """The socket takes less than was written; nothing more should be, until it is drained."""

    def on_drained(self) -> None:
        """What was written is on its way."""

    def on_closed(self) -> None:
        """The connection has ended; told once."""


class Source(Protocol):
    """Where messages come from."""

    def follow(self, following: Coroutine[Any, Any, None]) -> None:
        """Run what is to be done about messages that came; the server waits for it when it ends."""

    def read_on(self) -> None:
        """Take the next message."""

    def end(self, code: int, reason: str) -> None:
        """Close the connection."""


class Inbox:
    """Stands where uvicorn puts events for the app."""

    __slots__ = ("_follower", "_source", "_waiting")

    def __init__(self, source: Source, follower: Follower) -> None:
        self._source = source
        self._follower = follower
        self._waiting: list[str | bytes] = []  # what came in one read is all that there can be

    def take_over(self, early: asyncio.Queue[Any]) -> None:
        """Take in the events that uvicorn put aside until now."""
        while not early.empty():
            self.put_nowait(early.get_nowait())

    def put_nowait(self, event: Event) -> None:
        """Take an event; the end of the connection is told to the listener elsewhere."""
        if event["type"] == "websocket.receive":
            self._waiting.append(received(event))
            if len(self._waiting) == 1:
                self._source.follow(self._follow_all())

    async def _follow_all(self) -> None:
        try:
            while self._waiting:
                await self._follower.on_message(self._waiting[0])
                self._waiting.pop(0)
        except Exception:
            logger.exception("a message of a subscriber could not be followed")
            self._source.end(CloseCode.INTERNAL_ERROR, "internal error")
        self._source.read_on()


def received(event: Event) -> str | bytes:
    """What a `websocket.receive` event brings."""
    text: str | None = event.get("text")
    return text if text is not None else event["bytes"]
