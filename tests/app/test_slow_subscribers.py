from collections.abc import Sequence

import pytest

from services.app.hub import Hub
from services.app.slow_subscribers import SlowSubscribers
from services.app.subscriber import Subscriber
from services.app.views import ALL_DEVICES
from tests.app.connections import HeldConnection

SECONDS, LEAST_BYTES = 30, 100


def stall_at(waiting: Sequence[int]) -> int | None:
    """Look at one subscriber every ten seconds, of which so many bytes wait; at which look it has stalled."""
    connection, slow = HeldConnection(), SlowSubscribers()
    subscriber = Subscriber(connection, Hub(1, 1), ALL_DEVICES)
    connection.waiting_bytes = waiting[0]
    slow.add(subscriber, 0)
    for look, connection.waiting_bytes in enumerate(waiting):
        if slow.find_stalled(look * 10, SECONDS, LEAST_BYTES):
            return look
    return None


@pytest.mark.parametrize(
    ("waiting", "stalled_at"),
    [
        ([5000] * 10, 4),
        ([5000, 4900, *[4900] * 10], 5),
        (range(5000, 0, -40), None),
        (range(5000, 0, -20), 4),
        ([5000, 5010, 5020, 5030, 5040], 4),
    ],
    ids=["nothing", "once", "steadily", "hopelessly little", "grows"],
)
def test_who_takes_less_than_the_least_for_too_long_has_stalled(waiting: Sequence[int], stalled_at: int | None) -> None:
    assert stall_at(waiting) == stalled_at


def test_whoever_has_drained_is_no_longer_looked_at() -> None:
    connection, slow = HeldConnection(), SlowSubscribers()
    subscriber = Subscriber(connection, Hub(1, 1), ALL_DEVICES)
    connection.waiting_bytes = 7
    slow.add(subscriber, 0)
    assert slow.backlog_bytes == 7
    slow.discard(subscriber)
    slow.discard(subscriber)
    assert (slow.backlog_bytes, slow.find_stalled(1000, SECONDS, LEAST_BYTES)) == (0, [])
