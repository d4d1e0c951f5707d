import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from services.app.close_codes import CloseCode
from services.app.inbox import Inbox


class HeldSource:
    """Keeps what it is told to do."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.told: list[object] = []

    def follow(self, following: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(following))

    def read_on(self) -> None:
        self.told.append("read on")

    def end(self, code: int, reason: str) -> None:  # noqa: ARG002 - the connection's own signature
        self.told.append(code)


class Recorder:
    """Keeps messages; each takes a turn of the event loop, and one of them is a fault."""

    def __init__(self) -> None:
        self.messages: list[str | bytes] = []

    async def on_message(self, message: str | bytes) -> None:
        await asyncio.sleep(0)
        if message == "fault":
            raise ZeroDivisionError
        self.messages.append(message)


async def receive(*messages: str | bytes) -> tuple[HeldSource, Recorder]:
    source, recorder = HeldSource(), Recorder()
    inbox, early = Inbox(source, recorder), asyncio.Queue[Any]()
    for message in messages:
        kind = "text" if isinstance(message, str) else "bytes"
        early.put_nowait({"type": "websocket.receive", kind: message})
    early.put_nowait({"type": "websocket.disconnect", "code": 1005})
    inbox.take_over(early)
    await asyncio.gather(*source.tasks)
    return source, recorder


async def test_messages_are_followed_one_after_the_other_and_then_more_is_read() -> None:
    source, recorder = await receive("one", b"two", "three")
    assert (recorder.messages, source.told, len(source.tasks)) == (["one", b"two", "three"], ["read on"], 1)


async def test_a_fault_ends_the_connection_with_its_code(caplog: pytest.LogCaptureFixture) -> None:
    source, recorder = await receive("one", "fault", "three")
    assert (recorder.messages, source.told) == (["one"], [CloseCode.INTERNAL_ERROR, "read on"])
    assert "could not be followed" in caplog.text
