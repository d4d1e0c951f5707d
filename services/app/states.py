"""The `state` messages of the hub's position, so that each is made once however many want it. Pure."""

from services.app.message import Message
from services.app.views import View

# What the states of views that one subscriber each has may take together. Beyond it they are made anew when they are
# asked for again, because a thousand such views over a large inventory would hold its devices a thousand times.
MOST_LONE_BYTES = 4 * 1024 * 1024


class States:
    """States by view, until the position is another."""

    def __init__(self) -> None:
        self._messages: dict[View, Message] = {}
        self._lone: set[View] = set()
        self._lone_bytes = 0

    def __len__(self) -> int:
        return len(self._messages)

    def get(self, view: View) -> Message | None:
        """The state of this view, if it is kept."""
        return self._messages.get(view)

    def keep(self, view: View, message: Message, *, is_shared: bool) -> None:
        """Take in a state that was not kept; that of a view which nobody shares only where there is room."""
        if not is_shared:
            if self._lone_bytes + len(message.payload) > MOST_LONE_BYTES:
                return
            self._lone.add(view)
            self._lone_bytes += len(message.payload)
        self._messages[view] = message

    def discard(self, view: View) -> None:
        """Nobody has this view any more."""
        message = self._messages.pop(view, None)
        if message is not None and view in self._lone:
            self._lone.discard(view)
            self._lone_bytes -= len(message.payload)

    def clear(self) -> None:
        """The position is another."""
        self._messages.clear()
        self._lone.clear()
        self._lone_bytes = 0
