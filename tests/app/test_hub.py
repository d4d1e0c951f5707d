import asyncio
from collections.abc import AsyncIterator

import orjson
import pytest

from dashnet.publication import Position, Publication
from dashnet.reading import State
from dashnet.tasks import cancel_and_wait
from services.app.audience import CHUNK
from services.app.caretaker import Caretaker
from services.app.hub import Hub
from services.app.message import Message
from services.app.panel import Panel
from services.app.subscriber import Subscriber
from services.app.views import ALL_DEVICES, View
from tests.app.connections import HeldConnection, written_to

ONLY_2 = View(device_ids=frozenset({2}))


def make_device(device_id: int) -> dict[str, object]:
    return {
        "id": device_id,
        "host_name": f"host-{device_id}",
        "device_type": "Laptop",
        "operating_system": "",
        "mac_address": f"mac-{device_id}",
        "ip_address": "10.0.0.1",
        "tags": [],
        "state": "unknown",
        "snap_shot": None,
    }


def make_publication(seq: int, epoch: str = "e", *, minute: int | None = None) -> Publication:
    """One of a refresh of its own, unless `minute` makes several one refresh."""
    tick = f"2026-11-23T20:{(seq if minute is None else minute) % 60:02}:00Z"
    snap_shot = {
        "device_id": 1,
        "active_connection": True,
        "upload_speed": float(seq),
        "download_speed": 0.0,
        "round_trip_seconds": None,
    }
    message = {"type": "snapshots", "seq": seq, "time_stamp": tick, "snap_shots": [snap_shot]}
    return Publication(Position(epoch, seq), orjson.dumps(message), 0.0)


class TurnCounter:
    """Counts how often others have their turn in the event loop."""

    def __init__(self) -> None:
        self.count = 0

    async def count_on(self) -> None:
        """Count until cancelled."""
        while True:
            self.count += 1
            await asyncio.sleep(0)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """A hub with two devices at seq 1, and a caretaker that makes its states."""
    hub = Hub(backlog_limit=100_000, recent_limit=1000)
    hub.replace(Panel(Position("e", 1), None, {1: make_device(1), 2: make_device(2)}))

    async def encode_full_state() -> Message:
        return Message(b"[]")

    caretaker = Caretaker(hub, encode_full_state, 30)
    duties = [asyncio.create_task(caretaker.make_states(due)) for due in (hub.due, hub.due_2020)]
    yield hub
    for duty in duties:
        await cancel_and_wait(duty)


async def join(hub: Hub, view: View | None = ALL_DEVICES, since: Position | None = None) -> Subscriber:
    subscriber = Subscriber(HeldConnection(), hub, view)
    hub.add(subscriber, since)
    await settle()
    return subscriber


