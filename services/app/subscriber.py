"""One open websocket as the hub sees it: what waits for it, and whether it takes more. No IO of its own."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.app.message import Message, is_one_refresh
from services.app.views import View

MOST_WAITING_ANSWERS = 16


WriteFrame = Callable[[bytes], None]


class Connection(Protocol):
    """The way to one client. It tells its subscriber `on_full` and `on_drained`."""

    window_bits: int
    """What `Message.frame` is to be asked for, 0 for no compression."""

    write_frame: WriteFrame | None
    """Takes a ready frame with nothing checked, as long as the connection has not ended; None: it takes none."""

    def write(self, message: Message) -> int:
        """Take a message; returns its bytes, 0 when the connection is ending."""

    @property
    def waiting_bytes(self) -> int:
        """What was written and has not left."""

    def end(self, code: int, reason: str) -> None:
        """Close, and cut off whoever does not take even that."""


@dataclass(slots=True)
class Traffic:
    """What all subscribers of a hub together were sent, or not."""

    messages: int = 0
    bytes: int = 0
    dropped_publications: int = 0
    resumed: int = 0
    not_resumed: int = 0


class Home(Protocol):
    """Where a subscriber belongs: the hub."""

    traffic: Traffic
    backlog_limit: int
    """Bytes of publications that may wait for one subscriber."""

    @property
    def seq(self) -> int:
        """That of the newest publication, which is perhaps still being delivered."""

    def fall_in(self, subscriber: "Subscriber", write: WriteFrame) -> None:
        """It has all up to `seq` and takes what comes at once: it need not be looked at until it falls out."""

    def fall_out(self, subscriber: "Subscriber") -> bool:
        """It must be looked at again; whether it was given the newest publication."""

    def want_state(self, subscriber: "Subscriber") -> None:
        """Have a state made for it, soon."""

    def on_full(self, subscriber: "Subscriber") -> None:
        """Its connection takes nothing for now."""

    def on_drained(self, subscriber: "Subscriber") -> None:
        """Its connection takes something again."""


class Subscriber:
    """Gives a connection every publication in order, or in the place of those it was too slow for a fresh state.

    What waits is bounded in bytes. Over the bound all of it gives way to one state, which is asked for as soon as the
    connection takes something again; so a slow subscriber costs little and misses nothing. A single refresh may be
    larger than the bound: in its place there could only be a state, which is larger.

    While all is well it is in step with its home, which then writes to its connection without asking it.

    `view` None is the feed of 2020: it takes no publications, only states. `seq`, while not in step, is that of the
    last publication or state that was given or waits; `backlog_bytes` is what waits here, not counting what the
    connection holds.
    """

    __slots__ = (
        "_answers",
        "_backlog",
        "_home",
        "_is_full",
        "_is_in_step",
        "_is_state_due",
        "_is_state_made",
        "backlog_bytes",
        "connection",
        "seq",
        "view",
    )

    def __init__(self, connection: Connection, home: Home, view: View | None) -> None:
        self.connection = connection
        self.view = view
        self.seq = 0
        self.backlog_bytes = 0
        self._home = home
        # Made when first needed: most subscribers are never slow.
        self._backlog: deque[Message] | None = None
        self._answers: list[Message] | None = None
        self._is_full = False
        self._is_in_step = False
        self._is_state_due = False
        self._is_state_made = False

    def give(self, message: Message) -> None:
        """Take a publication."""
        if self._is_state_due or self._is_in_step or message.seq <= self.seq:
            return
        if message.seq != self.seq + 1:
            self.ask_for_state()
            return
        self.seq = message.seq
        if self._is_full or self._is_state_made or self._backlog:
            self._keep(message)
        else:
            self._write(message)
            self._fall_in()

    def _keep(self, message: Message) -> None:
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append(message)
        self.backlog_bytes += len(message.payload)
        if self.backlog_bytes > self._home.backlog_limit and not is_one_refresh(self._backlog):
            self.ask_for_state()

    def resume(self, resumed: Message, missed: Sequence[Message]) -> None:
        """Begin where the client left off: the answer that says so, and all that it missed, however much."""
        self._write(resumed)
        self.seq = resumed.seq + len(missed)
        self._backlog = deque(missed)
        self.backlog_bytes = sum(len(message.payload) for message in missed)
        self._go_on()

    def answer(self, message: Message) -> None:
        """Take an answer to this subscriber alone; of too many that wait the oldest are dropped."""
        if self._is_full:
            self._answers = [*(self._answers or []), message][-MOST_WAITING_ANSWERS:]
        else:
            self._write(message)

    def ask_for_state(self) -> None:
        """Drop the publications that wait; a fresh state comes in their place."""
        self.fall_out()
        if self._backlog:
            self._home.traffic.dropped_publications += len(self._backlog)
            self._backlog, self.backlog_bytes = None, 0
        self._is_state_due = True
        self._go_on()

    def begin_state(self, seq: int) -> bool:
        """A state of `seq` is being made, and what is published from now on waits behind it. False: not now."""
        if not self._is_state_due or self._is_full or self._is_state_made:
            return False
        self._is_state_due = False
        self._is_state_made = True
        self.seq = seq
        return True

    def finish_state(self, message: Message, view: View | None) -> None:
        """Take the state that was begun; of a view that is no longer wanted it is left out, as another is due."""
        self._is_state_made = False
        if view == self.view:
            self._write(message)
        self._go_on()

    def leave(self) -> None:
        """The connection has ended: nothing more is wanted or written."""
        self.fall_out()
        self._is_full = True
        self._backlog, self._answers, self.backlog_bytes = None, None, 0

    def on_full(self) -> None:
        """The connection takes nothing more until it is drained."""
        self.fall_out()
        self._is_full = True
        self._home.on_full(self)

    def on_drained(self) -> None:
        """The connection takes something again."""
        self._is_full = False
        self._home.on_drained(self)
        answers, self._answers = self._answers, None
        for answer in answers or ():
            self._write(answer)
        self._go_on()

    def _go_on(self) -> None:
        while self._backlog and not self._is_full and not self._is_state_made:
            message = self._backlog.popleft()
            self.backlog_bytes -= len(message.payload)
            self._write(message)
        if self._is_state_due and not self._is_full and not self._is_state_made:
            self._home.want_state(self)
        self._fall_in()

    def fall_out(self) -> None:
        """Be looked at again, with every publication."""
        if self._is_in_step:
            self._is_in_step = False
            self.seq = self._home.seq if self._home.fall_out(self) else self._home.seq - 1

    def _fall_in(self) -> None:
        write = self.connection.write_frame
        is_held_up = self._is_full or self._is_state_due or self._is_state_made or self._backlog
        if write is not None and self.view is not None and not is_held_up and self.seq == self._home.seq:
            self._is_in_step = True
            self._home.fall_in(self, write)

    def _write(self, message: Message) -> None:
        traffic = self._home.traffic
        traffic.messages += 1
        traffic.bytes += self.connection.write(message)
