"""uvicorn's websocket protocol, which can also be handed over to a listener that writes ready frames.

Used with `uvicorn --ws services.app.websocket_protocol:FeedWebSocketProtocol`. It puts the ASGI extension
`dashnet.feed` before the app (docs/decisions/0007-ready-frames.md). Under any other server the app does without.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from starlette.types import Message as Event
from starlette.types import Scope
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame

from services.app.inbox import Inbox, Listener, received
from services.app.message import Message
from services.app.socket_buffer import count_unacknowledged

EXTENSION = "dashnet.feed"
# How long a client that is told to go may still take what waits, and with it the close code.
GRACE_SECONDS = 5.0

# Uvicorn's own `send` waits for it, which nobody calls after a take-over.
_NEVER_WAITED_FOR = asyncio.Event()
# No context is taken over in either direction: frames are the same for all, and an idle connection holds no window.
_SHARED_DEFLATE = [ServerPerMessageDeflateFactory(server_no_context_takeover=True, client_no_context_takeover=True)]


class FeedWebSocketProtocol(WebSocketsSansIOProtocol):
    """A websocket that its app may leave to a listener: from then on it costs no task and no copy of a message."""

    # With these in it, the dict of uvicorn's many attributes would be twice as large.
    __slots__ = ("_ended", "_is_full", "_listener", "_waited_at_ping", "window_bits", "write_frame")

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
        self._ended: asyncio.Event | None = None
        self._is_full = False
        self._waited_at_ping = 0
        if config.ws_per_message_deflate:
            self.conn.available_extensions = _SHARED_DEFLATE

    def take_over(self, listener: Listener) -> bool:
        """Leave the accepted connection to a listener, after which the app may return; False where it has ended."""
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return False
        self._listener = listener
        self.write_frame = self.transport.write
        self._ended = None
        for extension in self.conn.extensions:
            if isinstance(extension, PerMessageDeflate):
                self.window_bits = extension.local_max_window_bits
        early, inbox = self.queue, Inbox(self, listener)
        self.queue = inbox  # type: ignore[assignment]  # all that is called of it
        self.writable = _NEVER_WAITED_FOR
        inbox.take_over(early)
        return True

    async def wait_ended(self) -> None:
        """Return once nobody can take this connection over any more: the client left it, or the service ends."""
        self._ended = self._ended or asyncio.Event()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return
        await self._ended.wait()

    def take_early(self) -> Sequence[str | bytes]:
        """Return the messages that came before the end of a connection that was not taken over."""
        events: list[Event] = [self.queue.get_nowait() for _ in range(self.queue.qsize())]  # type: ignore[misc]
        return [received(event) for event in events if event["type"] == "websocket.receive"]

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
        """What was written and the client's machine has not taken yet."""
        return self.transport.get_write_buffer_size() + count_unacknowledged(self.transport)

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
        """The transport holds more than its high-water mark: no more is read, as each ping would add a pong to it."""
        self._is_full = True
        self.transport.pause_reading()
        if self._listener is None:
            super().pause_writing()
        else:
            self._listener.on_full()

    def resume_writing(self) -> None:
        """The transport has sent nearly all."""
        self._is_full = False
        if self.pong_timer is not None:
            self._wait_on_for_pong()  # which could not be read
        self._read_if_wanted()
        if self._listener is None:
            super().resume_writing()
        else:
            self._listener.on_drained()

    def handle_ping(self) -> None:
        """Answer; and read no more of them, whoever has turned reading on, than are taken the answers of."""
        super().handle_ping()
        if self._is_full:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._stop()

    def _stop(self) -> None:
        """Nothing more may be written: a close frame is the last, and a transport that closes takes nothing."""
        listener, self._listener = self._listener, None
        if self._ended is not None:
            self._ended.set()
        if listener is not None:
            listener.on_closed()

    # A client that reads nothing would keep the mere close of these waiting for ever.

    def send_keepalive_ping(self) -> None:
        """Ask whether the client is there."""
        self._waited_at_ping = self.waiting_bytes
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No ping was answered. As long as it may be on its way behind what was written before, its time is not up.

        Whoever takes nothing of that is told so by the caretaker, with a code of its own.
        """
        waiting, waited = self.waiting_bytes, self._waited_at_ping
        self._waited_at_ping = waiting
        if self.is_taken_over and (self._is_full or waiting < waited):
            self._wait_on_for_pong()
            return
        super().keepalive_timeout()
        self._cut_off_later()

    def _wait_on_for_pong(self) -> None:
        if self.pong_timer is not None and self.ping_timeout is not None:
            self.pong_timer.cancel()
            self.pong_timer = self.loop.call_later(self.ping_timeout, self.keepalive_timeout)

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
        if self.transport.is_closing() and not self.close_sent:
            self.transport.abort()  # the client said goodbye and does not take the answer
            return
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
        self.read_paused = False
        self._read_if_wanted()

    def _read_if_wanted(self) -> None:
        if not (self.read_paused or self._is_full or self.transport.is_closing()):
            self.transport.resume_reading()


def find_connection(scope: Scope) -> FeedWebSocketProtocol | None:
    """The extension, where the server has it."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    return extension["connection"] if extension else None
