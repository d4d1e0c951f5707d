import asyncio

import orjson
import pytest

from dashnet.publication import Position, Publication
from services.app.hub import STATE_DUE, Hub, Subscriber
from services.app.panel import Panel

TIME = "2026-11-23T20:00:00Z"


def make_hub() -> Hub:
    hub = Hub()
    device = {"id": 1, "state": "unknown", "snap_shot": None}
    hub.replace(Panel(Position("e", 1), None, {1: device, 2: device | {"id": 2}}))
    return hub


def make_publication(seq: int) -> Publication:
    snap_shot = {
        "device_id": 1,
        "active_connection": True,
        "upload_speed": float(seq),
        "download_speed": 0.0,
        "round_trip_seconds": None,
    }
    message = {"type": "snapshots", "seq": seq, "time_stamp": TIME, "snap_shots": [snap_shot]}
    return Publication(Position("e", seq), orjson.dumps(message))


async def join(hub: Hub, backlog_bytes: int = 100_000, device_ids: frozenset[int] | None = None) -> Subscriber:
    subscriber = Subscriber(backlog_bytes, takes_publications=True)
    subscriber.device_ids = device_ids
    hub.add(subscriber)
    assert await subscriber.take() is STATE_DUE
    return subscriber


async def is_empty(subscriber: Subscriber) -> bool:
    taking = asyncio.ensure_future(subscriber.take())
    await asyncio.sleep(0)
    return taking.cancel()


async def test_the_first_thing_a_subscriber_takes_is_a_state() -> None:
    subscriber = Subscriber(1000, takes_publications=True)
    assert await subscriber.take() is STATE_DUE


async def test_publications_are_taken_in_order_as_the_very_bytes_that_were_published() -> None:
    hub = make_hub()
    subscriber = await join(hub)
    hub.apply(make_publication(2))
    hub.apply(make_publication(3))
    assert await subscriber.take() == make_publication(2).message.decode()
    assert await subscriber.take() == make_publication(3).message.decode()
    assert await is_empty(subscriber)


async def test_subscribers_of_everything_share_one_message() -> None:
    hub = make_hub()
    one, other = await join(hub), await join(hub)
    hub.apply(make_publication(2))
    assert await one.take() is await other.take()


async def test_a_slow_subscriber_gets_one_state_in_place_of_a_backlog_over_its_bound() -> None:
    hub = make_hub()
    subscriber = await join(hub, backlog_bytes=len(make_publication(2).message) * 2)
    hub.apply(make_publication(2))
    hub.apply(make_publication(3))
    hub.apply(make_publication(4))
    hub.apply(make_publication(5))
    assert await subscriber.take() is STATE_DUE
    assert orjson.loads(hub.encode_state(None))["seq"] == 5
    assert await is_empty(subscriber)


async def test_after_such_a_state_publications_follow_again() -> None:
    hub = make_hub()
    subscriber = await join(hub, backlog_bytes=len(make_publication(2).message))
    hub.apply(make_publication(2))
    hub.apply(make_publication(3))
    assert await subscriber.take() is STATE_DUE
    hub.apply(make_publication(4))
    assert orjson.loads(str(await subscriber.take()))["seq"] == 4


async def test_a_slow_subscriber_does_not_delay_the_others() -> None:
    hub = make_hub()
    slow, quick = await join(hub, backlog_bytes=1), await join(hub)
    hub.apply(make_publication(2))
    assert orjson.loads(str(await quick.take()))["seq"] == 2
    hub.apply(make_publication(3))
    assert orjson.loads(str(await quick.take()))["seq"] == 3
    assert await slow.take() is STATE_DUE


async def test_one_publication_larger_than_the_bound_is_still_no_reason_for_a_state() -> None:
    hub = make_hub()
    subscriber = await join(hub, backlog_bytes=1)
    hub.apply(make_publication(2))
    assert orjson.loads(str(await subscriber.take()))["seq"] == 2


async def test_a_view_gets_every_seq_with_its_own_devices_alone() -> None:
    hub = make_hub()
    subscriber = await join(hub, device_ids=frozenset({2}))
    hub.apply(make_publication(2))
    message = orjson.loads(str(await subscriber.take()))
    assert (message["seq"], message["snap_shots"]) == (2, [])


async def test_another_panel_means_a_fresh_state_for_everybody() -> None:
    hub = make_hub()
    subscriber = await join(hub)
    hub.apply(make_publication(2))
    hub.replace(Panel(Position("f", 0)))
    assert await subscriber.take() is STATE_DUE
    assert await is_empty(subscriber)


async def test_answers_are_taken_before_publications_and_bounded() -> None:
    hub = make_hub()
    subscriber = await join(hub)
    hub.apply(make_publication(2))
    answers = [f"answer {number}" for number in range(100)]
    list(map(subscriber.answer, answers))
    assert [await subscriber.take() for _ in range(16)] == answers[-16:]
    assert orjson.loads(str(await subscriber.take()))["seq"] == 2


async def test_a_subscriber_of_2020_is_due_a_state_after_every_change() -> None:
    hub = make_hub()
    subscriber = Subscriber(1000, takes_publications=False)
    hub.add(subscriber)
    await subscriber.take()
    hub.apply(make_publication(2))
    hub.apply(make_publication(3))
    assert await subscriber.take() is STATE_DUE
    assert await is_empty(subscriber)


async def test_a_subscriber_that_left_gets_nothing_more() -> None:
    hub = make_hub()
    subscriber = await join(hub)
    hub.remove(subscriber)
    hub.apply(make_publication(2))
    assert await is_empty(subscriber)
    assert hub.subscriber_count == 0


def test_the_state_of_all_devices_is_made_once_per_position() -> None:
    hub = make_hub()
    assert hub.encode_state(None) is hub.encode_state(None)


def test_a_publication_before_the_panel_is_our_bug_and_surfaces() -> None:
    with pytest.raises(RuntimeError, match="before the panel"):
        Hub().apply(make_publication(1))
