"""The full state of 2020, made once for all who want it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import ServiceUnavailable
from dashnet.publication import Position
from services.app.full_state_arrays import stream_full_state
from services.app.hub import Hub
from services.app.message import Message

# The array of more devices is too long to be held for a request alone; with 70 snapshots each, so many take 100 MB.
MOST_HELD_DEVICES = 10_000
# For whoever takes a long array, one at a time, and for whoever waits for that.
_STREAM_SECONDS, _TURN_SECONDS = 300.0, 30.0


class FullState:
    """The array of now, made at most once per position of the hub, whoever asks and however many."""

    def __init__(self, engine: AsyncEngine, hub: Hub, most_snapshots: int) -> None:
        self._engine = engine
        self._hub = hub
        self._most_snapshots = most_snapshots
        self._lock = asyncio.Lock()
        self._stream_lock = asyncio.Lock()
        self._made_at: Position | None = None
        self._message = Message(b"[]")

    async def encode(self) -> Message:
        """The array as JSON; it holds at least everything up to the hub's position.

        Raises:
            sqlalchemy.exc.DBAPIError, OSError: Postgres is out of reach.
        """
        async with self._lock:
            position = self._hub.position
            if not self._is_made(position):
                # Joined into one place that grows: a list of its pieces would take as much once more.
                array = bytearray()
                async for piece in self._make():
                    array += piece
                self._message = Message(bytes(array))
                self._made_at = position
            return self._message

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The array as JSON in pieces; a long one that is not there yet is made while it is taken.

        Raises:
            sqlalchemy.exc.DBAPIError, OSError: Postgres is out of reach.
            ServiceUnavailable: somebody else takes a long array.
            TimeoutError: it was not taken within five minutes.
        """
        is_long = self._hub.panel is not None and len(self._hub.panel.devices) > MOST_HELD_DEVICES
        if not is_long or self._is_made(self._hub.position):
            yield (await self.encode()).payload
            return
        await self._take_turn()
        try:
            async with asyncio.timeout(_STREAM_SECONDS), aclosing(self._make()) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._stream_lock.release()

    async def _take_turn(self) -> None:
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self._stream_lock.acquire()
        except TimeoutError:
            raise ServiceUnavailable("somebody else takes the array of all devices; try again in a moment") from None

    def _is_made(self, position: Position | None) -> bool:
        return position is not None and position == self._made_at

    def _make(self) -> AsyncGenerator[bytes, None]:
        newest = self._hub.panel.time_stamp if self._hub.panel else None
        return stream_full_state(self._engine, self._most_snapshots, newest)
