"""The life of one websocket, the same for both protocols: it joins the hub, and what comes in is answered."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from dashnet.publication import Position
from dashnet.tasks import cancel_and_wait
from services.app.close_codes import CloseCode
from services.app.control import Refusal
from services.app.hub import Hub
from services.app.inbox import Listener, received
from services.app.message import Message
from services.app.subscriber import Connection, Subscriber, WriteFrame
from services.app.views import View
from services.app.websocket_protocol import FeedWebSocketProtocol, find_connection

logger = logging.getLogger(__name__)

LARGEST_MESSAGE_BYTES = 64 * 1024
FIRST_STATE_SECONDS = 10
CLOSE_SECONDS = 1

# Without a subscriber: the client has left already.
FollowMessage = Callable[[str | bytes, Subscriber | None], Awaitable[Refusal | None]]


class Member:
    """A subscriber and its connection to each other: what either tells goes to the other or to the hub."""

    def __init__(self, hub: Hub, connection: Connection, view: View | None, follow_message: FollowMessage) -> None:
        self._hub = hub
        self._follow_message = follow_message
        self._is_over = self._is_sent_away = False
        self.subscriber = Subscriber(connection, hub, view)
        self.on_full = self.subscriber.on_full
        self.on_drained = self.subscriber.on_drained

    def on_closed(self) -> None:
        """The connection has ended."""
        self._is_over = True
        self._hub.remove(self.subscriber)

    async def on_message(self, message: str | bytes) -> None:
        """Follow a message. A client may ask for a job and leave at once; one that was sent away asks in vain."""
        if self._is_sent_away:
            return
        encoded = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
        if len(encoded) > LARGEST_MESSAGE_BYTES:
            self._send_away(CloseCode.MESSAGE_TOO_BIG, "a message may have 64 KiB")
            return
        # The hub must not keep who has left.
        refusal = await self._follow_message(message, None if self._is_over else self.subscriber)
        if refusal is not None:
            if not self._is_over:
                self.subscriber.answer(Message(refusal.to_message()))
            if refusal.ends is not None:
                self._send_away(refusal.ends, refusal.detail)

    async def follow_last(self, messages: Sequence[str | bytes]) -> None:
        """Follow the messages of a client that left before it became a subscriber."""
        self._is_over = True
        for message in messages:
            await self.on_message(message)

    def _send_away(self, code: CloseCode, reason: str) -> None:
        self._is_sent_away = True
        if not self._is_over:
            self.subscriber.connection.end(code, reason)


async def serve_subscriber(
    websocket: WebSocket,
    hub: Hub,
    view: View | None,
    since: Position | None,
    follow_message: FollowMessage,
) -> None:
    """Make an accepted websocket a subscriber. `view` None is the feed of 2020; `since` is where it left off.

    With the extension `dashnet.feed` this returns at once and the connection lives on; else it serves until the end.
    """
    ready = find_connection(websocket.scope)
    try:
        async with asyncio.timeout(FIRST_STATE_SECONDS):
            await _wait_for_state(hub, ready)
    except TimeoutError:
        await websocket.close(CloseCode.TRY_AGAIN_LATER, "no state yet: Redis or Postgres is out of reach")
        return
    connection = ready or StandardConnection(websocket)
    member = Member(hub, connection, view, follow_message)
    if not connection.take_over(member):
        await member.follow_last(ready.take_early() if ready else ())
        return
    hub.add(member.subscriber, since)
    if isinstance(connection, StandardConnection):
        try:
            await connection.serve()
        finally:
            member.on_closed()


async def _wait_for_state(hub: Hub, ready: FeedWebSocketProtocol | None) -> None:
    """Wait for the first state, or for the end of a connection whose end can be seen."""
    if hub.panel is not None:
        return
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(hub.wait_loaded())]
    if ready is not None:
        waiting.append(asyncio.create_task(ready.wait_ended()))
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            await cancel_and_wait(one)


class StandardConnection:
    """A websocket of any ASGI server: takes one message at a time, by the standard's own events."""

    window_bits = 0
    write_frame: WriteFrame | None = None

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._waiting: deque[Message] = deque()
        self._is_waiting = asyncio.Event()
        self._ending: tuple[int, str] | None = None
        self._is_ending = asyncio.Event()

    def take_over(self, listener: Listener) -> bool:
        """Tell `listener` what happens, once `serve` runs."""
        self._listener = listener
        return True

    def write(self, message: Message) -> int:
        """Have a message sent; full until it was."""
        self._waiting.append(message)
        self._is_waiting.set()
        self._listener.on_full()
        return len(message.payload)

    @property
    def waiting_bytes(self) -> int:
        """What was not handed to the server yet."""
        return sum(len(message.payload) for message in self._waiting)

    def end(self, code: int, reason: str) -> None:
        """Close; a client that reads nothing never gets to know, which only the server could mend."""
        self._ending = (code, reason)
        self._is_ending.set()

    async def serve(self) -> None:
        """Send and receive until either side ends it."""
        tasks = [asyncio.create_task(one) for one in (self._send(), self._receive(), self._is_ending.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        finally:
            for task in tasks:
                await cancel_and_wait(task)
        if self._ending is not None:
            with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._websocket.close(*self._ending)

    async def _send(self) -> None:
        while True:
            await self._is_waiting.wait()
            while self._waiting:
                # No limit here: the caretaker ends who takes nothing for too long.
                for text in self._waiting[0].texts:
                    await self._websocket.send_text(text)
                self._waiting.popleft()
            self._is_waiting.clear()
            self._listener.on_drained()

    async def _receive(self) -> None:
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            await self._listener.on_message(received(event))
