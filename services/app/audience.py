"""The subscribers of one view: those in step are written to in one tight loop, the others one by one."""

import asyncio
import time
from collections.abc import Callable, Iterator

from services.app.message import Message
from services.app.subscriber import Subscriber, Traffic, WriteFrame

# After so many subscribers others get their turn in the event loop.
CHUNK = 500
# Or after this, if so many take longer.
LONGEST_TURN_SECONDS = 0.005
# Out of step so many are served between two looks at the clock.
_SOME = 50
# From here on a message is compressed in a thread, while the event loop goes on.
LONG_MESSAGE_BYTES = 64 * 1024


class Audience:
    """All who see the same, and the delivery that is under way to them, if any."""

    def __init__(self) -> None:
        self._in_step: dict[int, dict[Subscriber, WriteFrame]] = {}
        self._others: set[Subscriber] = set()
        self._delivery: Delivery | None = None

    def __len__(self) -> int:
        return len(self._others) + sum(len(one) for one in self._in_step.values())

    def __iter__(self) -> Iterator[Subscriber]:
        yield from list(self._others)
        for subscribers in list(self._in_step.values()):
            yield from list(subscribers)

    def add(self, subscriber: Subscriber) -> None:
        """Take in a subscriber, not in step yet."""
        self._others.add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Forget a subscriber that is not in step."""
        self._others.discard(subscriber)

    def fall_in(self, subscriber: Subscriber, write: WriteFrame) -> None:
        """From now on it is given everything at once."""
        self._others.discard(subscriber)
        self._in_step.setdefault(subscriber.connection.window_bits, {})[subscriber] = write

    def fall_out(self, subscriber: Subscriber) -> bool:
        """No longer; whether the message that is being delivered, if any, has reached it."""
        del self._in_step[subscriber.connection.window_bits][subscriber]
        self._others.add(subscriber)
        return self._delivery is None or self._delivery.leave_out(subscriber)

    def begin_delivery(self, make_message: Callable[[], Message]) -> "Delivery":
        """A delivery to all who are here now; those who come later have what it tells."""
        self._delivery = Delivery(make_message, self._parts(), list(self._others))
        return self._delivery

    def end_delivery(self) -> None:
        """It is over, or was broken off."""
        self._delivery = None

    def _parts(self) -> "list[_Part]":
        # Those without compression first: they need not wait for it.
        windows = sorted(self._in_step) if len(self._in_step) > 1 else self._in_step
        return [_Part(bits, self._in_step[bits]) for bits in windows if self._in_step[bits]]


class _Part:
    """Subscribers that take the very same bytes; the first `done` of them were given theirs."""

    __slots__ = ("_places", "done", "subscribers", "window_bits", "writes")

    def __init__(self, window_bits: int, writes: dict[Subscriber, WriteFrame]) -> None:
        self.window_bits = window_bits
        self.subscribers = list(writes)
        self.writes = list(writes.values())
        self.done = 0
        self._places: dict[Subscriber, int] | None = None

    def place_of(self, subscriber: Subscriber) -> int | None:
        """Where it stands; few ever ask."""
        if self._places is None:
            self._places = {one: place for place, one in enumerate(self.subscribers)}
        return self._places.get(subscriber)


class Delivery:
    """One message on its way to an audience, made when the delivery runs."""

    def __init__(self, make_message: Callable[[], Message], parts: list[_Part], others: list[Subscriber]) -> None:
        self._make_message = make_message
        self._parts = parts
        self._others = others

    def leave_out(self, subscriber: Subscriber) -> bool:
        """Whether it has been reached; if not, it is not written to but given the message like those out of step."""
        for part in self._parts:
            place = part.place_of(subscriber)
            if place is not None and place >= part.done:
                part.writes[place] = _write_nothing
                self._others.append(subscriber)
                return False
        return True

    async def run(self, turns: "Turns", traffic: Traffic) -> None:
        """Deliver; others get their turn in the event loop in between."""
        message = self._make_message()
        # Most messages to a view are short, and there are as many as there are views.
        is_long = len(message.payload) >= LONG_MESSAGE_BYTES
        for part in self._parts:
            if is_long:
                await compress(message, {part.window_bits})
            frame = message.frame(part.window_bits)
            traffic.messages += len(part.writes)
            traffic.bytes += len(part.writes) * len(frame)
            while part.done < len(part.writes):
                chunk = part.writes[part.done : part.done + CHUNK]
                part.done += len(chunk)
                for write in chunk:
                    write(frame)
                if turns.is_up(len(chunk)):
                    await turns.pass_on()
        if self._others and is_long:
            await compress(message, {subscriber.connection.window_bits for subscriber in self._others})
        # Grows while it is gone through, by those who fall out of step before they are reached.
        given = 0
        while given < len(self._others):
            some = self._others[given : given + _SOME]
            given += len(some)
            for subscriber in some:
                subscriber.give(message)
            if turns.is_up(len(some)):
                await turns.pass_on()


class Turns:
    """Lets others have their turn in the event loop after every so many subscribers, or milliseconds if that is sooner.

    Views are what takes milliseconds: each has a state and a message of its own to be made.
    """

    def __init__(self) -> None:
        self._served = 0
        self._began_at = time.perf_counter()

    def is_up(self, served: int) -> bool:
        """So many more subscribers or views have been served; whether it is the turn of others now."""
        self._served += served
        return self._served >= CHUNK or time.perf_counter() - self._began_at > LONGEST_TURN_SECONDS

    async def pass_on(self) -> None:
        """Let the others have it."""
        await asyncio.sleep(0)
        self._served = 0
        self._began_at = time.perf_counter()


async def compress(message: Message, windows: set[int]) -> None:
    """Make the frames of a long message that these windows ask for, beside the event loop."""
    if len(message.payload) >= LONG_MESSAGE_BYTES:
        for window_bits in windows - {0}:
            await asyncio.to_thread(message.frame, window_bits)


def _write_nothing(_: bytes) -> None:
    """Stands in the place of a subscriber that left a delivery before it was reached."""
