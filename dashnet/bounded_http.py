"""uvicorn's HTTP protocol with bounds for what a client may send, and how slowly, before its request is whole.

Used with `uvicorn --http dashnet.bounded_http:BoundedHttpProtocol`, for both services. Without it they work too, but
hold headers of any size, and connections that say nothing, for as long as clients like.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from dashnet.security_headers import SECURITY_HEADERS
from dashnet.settings import Settings, get_settings

MOST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 200
# A refused client may go on sending for so long; were the connection closed meanwhile, the answer would be lost.
LINGER_SECONDS = 5.0
# However many connect at the same moment, their requests may just not have been read yet.
_GRACE_SECONDS = 1.0
_INVALID = (400, "This is no HTTP request")
_TOO_LARGE = (431, f"The head of the request is larger than {MOST_HEAD_BYTES:,} bytes")
_TOO_MANY = (431, f"The request has more than {MOST_HEADERS} headers")


class Waiting:
    """The connections of a server that owe it a whole request, by the address they come from, the oldest first."""

    def __init__(self) -> None:
        self._by_address: dict[str, dict[BoundedHttpProtocol, float]] = {}

    def add(self, connection: "BoundedHttpProtocol", address: str, now: float, most: int) -> None:
        """Take in a connection; where there are too many, the oldest give way, but none of the last second."""
        group = self._by_address.setdefault(address, {})
        group.setdefault(connection, now)
        while len(group) > most:
            oldest, since = next(iter(group.items()))
            if now - since < _GRACE_SECONDS:
                break
            del group[oldest]
            oldest.give_up("too many connections of this address wait for their requests to be whole")

    def discard(self, connection: "BoundedHttpProtocol", address: str) -> None:
        """Forget a connection, if it is there."""
        group = self._by_address.get(address)
        if group is not None:
            group.pop(connection, None)
            if not group:
                del self._by_address[address]


_WAITING: WeakKeyDictionary[ServerState, Waiting] = WeakKeyDictionary()


class BoundedHttpProtocol(HttpToolsProtocol):
    """A connection whose requests have heads of at most 64 KiB and 200 headers, which must be whole soon."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        settings: Settings = app_state.get("settings") or get_settings()
        self._head_seconds = settings.request_head_seconds
        self._most_waiting = settings.waiting_connections
        self._waiting = _WAITING.setdefault(server_state, Waiting())
        self._address = ""
        # Since the head of a request was whole, or a part of its body came.
        self._silent_bytes = 0
        self._is_between = True
        self._is_refused = False
        self._refusal = _INVALID
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for a request."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        # Behind a proxy all come from its address, and what it says of them counts for nothing here.
        self._address = peer[0] if isinstance(peer, tuple) else ""
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse no more than a head may have before it is whole."""
        room = MOST_HEAD_BYTES - self._silent_bytes
        self._feed(data[:room])
        if len(data) > room and self.transport.get_protocol() is self:
            self._feed(data[room:])

    def _feed(self, data: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes >= MOST_HEAD_BYTES:
            self._refuse(*_TOO_LARGE)
        elif self._is_between and self._timer is None and self.transport.get_protocol() is self:
            self._start_timer()  # line ends before a request, which end the wait for another one

    # What httptools tells of a request.

    def on_message_begin(self) -> None:
        """The first bytes of a request came."""
        super().on_message_begin()
        # How many lie in what came behind the request before it is not known.
        self._silent_bytes = max(self._silent_bytes, 1)
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header came, or a trailer."""
        if len(self.headers) >= MOST_HEADERS:
            self._refusal = _TOO_MANY
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._silent_bytes, self._is_between = 0, False
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body came."""
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._silent_bytes, self._is_between = 0, True
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Leave the connection to the protocol of websockets, which has bounds of its own."""
        self._stop_waiting()
        self._stop_timer()
        super().handle_websocket_upgrade()

    # Waiting and refusing.

    def _wait(self) -> None:
        self._waiting.add(self, self._address, self.loop.time(), self._most_waiting)
        if self._timer is None:
            self._start_timer()

    def _stop_waiting(self) -> None:
        self._waiting.discard(self, self._address)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self._head_seconds, self._on_time_over)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time_over(self) -> None:
        self._timer = None
        if self._is_answering():
            self._start_timer()  # the head is that of the next request, and the answer to this one comes first
        else:
            self.give_up(f"the head of the request was not whole after {self._head_seconds:g} s")

    def give_up(self, why: str) -> None:
        """End a connection whose request is not whole; who has sent a part of one is told why."""
        if self._silent_bytes or not self._is_between:
            self._refuse(408, f"Gave up waiting: {why}")
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Refuse a request that the parser refuses; uvicorn's words name no reason."""
        self._refuse(*self._refusal)

    def _refuse(self, status: int, detail: str) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        self._stop_waiting()
        self._stop_timer()
        if self._is_answering():
            self.transport.abort()  # another answer is on its way
            return
        self.transport.write(_render(status, detail))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _render(status: int, detail: str) -> bytes:
    """A whole answer, of the same form as those of `dashnet.problems`."""
    title = HTTPStatus(status).phrase
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": []})
    headers: Mapping[str, str] = SECURITY_HEADERS | {
        "content-type": "application/problem+json",
        "content-length": str(len(body)),
        "connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return STATUS_LINE[status] + lines.encode() + b"\r\n" + body
