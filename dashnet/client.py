"""A client of websocket /live: follows one app service through every outage, and never skips over a hole.

async with LiveClient("http://127.0.0.1:5001", tags=["lab"]) as client:
    async for event in client:
        if isinstance(event, LinkLost):
            print("lost the link:", event.reason)
        elif event["type"] == "state":
            devices = {device["id"]: device for device in event["devices"]}
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from dashnet.errors import DashnetError
from dashnet.link_faults import in_words, is_final
from dashnet.live_address import is_loopback, live_address, to_query
from dashnet.messages import RECEIVED_TYPES, ControlMessage, Received, SubscribeMessage, parse_received
from dashnet.publication import Position
from dashnet.state_parts import StateParts

SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
OPEN_TIMEOUT_SECONDS = 10
SEND_TIMEOUT_SECONDS = 10
# A server that has no state says so after ten seconds; one that says nothing at all is given up.
FIRST_MESSAGE_SECONDS = 30
# The state of 100,000 devices takes some 40 MB.
MOST_MESSAGE_BYTES = 512 * 1024 * 1024
# A server reads no longer line than 8 KiB.
LONGEST_QUERY = 7000
NO_DEVICE = "device_ids="
# So many subscriptions in a row may be refused.
MOST_VIEWS = 16


@dataclass(frozen=True, slots=True)
class LinkLost:
    """There is no connection, why, and how long until the next try."""

    reason: str
    pause_seconds: float


class _FeedEnded(Exception):
    """The app service closed the connection, or sent what cannot be used, after which only a fresh state helps."""

    def __init__(self, reason: str, *, may_resume: bool) -> None:
        super().__init__(reason)
        self.may_resume = may_resume


class LiveClient:
    """Iterate over it for each message in order, and for a `LinkLost` before each pause.

    It never ends by itself; a server that says not to come back makes it raise DashnetError.

    Whatever was missed on the way is told after a lost link: by the missed messages, or by a `state` to begin anew
    with. `position` is that of the last message that was handed out. The keywords are the fields of `subscribe`.
    """

    def __init__(
        self,
        url: str,
        *,
        device_ids: Iterable[int] | None = None,
        tags: Iterable[str] | None = None,
        device_types: Iterable[str] | None = None,
        state: str | None = None,
        search: str | None = None,
        interfaces: bool | None = False,
    ) -> None:
        """Nothing connects before the first iteration.

        Raises:
            DashnetError: `url` is no address.
        """
        self.position: Position | None = None
        self._address = live_address(url)
        lists = {"device_ids": device_ids, "tags": tags, "device_types": device_types}
        view: dict[str, Any] = {name: None if values is None else list(values) for name, values in lists.items()}
        view |= {"state": state, "search": search} | ({"interfaces": True} if interfaces else {})
        # The newest last; the others are gone back to where the server refuses one.
        self._views = deque[Mapping[str, Any]]([view], MOST_VIEWS)
        self._is_same_view = True
        self._socket: ClientConnection | None = None
        self._parts = StateParts()
        self._events = self._follow()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._events.aclose()

    def __aiter__(self) -> AsyncGenerator[Received | LinkLost, None]:
        return self._events

    async def send(self, message: SubscribeMessage | ControlMessage) -> None:
        """Send a message; a view that is subscribed to this way is asked for again after a lost link.

        One that the server refuses (`bad_message`) is given up for the one before.

        Raises:
            DashnetError: there is no connection at the moment.
        """
        if self._socket is None:
            raise DashnetError("there is no connection to the app service at the moment")
        is_view = "type" in message
        if is_view:
            # What is at hand, or on its way, may be of the view before: only a state can be built on after this.
            self._views.append({name: value for name, value in message.items() if name != "type"})
            self._is_same_view = False
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await self._socket.send(orjson.dumps(message).decode())
        except (TimeoutError, ConnectionClosed) as error:
            if is_view:
                self._views.pop()
            raise DashnetError(f"the connection to the app service was lost: {error}") from error

    async def _follow(self) -> AsyncGenerator[Received | LinkLost, None]:
        failures = 0
        while True:
            connected_at = time.monotonic()
            try:
                async with aclosing(self._receive()) as messages:
                    async for message in messages:
                        yield message
            except (OSError, WebSocketException, _FeedEnded) as error:
                if is_final(error):
                    raise DashnetError(in_words(error)) from error
                if isinstance(error, _FeedEnded) and not error.may_resume:
                    self.position = None
                lasted_seconds = time.monotonic() - connected_at
                failures = 0 if lasted_seconds > LONGEST_PAUSE_SECONDS else failures + 1
                pause = pause_after(failures)
                yield LinkLost(in_words(error), pause)
                await asyncio.sleep(pause)

    async def _receive(self) -> AsyncGenerator[Received, None]:
        view = self._views[-1]
        query = to_query(view)
        is_long = len(query) > LONGEST_QUERY
        async with connect(
            self._address_of(NO_DEVICE if is_long else query),
            max_size=MOST_MESSAGE_BYTES,
            open_timeout=OPEN_TIMEOUT_SECONDS,
            close_timeout=1,
            proxy=None if is_loopback(self._address) else True,
        ) as socket:
            self._socket, self._parts = socket, StateParts()
            try:
                messages = self._read(socket)
                if is_long:
                    # It is subscribed to from behind a view of no device, whose messages are left out.
                    await _leave_out_until_state(messages)
                    await socket.send(orjson.dumps({"type": "subscribe", **view}).decode())
                    yield await _leave_out_until_state(messages)
                async for message in messages:
                    yield message
            finally:
                self._socket = None
        raise _FeedEnded(in_words(socket.protocol.close_exc), may_resume=True)

    async def _read(self, socket: ClientConnection) -> AsyncGenerator[Received, None]:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            first = await socket.recv()
        if (message := self._take_in(first)) is not None:
            yield message
        async for raw in socket:
            if (message := self._take_in(raw)) is not None:
                yield message

    def _take_in(self, raw: str | bytes) -> Received | None:
        """The message; None for one of a type that only newer clients know, and for a part of a state."""
        try:
            document: Any = orjson.loads(raw)
            is_known = document["type"] in RECEIVED_TYPES
            document = self._parts.take(parse_received(document)) if is_known else document
            if document is None:
                return None
            kind, seq = document["type"], document.get("seq")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _FeedEnded(f"what came is no message of /live ({error})", may_resume=False) from error
        if kind == "error" and document.get("code") == "bad_message" and len(self._views) > 1:
            self._views.pop()
        if not self._is_next(document, kind, seq):
            raise _FeedEnded("a message is missing, a fresh state is needed", may_resume=False)
        return document if is_known else None

    def _is_next(self, document: dict[str, str], kind: str, seq: int | None) -> bool:
        """Move on to this message; false where one before it is missing."""
        if kind == "state" and seq is not None:
            self.position = Position(document["epoch"], seq)
            return True
        if kind == "resumed" and seq is not None:
            return self.position == Position(document["epoch"], seq)
        if seq is None:
            return True
        if self.position is None or seq != self.position.seq + 1:
            return False
        self.position = replace(self.position, seq=seq)
        return True

    def _address_of(self, query: str) -> str:
        """With this view, and with where it was unless that was another view's."""
        if not self._is_same_view:
            self.position = None
        self._is_same_view = True
        since = self.position and urlencode({"epoch": self.position.epoch, "seq": self.position.seq})
        query = "&".join([part for part in (query, since) if part])
        return f"{self._address}?{query}" if query else self._address


async def _leave_out_until_state(messages: AsyncGenerator[Received, None]) -> Received:
    async for message in messages:
        if message["type"] in ("state", "error"):
            return message
    raise _FeedEnded("the app service closed the connection before its state", may_resume=False)


def pause_after(failures: int) -> float:
    """Seconds until the next try: doubled with each failure in a row, with jitter so that clients spread."""
    longest = min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2.0 ** min(failures, 10))
    return max(SHORTEST_PAUSE_SECONDS, longest * random.uniform(0.5, 1))