async def settle() -> None:
    """Let the caretaker have its turns."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_first_message_is_a_state(hub: Hub) -> None:
    subscriber = await join(hub)
    state = written_to(subscriber).take()
    assert (state["type"], state["epoch"], state["seq"], len(state["devices"])) == ("state", "e", 1, 2)


async def test_publications_follow_as_the_very_bytes_that_were_published(hub: Hub) -> None:
    subscriber = await join(hub)
    await hub.apply(make_publication(2))
    await hub.apply(make_publication(3))
    payloads = [message.payload for message in written_to(subscriber).written[1:]]
    assert payloads == [make_publication(2).message, make_publication(3).message]


async def test_subscribers_of_everything_share_one_message_and_one_state(hub: Hub) -> None:
    one, other = await join(hub), await join(hub)
    await hub.apply(make_publication(2))
    pairs = zip(written_to(one).written, written_to(other).written, strict=True)
    assert [first is second for first, second in pairs] == [True, True]


async def test_subscribers_of_the_same_view_share_one_message_and_others_get_their_own(hub: Hub) -> None:
    one, other, whole = await join(hub, ONLY_2), await join(hub, View(device_ids=frozenset({2}))), await join(hub)
    await hub.apply(make_publication(2))
    assert written_to(one).written[1] is written_to(other).written[1]
    assert orjson.loads(written_to(one).written[1].payload)["snap_shots"] == []
    assert len(orjson.loads(written_to(whole).written[1].payload)["snap_shots"]) == 1


async def test_views_that_come_out_alike_share_one_message(hub: Hub) -> None:
    one, other = await join(hub, ONLY_2), await join(hub, View(search="host-2"))
    await hub.apply(make_publication(2))
    assert written_to(one).written[1] is written_to(other).written[1]


async def test_a_changed_view_begins_with_its_state(hub: Hub) -> None:
    subscriber = await join(hub)
    hub.change_view(subscriber, ONLY_2)
    await settle()
    written_to(subscriber).take()
    assert [device["id"] for device in written_to(subscriber).take()["devices"]] == [2]


async def test_a_view_that_nobody_has_any_more_costs_nothing(hub: Hub) -> None:
    subscriber = await join(hub, ONLY_2)
    hub.remove(subscriber)
    assert (hub._memberships, len(hub._states), hub.live_count) == ({}, 0, 0)


async def test_another_panel_means_a_fresh_state_for_everybody(hub: Hub) -> None:
    one, other = await join(hub), await join(hub, ONLY_2)
    hub.replace(Panel(Position("f", 0), None, {2: make_device(2)}))
    await settle()
    for subscriber in (one, other):
        state = orjson.loads(written_to(subscriber).written[-1].payload)
        assert (state["epoch"], state["seq"], [device["id"] for device in state["devices"]]) == ("f", 0, [2])


async def test_a_subscriber_of_2020_gets_a_state_after_every_change(hub: Hub) -> None:
    subscriber = await join(hub, None)
    await hub.apply(make_publication(2))
    await settle()
    assert [message.payload for message in written_to(subscriber).written] == [b"[]", b"[]"]
    assert (hub.count_2020, hub.live_count) == (1, 0)


async def test_readings_that_wait_to_be_stored_reach_views_and_not_the_array_made_of_the_store(hub: Hub) -> None:
    follower, narrowed = await join(hub, None), await join(hub, ONLY_2)
    since = "2026-11-23T20:00:00Z"
    message = {"type": "snapshots", "seq": 2, "time_stamp": since, "storing_delayed_since": since, "snap_shots": []}
    await hub.apply(Publication(Position("e", 2), orjson.dumps(message), 0.0))
    await settle()
    assert [message.payload for message in written_to(follower).written] == [b"[]"]
    assert orjson.loads(written_to(narrowed).written[-1].payload)["storing_delayed_since"] == since


async def test_a_subscriber_that_left_gets_nothing_more(hub: Hub) -> None:
    subscriber = await join(hub)
    hub.remove(subscriber)
    await hub.apply(make_publication(2))
    assert written_to(subscriber).seqs == [1]


async def test_who_was_away_gets_the_missed_messages_in_order(hub: Hub) -> None:
    for seq in (2, 3, 4):
        await hub.apply(make_publication(seq))
    subscriber = await join(hub, since=Position("e", 2))
    assert written_to(subscriber).take() == {"type": "resumed", "epoch": "e", "seq": 2}
    assert written_to(subscriber).seqs == [3, 4]
    await hub.apply(make_publication(5))
    assert written_to(subscriber).seqs == [3, 4, 5]
    assert (hub.traffic.resumed, hub.traffic.not_resumed) == (1, 0)


async def test_who_missed_nothing_is_told_so_and_no_more(hub: Hub) -> None:
    subscriber = await join(hub, since=Position("e", 1))
    assert written_to(subscriber).take() == {"type": "resumed", "epoch": "e", "seq": 1}
    assert written_to(subscriber).written == []


@pytest.mark.parametrize("since", [Position("other", 1), Position("e", 0), Position("e", 99)])
async def test_who_cannot_go_on_begins_with_a_state(hub: Hub, since: Position) -> None:
    subscriber = await join(hub, since=since)
    assert written_to(subscriber).take()["type"] == "state"
    assert (hub.traffic.resumed, hub.traffic.not_resumed) == (0, 1)


async def test_a_narrowed_view_begins_with_a_state_wherever_it_left_off(hub: Hub) -> None:
    assert written_to(await join(hub, ONLY_2, since=Position("e", 1))).take()["type"] == "state"


async def test_no_more_is_kept_than_the_bound(hub: Hub) -> None:
    for seq in range(2, 100):
        await hub.apply(make_publication(seq))
    size = len(make_publication(99).message)
    kept = await join(hub, since=Position("e", 99 - 1000 // size))
    gone = await join(hub, since=Position("e", 99 - 1000 // size - 1))
    assert written_to(kept).take()["type"] == "resumed"
    assert written_to(gone).take()["type"] == "state"


async def test_a_new_panel_may_come_with_the_publications_that_led_up_to_it(hub: Hub) -> None:
    hub.replace(Panel(Position("e", 9)), [make_publication(8), make_publication(9)])
    subscriber = await join(hub, since=Position("e", 7))
    assert written_to(subscriber).seqs == [7, 8, 9]


async def test_a_publication_before_the_panel_is_our_bug_and_surfaces() -> None:
    with pytest.raises(RuntimeError, match="before the panel"):
        await Hub(1, 1).apply(make_publication(1))


async def test_a_long_fan_out_lets_others_have_their_turn(hub: Hub) -> None:
    for _ in range(3 * CHUNK):
        hub.add(Subscriber(HeldConnection(), hub, ALL_DEVICES))
    await settle()
    turns = TurnCounter()
    counting = asyncio.create_task(turns.count_on())
    await hub.apply(make_publication(2))
    await cancel_and_wait(counting)
    assert turns.count >= 3


async def test_others_have_their_turn_between_the_messages_of_many_views(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.app.audience.LONGEST_TURN_SECONDS", 0)
    subscribers = [await join(hub, View(search=f"-{number}", state=State.UP)) for number in range(50)]
    turns = TurnCounter()
    counting = asyncio.create_task(turns.count_on())
    await hub.apply(make_publication(2))
    await cancel_and_wait(counting)
    assert turns.count >= 50
    assert {written_to(one).seqs[-1] for one in subscribers} == {2}


ARE_UP = View(state=State.UP)


async def test_a_state_that_is_made_while_others_are_given_a_publication_holds_it_and_nobody_is_told_it_twice(
    hub: Hub,
) -> None:
    first, waiting = await join(hub), await join(hub, ARE_UP)
    late: list[Subscriber] = []

    def join_late() -> None:
        late.append(Subscriber(HeldConnection(), hub, ARE_UP))
        hub.add(late[0])
        assert late[0].begin_state(hub.seq)
        late[0].finish_state(hub.encode_state(ARE_UP), ARE_UP)

    written_to(first).on_write = join_late
    await hub.apply(make_publication(2))
    assert [device["id"] for device in written_to(late[0]).take()["devices"]] == [1]
    told = [orjson.loads(message.payload) for message in written_to(waiting).written]
    assert [(one["seq"], [device["id"] for device in one.get("changed", [])]) for one in told] == [(1, []), (2, [1])]
    written_to(first).on_write = None
    await hub.apply(make_publication(3))
    assert (written_to(late[0]).seqs, written_to(waiting).seqs) == ([3], [1, 2, 3])


async def test_after_a_fan_out_that_was_broken_off_every_view_is_right_again(hub: Hub) -> None:
    first, narrowed = await join(hub), await join(hub, ARE_UP)

    def fail() -> None:
        raise ZeroDivisionError

    written_to(first).on_write = fail
    with pytest.raises(ZeroDivisionError):
        await hub.apply(make_publication(2))
    written_to(first).on_write = None
    await settle()
    state = orjson.loads(written_to(narrowed).written[-1].payload)
    assert (state["type"], state["seq"], [device["id"] for device in state["devices"]]) == ("state", 2, [1])


async def test_the_state_of_a_view_that_one_subscriber_has_is_made_once(hub: Hub) -> None:
    subscriber = await join(hub, ONLY_2)
    subscriber.ask_for_state()
    await settle()
    first, second = written_to(subscriber).written
    assert first is second


async def test_who_missed_more_than_may_wait_gets_a_state_at_once() -> None:
    hub = Hub(backlog_limit=500, recent_limit=100_000)
    hub.replace(Panel(Position("e", 1), None, {1: make_device(1)}))
    for seq in range(2, 12):
        await hub.apply(make_publication(seq))
    size = len(make_publication(11).message)
    assert hub.add(Subscriber(HeldConnection(), hub, ALL_DEVICES), Position("e", 11 - 500 // size))
    assert not hub.add(Subscriber(HeldConnection(), hub, ALL_DEVICES), Position("e", 11 - 500 // size - 1))


async def test_one_missed_refresh_in_several_publications_is_told_however_large_it_is() -> None:
    hub = Hub(backlog_limit=1, recent_limit=100_000)
    hub.replace(Panel(Position("e", 1), None, {1: make_device(1)}))
    for seq in (2, 3, 4):
        await hub.apply(make_publication(seq, minute=0))
    assert hub.add(Subscriber(HeldConnection(), hub, ALL_DEVICES), Position("e", 1))


async def test_one_missed_publication_is_told_however_large_it_is() -> None:
    hub = Hub(backlog_limit=1, recent_limit=100_000)
    hub.replace(Panel(Position("e", 1), None, {1: make_device(1)}))
    await hub.apply(make_publication(2))
    assert hub.add(Subscriber(HeldConnection(), hub, ALL_DEVICES), Position("e", 1))
