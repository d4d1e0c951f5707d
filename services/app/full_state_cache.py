"""The full state of 2020, made once for all who want it."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.publication import Position
from services.app.full_state_arrays import select_full_state
from services.app.hub import Hub
from services.app.message import Message


class FullState:
    """The array of now, made at most once per position of the hub, whoever asks and however many."""

    def __init__(self, engine: AsyncEngine, hub: Hub, most_snapshots: int) -> None:
        self._engine = engine
        self._hub = hub
        self._most_snapshots = most_snapshots
        self._lock = asyncio.Lock()
        self._made_at: Position | None = None
        self._message = Message(b"[]")

    async def encode(self) -> Message:
        """The array as JSON; it holds at least everything up to the hub's position.

        Raises:
            sqlalchemy.exc.DBAPIError, OSError: Postgres is out of reach.
        """
        async with self._lock:
            position = self._hub.position
            if position is None or position != self._made_at:
                newest = self._hub.panel.time_stamp if self._hub.panel else None
                array = await select_full_state(self._engine, self._most_snapshots, newest)
                self._message = Message(array)
                self._made_at = position
            return self._message
