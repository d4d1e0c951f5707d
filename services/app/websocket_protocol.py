"""uvicorn's websocket protocol, which also lets the app drop a connection that takes nothing.

Used with `uvicorn --ws services.app.websocket_protocol:DroppableWebSocketProtocol`. Under another server the app does
without: it then can only ask for a close, which a client that reads nothing never gets.
"""

from collections.abc import Callable

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "dashnet.drop"
# How long a client that is dropped may still take what waits, and with it the close code.
GRACE_SECONDS = 5.0

Drop = Callable[[int, str], None]


class DroppableWebSocketProtocol(WebSocketsSansIOProtocol):
    """Puts `scope["extensions"]["dashnet.drop"]["drop"]`, a `Drop`, before the app."""

    async def run_asgi(self) -> None:
        """Run the app with the extension in its scope."""
        self.scope.setdefault("extensions", {})[EXTENSION] = {"drop": self.drop}
        await super().run_asgi()

    def drop(self, code: int, reason: str) -> None:
        """Put a close frame behind what waits, and cut the connection if that is not taken in time."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(GRACE_SECONDS, self.transport.abort)


def find_drop(scope: Scope) -> Drop | None:
    """The extension, where the server has it."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    return extension["drop"] if extension else None
