"""uvicorn's websocket protocol, which can also be handed over to a listener that writes ready frames.

Used with `uvicorn --ws services.app.websocket_protocol:FeedWebSocketProtocol`. It puts the ASGI extension
`dashnet.feed` before the app (docs/decisions/0007-ready-frames.md). Under any other server the app does without.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from starlette.types import Message as Event
from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame

from services.app.close_codes import CloseCode
from services.app.message import Message

logger = logging.getLogger(__name__)

EXTENSION = "dashnet.feed"
# How long a client that is told to go may still take what waits, and with it the close code.
GRACE_SECONDS = 5.0

# Uvicorn's own `send` waits for it, which nobody calls after a take-over.
_NEVER_WAITED_FOR = asyncio.Event()
# No context is taken over in either direction: frames are the same for all, and an idle connection holds no window.
_SHARED_DEFLATE = [ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)]


class Listener(Protocol):
    """Who is told of what happens to a connection that it took over. None of these may raise."""

    def on_full(self) -> None:
        """The socket takes less than was written; nothing more should be, until it is drained."""

    def on_drained(self) -> None:
        """What was written is on its way."""

    def on_closed(self) -> None:
        """The connection has ended; told once."""

    async def on_message(self, message: str | bytes) -> None:
        """A whole message came. The next is read after this one was followed."""


class FeedWebSocketProtocol(WebSocketsSansIOProtocol):
    """A websocket that its app may leave to a listener: from then on it costs no task and no copy of a message."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.window_bits = 0
        self.write_frame: Callable[[bytes], None] | None = None
        self._listener: Listener | None = None
        if config.ws_per_message_deflate:
            self.conn.available_extensions = _SHARED_DEFLATE

    def take_over(self, listener: Listener) -> bool:
        """Leave the accepted connection to a listener, after which the app may return; False where it has ended."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self._listener = listener
        self.write_frame = self.transport.write
        for extension in self.conn.extensions:
            if isinstance(extension, PerMessageDeflate):
                self.window_bits = extension.local_max_window_bits
        early, self.queue = self.queue, _Inbox(self, listener)  # type: ignore[assignment]  # all that is called of it
        self.writable = _NEVER_WAITED_FOR
        while not early.empty():
            self.queue.put_nowait(early.get_nowait())
        return True

    def write(self, message: Message) -> int:
        """Hand one message to the socket; returns its bytes, 0 when the connection is ending."""
        if self._listener is None:
            return 0
        frame = message.frame(self.window_bits)
        self.transport.write(frame)
        return len(frame)

    @property
    def is_taken_over(self) -> bool:
        """Whether the app has left the connection to a listener, be it over or not."""
        return self.write_frame is not None

    @property
    def waiting_bytes(self) -> int:
        """What was written and the socket has not taken yet."""
        return self.transport.get_write_buffer_size()

    def end(self, code: int, reason: str) -> None:
        """Put a close frame behind what waits, and cut the connection if that is not taken and answered in time."""
        if self.close_sent or self.transport.is_closing():
            self.transport.abort()
            return
        self._stop()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._cut_off_later()

    async def run_asgi(self) -> None:
        """Run the app with the extension in its scope; the connection ends with the app unless it was taken over."""
        self.scope["extensions"][EXTENSION] = {"connection": self}
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        if self.is_taken_over:
            self._forget_handshake()
        elif self.close_timer is None:
            self.send_500_response()
            self.transport.close()

    def _forget_handshake(self) -> None:
        """Nobody asks for these any more; together they are a third of what an idle connection costs."""
        del self.scope
        # websockets' parser keeps the request.
        self.request.headers.clear()
        self.response.headers.clear()

    # What uvicorn's protocol is told by the transport and by websockets' parser.

    def pause_writing(self) -> None:
        """The transport holds more than its high-water mark."""
        if self._listener is None:
            super().pause_writing()
        else:
            self._listener.on_full()

    def resume_writing(self) -> None:
        """The transport has sent nearly all."""
        if self._listener is None:
            super().resume_writing()
        else:
            self._listener.on_drained()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._stop()

    def _stop(self) -> None:
        """Nothing more may be written: a close frame is the last, and a transport that closes takes nothing."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.on_closed()

    # A client that reads nothing would keep the mere close of these waiting for ever.

    def keepalive_timeout(self) -> None:
        """No ping was answered."""
        super().keepalive_timeout()
        self._cut_off_later()

    def handle_close(self, event: Frame) -> None:
        """The client says goodbye, or answers ours."""
        super().handle_close(event)
        self._cut_off_later()

    def handle_parser_exception(self) -> None:
        """What came is no websocket frame, or too much of one."""
        super().handle_parser_exception()
        self._cut_off_later()

    def shutdown(self) -> None:
        """The service stops."""
        super().shutdown()
        self._cut_off_later()

    def _cut_off_later(self) -> None:
        self._stop()
        if self.close_timer is None and self.is_taken_over:
            self.close_timer = self.loop.call_later(GRACE_SECONDS, self.transport.abort)

    def follow(self, following: Coroutine[Any, Any, None]) -> None:
        """Run what is to be done about messages that came; the server waits for it when it ends."""
        task = self.loop.create_task(following)
        task.add_done_callback(self.on_task_complete)
        self.tasks.add(task)

    def read_on(self) -> None:
        """Take the next message; uvicorn pauses after each."""
        if self.read_paused and not self.transport.is_closing():
            self.read_paused = False
            self.transport.resume_reading()


class _Inbox:
    """Stands where uvicorn puts events for the app: hands messages to the listener, one after the other."""

    __slots__ = ("_listener", "_protocol", "_waiting")

    def __init__(self, protocol: FeedWebSocketProtocol, listener: Listener) -> None:
        self._protocol = protocol
        self._listener = listener
        self._waiting: list[str | bytes] = []  # what came in one read is all that there can be

    def put_nowait(self, event: Event) -> None:
        """Take an event; the end of the connection is told to the listener elsewhere."""
        if event["type"] == "websocket.receive":
            self._waiting.append(received(event))
            if len(self._waiting) == 1:
                self._protocol.follow(self._follow_all())

    async def _follow_all(self) -> None:
        try:
            while self._waiting:
                await self._listener.on_message(self._waiting[0])
                self._waiting.pop(0)
        except Exception:
            logger.exception("a message of a subscriber could not be followed")
            self._protocol.end(CloseCode.INTERNAL_ERROR, "internal error")
        self._protocol.read_on()


def received(event: Event) -> str | bytes:
    """What a `websocket.receive` event brings."""
    text: str | None = event.get("text")
    return text if text is not None else event["bytes"]


def find_connection(scope: Scope) -> FeedWebSocketProtocol | None:
    """The extension, where the server has it."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    return extension["connection"] if extension else None
