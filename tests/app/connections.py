"""A connection that keeps what is written, and takes as little as a test wants."""

from collections.abc import Callable
from typing import Any

import orjson

from services.app.message import Message
from services.app.subscriber import Subscriber


class HeldConnection:
    """Stands on the border to the sockets: the hub's own tests need no network."""

    window_bits = 0
    write_frame: Callable[[bytes], None] | None = None

    def __init__(self) -> None:
        self.written: list[Message] = []
        self.ended: tuple[int, str] | None = None
        self.waiting_bytes = 0
        self.on_write: Callable[[], None] | None = None

    def write(self, message: Message) -> int:
        """Keep a message."""
        self.written.append(message)
        if self.on_write is not None:
            self.on_write()
        return len(message.payload)

    def end(self, code: int, reason: str) -> None:
        """Keep the code."""
        self.ended = (code, reason)

    @property
    def seqs(self) -> list[int]:
        """The seq of each message, in order."""
        return [message.seq for message in self.written]

    def take(self) -> Any:  # any JSON value
        """The oldest message that was not taken yet."""
        return orjson.loads(self.written.pop(0).payload)


def written_to(subscriber: Subscriber) -> HeldConnection:
    """The connection of a subscriber in these tests."""
    assert isinstance(subscriber.connection, HeldConnection)
    return subscriber.connection
