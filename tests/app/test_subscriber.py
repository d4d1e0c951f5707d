import pytest

from services.app.message import Message
from services.app.subscriber import Subscriber, Traffic, WriteFrame
from services.app.views import ALL_DEVICES, View
from tests.app.connections import HeldConnection


class HeldHome:
    """Stands for the hub: keeps who asked for what."""

    def __init__(self, backlog_limit: int = 1000) -> None:
        self.traffic = Traffic()
        self.backlog_limit = backlog_limit
        self.wanted: list[Subscriber] = []
        self.full: list[Subscriber] = []
        self.in_step: list[Subscriber] = []
        self.seq = 0

    def want_state(self, subscriber: Subscriber) -> None:
        self.wanted.append(subscriber)

    def fall_in(self, subscriber: Subscriber, write: WriteFrame) -> None:  # noqa: ARG002 - the hub's own signature
        self.in_step.append(subscriber)

    def fall_out(self, subscriber: Subscriber) -> bool:
        self.in_step.remove(subscriber)
        return True

    def on_full(self, subscriber: Subscriber) -> None:
        self.full.append(subscriber)

    def on_drained(self, subscriber: Subscriber) -> None:
        self.full.remove(subscriber)


def message(seq: int, payload: bytes = b"x" * 10) -> Message:
    return Message(payload, seq)


def join(home: HeldHome, seq: int = 1) -> tuple[Subscriber, HeldConnection]:
    connection = HeldConnection()
    subscriber = Subscriber(connection, home, ALL_DEVICES)
    subscriber.ask_for_state()
    assert subscriber.begin_state(seq)
    subscriber.finish_state(message(seq), ALL_DEVICES)
    home.wanted.clear()
    return subscriber, connection


def test_publications_are_written_at_once_in_order_and_counted() -> None:
    home = HeldHome()
    subscriber, connection = join(home)
    subscriber.give(message(2))
    subscriber.give(message(3))
    assert connection.seqs == [1, 2, 3]
    assert (home.traffic.messages, home.traffic.bytes) == (3, 30)


def test_what_a_state_holds_is_not_given_again() -> None:
    subscriber, connection = join(HeldHome(), seq=5)
    subscriber.give(message(4))
    subscriber.give(message(5))
    assert connection.seqs == [5]


def test_a_hole_is_mended_with_a_state() -> None:
    home = HeldHome()
    subscriber, connection = join(home)
    subscriber.give(message(3))
    assert (connection.seqs, home.wanted) == ([1], [subscriber])


def test_what_is_published_while_a_state_is_made_comes_behind_it() -> None:
    home = HeldHome()
    connection = HeldConnection()
    subscriber = Subscriber(connection, home, ALL_DEVICES)
    subscriber.ask_for_state()
    subscriber.begin_state(7)
    subscriber.give(message(8))
    assert connection.seqs == []
    subscriber.finish_state(message(7), ALL_DEVICES)
    assert connection.seqs == [7, 8]


def test_a_full_connection_is_written_nothing_and_gets_all_when_it_is_drained() -> None:
    subscriber, connection = join(HeldHome())
    subscriber.on_full()
    subscriber.give(message(2))
    subscriber.give(message(3))
    assert (connection.seqs, subscriber.backlog_bytes) == ([1], 20)
    subscriber.on_drained()
    assert (connection.seqs, subscriber.backlog_bytes) == ([1, 2, 3], 0)


def test_a_connection_that_fills_up_again_keeps_the_rest_waiting() -> None:
    subscriber, connection = join(HeldHome())
    subscriber.on_full()
    subscriber.give(message(2))
    subscriber.give(message(3))
    connection.on_write = subscriber.on_full
    subscriber.on_drained()
    assert (connection.seqs, subscriber.backlog_bytes) == ([1, 2], 10)
    subscriber.on_drained()
    assert connection.seqs == [1, 2, 3]


