"""A server under test as the conformance checks see it: any websocket client could do what is done here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dashnet.client import MOST_MESSAGE_BYTES, OPEN_TIMEOUT_SECONDS
from dashnet.messages import parse_received
from dashnet.state_parts import StateParts

ANSWER_SECONDS = 15


class NotConforming(Exception):
    """The server did something else than the page says."""


class NotAllowed(Exception):
    """The check needs a refresh, which this server does not grant us."""


@dataclass(frozen=True, slots=True)
class Server:
    """The server under test: the websocket addresses without a path, and the password of control messages."""

    address: str
    password: str | None

    @asynccontextmanager
    async def open(self, path: str, **options: Any) -> AsyncIterator["Socket"]:
        """A new subscriber; `path` with its query."""
        limits: dict[str, Any] = {
            "max_size": MOST_MESSAGE_BYTES,
            "open_timeout": OPEN_TIMEOUT_SECONDS,
            "close_timeout": 2,
        }
        async with connect(self.address + path, **{**limits, **options}) as raw:
            yield Socket(raw)

    async def refresh(self, socket: "Socket") -> None:
        """Ask for a refresh.

        Raises:
            NotAllowed: the server answers that we may not.
        """
        control = {"socket_type": "refresh"} | ({"password": self.password} if self.password else {})
        await socket.send(control)
        # A refusal comes at once, before anything that the refresh itself brings.
        await socket.send({"type": "no such type"})
        if (await socket.next_error())["code"] != "unknown_type":
            raise NotAllowed("the server lets nobody refresh without its password (--password)")


class Socket:
    """One open subscriber; every wait has a limit."""

    def __init__(self, raw: ClientConnection) -> None:
        self.raw = raw
        self._parts = StateParts()

    async def send(self, message: object) -> None:
        """Send a JSON value."""
        await self.raw.send(orjson.dumps(message).decode())

    async def next(self, seconds: float | None = None) -> Any:  # any JSON value
        """The next message; a state that comes in parts is handed out whole."""
        try:
            async with asyncio.timeout(seconds or ANSWER_SECONDS):
                while (message := self._put_together(orjson.loads(await self.raw.recv()))) is None:
                    pass
                return message
        except TimeoutError:
            raise NotConforming(f"no message within {seconds or ANSWER_SECONDS:g} s") from None
        except orjson.JSONDecodeError as error:
            raise NotConforming(f"a message is not JSON: {error}") from error

    def _put_together(self, message: Any) -> Any:
        if not isinstance(message, dict) or "type" not in message:
            return message
        try:
            return self._parts.take(message)
        except ValueError as error:
            raise NotConforming(str(error)) from error

    async def next_of(self, kind: str, seconds: float | None = None) -> dict[str, Any]:
        """The next message of this type, which must fit; others are passed over."""
        while True:
            message = await self.next(seconds)
            if isinstance(message, dict) and message.get("type") == kind:
                break
        try:
            parse_received(message)
        except ValueError as error:
            raise NotConforming(f"{kind!r} does not fit: {error}") from error
        return dict(message)

    async def next_error(self) -> dict[str, Any]:
        """The next `error`."""
        return await self.next_of("error")

    async def close_code(self) -> int:
        """The code that the server closes with."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def demand(is_so: bool, otherwise: str) -> None:
    """Fail the check where something is not so.

    Raises:
        NotConforming: with what was seen instead.
    """
    if not is_so:
        raise NotConforming(otherwise)
