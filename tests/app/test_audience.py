"""Who is in step, who is not, and what happens to those that change sides in the middle of a delivery."""

import asyncio

import pytest

from dashnet.publication import Position
from services.app.audience import CHUNK, LONG_MESSAGE_BYTES, Turns
from services.app.hub import Hub
from services.app.message import Message
from services.app.panel import Panel
from services.app.subscriber import Subscriber
from services.app.views import ALL_DEVICES
from tests.app.connections import HeldConnection
from tests.app.test_hub import make_publication


class QuickConnection(HeldConnection):
    """Takes ready frames, as our own protocol does."""

    def __init__(self, window_bits: int = 0) -> None:
        super().__init__()
        self.window_bits = window_bits
        self.frames: list[bytes] = []
        self.write_frame = self.frames.append

    def write(self, message: Message) -> int:
        """Keep the frame too."""
        self.frames.append(message.frame(self.window_bits))
        return super().write(message)


@pytest.fixture
def hub() -> Hub:
    hub = Hub(backlog_limit=10_000, recent_limit=1000)
    hub.replace(Panel(Position("e", 1)))
    return hub


def join(hub: Hub, window_bits: int = 0) -> tuple[Subscriber, QuickConnection]:
    """A subscriber that has its first state."""
    connection = QuickConnection(window_bits)
    subscriber = Subscriber(connection, hub, ALL_DEVICES)
    hub.add(subscriber)
    send_state(hub, subscriber)
    return subscriber, connection


def send_state(hub: Hub, subscriber: Subscriber) -> None:
    """What the caretaker does."""
    assert subscriber.begin_state(hub.seq)
    subscriber.finish_state(hub.encode_state(ALL_DEVICES), ALL_DEVICES)


def frame_of(seq: int, window_bits: int = 0) -> bytes:
    return Message(make_publication(seq).message).frame(window_bits)


def frames_after_state(connection: QuickConnection) -> list[bytes]:
    return connection.frames[1:]


async def test_all_in_step_get_the_very_same_frame(hub: Hub) -> None:
    _, one = join(hub)
    _, other = join(hub)
    await hub.apply(make_publication(2))
    assert one.frames[1] == frame_of(2)
    assert one.frames[1] is other.frames[1]
    assert one.seqs == [1], "it came as a ready frame"
    assert hub.traffic.messages == 4


async def test_each_window_gets_its_own_frame(hub: Hub) -> None:
    _, plain = join(hub)
    _, small = join(hub, 9)
    _, large = join(hub, 15)
    await hub.apply(make_publication(2))
    assert [one.frames[1] for one in (plain, small, large)] == [frame_of(2), frame_of(2, 9), frame_of(2, 15)]


async def test_one_that_falls_out_before_it_is_reached_keeps_the_message_waiting(hub: Hub) -> None:
    pairs = [join(hub) for _ in range(2 * CHUNK)]
    (subscriber, connection) = pairs[-1]
    delivering = asyncio.create_task(hub.apply(make_publication(2)))
    await asyncio.sleep(0)
    assert len(pairs[0][1].frames) == 2, "the first chunk was served"
    subscriber.on_full()
    await delivering
    assert frames_after_state(connection) == []
    await hub.apply(make_publication(3))
    subscriber.on_drained()
    assert frames_after_state(connection) == [frame_of(2), frame_of(3)]
    await hub.apply(make_publication(4))
    assert frames_after_state(connection) == [frame_of(2), frame_of(3), frame_of(4)]


async def test_one_that_falls_out_after_it_was_reached_is_not_given_the_message_again(hub: Hub) -> None:
    pairs = [join(hub) for _ in range(2 * CHUNK)]
    (subscriber, connection) = pairs[0]
    delivering = asyncio.create_task(hub.apply(make_publication(2)))
    await asyncio.sleep(0)
    subscriber.on_full()
    subscriber.on_drained()
    await delivering
    assert frames_after_state(connection) == [frame_of(2)]
    await hub.apply(make_publication(3))
    assert frames_after_state(connection) == [frame_of(2), frame_of(3)]


async def test_one_that_joins_in_the_middle_has_the_message_in_its_state_and_nowhere_else(hub: Hub) -> None:
    for _ in range(2 * CHUNK):
        join(hub)
    delivering = asyncio.create_task(hub.apply(make_publication(2)))
    await asyncio.sleep(0)
    _, late = join(hub)
    await delivering
    assert late.seqs == [2]
    assert frames_after_state(late) == []


async def test_one_that_leaves_in_the_middle_is_not_written_to(hub: Hub) -> None:
    pairs = [join(hub) for _ in range(2 * CHUNK)]
    (subscriber, connection) = pairs[-1]
    delivering = asyncio.create_task(hub.apply(make_publication(2)))
    await asyncio.sleep(0)
    hub.remove(subscriber)
    await delivering
    assert frames_after_state(connection) == []
    assert hub.live_count == 2 * CHUNK - 1


async def test_a_full_one_comes_back_into_step_after_its_state(hub: Hub) -> None:
    subscriber, connection = join(hub)
    subscriber.on_full()
    for seq in range(2, 102):
        await hub.apply(make_publication(seq))
    subscriber.on_drained()
    send_state(hub, subscriber)
    await hub.apply(make_publication(102))
    assert frames_after_state(connection) == [hub_state(hub, 101), frame_of(102)]


def hub_state(hub: Hub, seq: int) -> bytes:
    return Message(
        b'{"type":"state","epoch":"e","seq":%d,"time_stamp":"2026-11-23T20:59:00Z","devices":[]}' % seq
    ).frame(0)


async def test_a_delivery_that_breaks_off_leaves_nobody_believing_that_it_has_all(hub: Hub) -> None:
    _, broken = join(hub)
    healthy, connection = join(hub)
    broken.write_frame = _raise
    join_again = Subscriber(broken, hub, ALL_DEVICES)
    hub.add(join_again)
    send_state(hub, join_again)
    with pytest.raises(OSError, match="our own fault"):
        await hub.apply(make_publication(2))
    send_state(hub, healthy)
    assert connection.seqs == [1, 2]


def _raise(_: bytes) -> None:
    raise OSError("our own fault")


async def test_a_long_message_is_compressed_beside_the_event_loop(hub: Hub) -> None:
    _, connection = join(hub, 15)
    long = make_publication(2)
    padded = type(long)(long.position, long.message[:-1] + b',"pad":"' + b"x" * LONG_MESSAGE_BYTES + b'"}', 0.0)
    await hub.apply(padded)
    assert connection.frames[1] == Message(padded.message).frame(15)


async def test_turns_are_passed_on_after_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.app.audience.LONGEST_TURN_SECONDS", 60)
    turns, had_a_turn = Turns(), asyncio.Event()
    asyncio.get_running_loop().call_soon(had_a_turn.set)
    assert not turns.is_up(CHUNK - 1)
    assert turns.is_up(1)
    await turns.pass_on()
    assert had_a_turn.is_set()
    assert not turns.is_up(CHUNK - 1)


def test_turns_are_passed_on_after_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.app.audience.LONGEST_TURN_SECONDS", 0)
    assert Turns().is_up(1)