def test_a_backlog_over_its_bound_gives_way_to_one_state_as_soon_as_the_connection_is_drained() -> None:
    home = HeldHome(backlog_limit=25)
    subscriber, connection = join(home)
    subscriber.on_full()
    for seq in (2, 3, 4, 5):
        subscriber.give(message(seq))
    assert (subscriber.backlog_bytes, home.traffic.dropped_publications, home.wanted) == (0, 3, [])
    subscriber.on_drained()
    assert home.wanted == [subscriber]
    assert subscriber.begin_state(5)
    subscriber.finish_state(message(5), ALL_DEVICES)
    subscriber.give(message(6))
    assert connection.seqs == [1, 5, 6]


def test_one_publication_larger_than_the_bound_is_no_reason_for_a_state() -> None:
    home = HeldHome(backlog_limit=5)
    subscriber, connection = join(home)
    subscriber.on_full()
    subscriber.give(message(2))
    subscriber.on_drained()
    assert connection.seqs == [1, 2]


def test_a_refresh_in_several_messages_may_be_larger_than_the_bound_too() -> None:
    subscriber, connection = join(HeldHome(backlog_limit=5))
    subscriber.on_full()
    for seq in (2, 3, 4):
        subscriber.give(Message(b'{"type":"snapshots","seq":%d,"time_stamp":"2026-11-23T20:00:00Z"}' % seq, seq))
    subscriber.on_drained()
    assert connection.seqs == [1, 2, 3, 4]


def test_a_state_is_begun_once() -> None:
    subscriber, _ = join(HeldHome())
    assert not subscriber.begin_state(1)
    subscriber.ask_for_state()
    assert subscriber.begin_state(1)
    assert not subscriber.begin_state(1)


def test_no_state_is_begun_for_a_full_connection() -> None:
    subscriber, _ = join(HeldHome())
    subscriber.on_full()
    subscriber.ask_for_state()
    assert not subscriber.begin_state(1)


def test_a_state_asked_for_while_one_is_made_comes_after_it() -> None:
    home = HeldHome()
    subscriber, connection = join(home)
    subscriber.ask_for_state()
    subscriber.begin_state(2)
    subscriber.ask_for_state()
    subscriber.finish_state(message(2), ALL_DEVICES)
    assert (connection.seqs, home.wanted) == ([1, 2], [subscriber, subscriber])


def test_a_state_of_a_view_that_is_no_longer_wanted_is_not_written() -> None:
    home = HeldHome()
    subscriber, connection = join(home)
    subscriber.ask_for_state()
    subscriber.begin_state(2)
    subscriber.view = View(search="another")
    subscriber.ask_for_state()
    subscriber.finish_state(message(2), ALL_DEVICES)
    assert (connection.seqs, home.wanted) == ([1], [subscriber, subscriber])


def test_all_that_was_missed_follows_the_answer_however_much_it_is() -> None:
    home = HeldHome(backlog_limit=5)
    connection = HeldConnection()
    subscriber = Subscriber(connection, home, ALL_DEVICES)
    subscriber.resume(message(3, b"resumed"), [message(4), message(5)])
    subscriber.give(message(6))
    assert (connection.seqs, home.wanted) == ([3, 4, 5, 6], [])


def test_of_too_many_answers_that_wait_the_oldest_are_dropped() -> None:
    subscriber, connection = join(HeldHome())
    subscriber.on_full()
    for number in range(100):
        subscriber.answer(Message(b"%d" % number))
    subscriber.on_drained()
    assert [one.payload for one in connection.written[1:]] == [b"%d" % number for number in range(84, 100)]


@pytest.mark.parametrize("is_full", [False, True])
def test_who_has_left_gets_and_keeps_nothing(is_full: bool) -> None:
    home = HeldHome()
    subscriber, connection = join(home)
    if is_full:
        subscriber.on_full()
    subscriber.leave()
    subscriber.ask_for_state()
    subscriber.give(message(2))
    assert (connection.seqs, home.wanted, subscriber.backlog_bytes) == ([1], [], 0)
