"""The subscribers of this process and what waits for each of them. No IO: the relay gives, senders take."""

import asyncio
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

import orjson

from dashnet.publication import Position, Publication
from services.app.panel import Panel, narrow

MOST_WAITING_ANSWERS = 16


@dataclass(frozen=True, slots=True)
class StateDue:
    """Taken from a mailbox: the subscriber is to be sent a fresh state, made now."""


STATE_DUE = StateDue()


class Subscriber:
    """One open websocket's mailbox: publications in order, or in their place the mark that a fresh state is due.

    What waits is bounded in bytes. Over the bound all of it gives way to one fresh state, so that a slow subscriber
    costs little and misses nothing; a single message may be larger than the bound. `device_ids` None means all devices.
    """

    def __init__(self, backlog_bytes: int, *, takes_publications: bool) -> None:
        self.device_ids: frozenset[int] | None = None
        self.takes_publications = takes_publications
        self._limit = backlog_bytes
        self._answers: deque[str] = deque(maxlen=MOST_WAITING_ANSWERS)
        self._backlog: deque[str] = deque()
        self._size = 0
        self._is_state_due = True
        self._ready = asyncio.Event()
        self._ready.set()

    def put(self, message: str) -> None:
        """Add a publication; it is left out where a fresh state, which will hold it, is due."""
        if self._is_state_due:
            return
        self._backlog.append(message)
        self._size += len(message)
        # One message alone always fits: in its place there could only be a state, which is larger.
        if self._size > self._limit and len(self._backlog) > 1:
            self.ask_for_state()
        self._ready.set()

    def answer(self, message: str) -> None:
        """Add an answer to this subscriber alone; of too many the oldest are dropped."""
        self._answers.append(message)
        self._ready.set()

    def ask_for_state(self) -> None:
        """Drop the publications that wait; a fresh state is due."""
        self._backlog.clear()
        self._size = 0
        self._is_state_due = True
        self._ready.set()

    async def take(self) -> str | StateDue:
        """Wait for the next thing to send: an answer, a due state, a publication, in this order."""
        await self._ready.wait()
        taken: str | StateDue = STATE_DUE
        if self._answers:
            taken = self._answers.popleft()
        elif self._is_state_due:
            self._is_state_due = False
        else:
            taken = self._backlog.popleft()
            self._size -= len(taken)
        if not self._answers and not self._is_state_due and not self._backlog:
            self._ready.clear()
        return taken


class Hub:
    """All subscribers of this process and the panel they look at. Nothing here waits for a subscriber."""

    def __init__(self) -> None:
        self._panel: Panel | None = None
        self._subscribers: set[Subscriber] = set()
        self._loaded = asyncio.Event()
        self._state: str | None = None

    @property
    def panel(self) -> Panel | None:
        """What is shown; None until it was loaded for the first time."""
        return self._panel

    @property
    def position(self) -> Position | None:
        """Position of the newest publication that the panel holds."""
        return self._panel.position if self._panel else None

    @property
    def subscriber_count(self) -> int:
        """How many websockets are open."""
        return len(self._subscribers)

    async def wait_loaded(self) -> Panel:
        """The panel, once there is one."""
        while self._panel is None:
            await self._loaded.wait()
        return self._panel

    def add(self, subscriber: Subscriber) -> None:
        """Begin to give a subscriber what changes; its first message is a state."""
        self._subscribers.add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Forget a subscriber."""
        self._subscribers.discard(subscriber)

    def replace(self, panel: Panel) -> None:
        """Show another panel; every subscriber is due a fresh state."""
        self._panel = panel
        self._state = None
        self._loaded.set()
        for subscriber in self._subscribers:
            subscriber.ask_for_state()

    def apply(self, publication: Publication) -> None:
        """Take in one publication and give it to every subscriber; decoded once, shared by all who see all devices.

        Raises:
            RuntimeError: there is no panel yet.
        """
        if self._panel is None:
            raise RuntimeError("a publication came before the panel was loaded")
        message = orjson.loads(publication.message)
        self._panel.apply(publication.position, message)
        self._state = None
        whole = publication.message.decode()
        narrowed: dict[frozenset[int], str] = {}
        for subscriber in self._subscribers:
            view = subscriber.device_ids
            if not subscriber.takes_publications:
                subscriber.ask_for_state()
            elif view is None:
                subscriber.put(whole)
            else:
                if view not in narrowed:
                    narrowed[view] = narrow(message, view)
                subscriber.put(narrowed[view])

    def encode_state(self, device_ids: Collection[int] | None) -> str:
        """The `state` message of now; that of all devices is made at most once per position.

        Raises:
            RuntimeError: there is no panel yet.
        """
        if self._panel is None:
            raise RuntimeError("there is no panel yet")
        if device_ids is not None:
            return self._panel.to_state(device_ids)
        if self._state is None:
            self._state = self._panel.to_state()
        return self._state
