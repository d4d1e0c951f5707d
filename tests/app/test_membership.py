"""Narrowed feeds against a model: whoever applies them has what a query over the whole panel would find."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.interface_part import pack_interfaces
from dashnet.messages import LiveInterface, parse_received
from dashnet.publication import Position
from dashnet.reading import State
from services.app.membership import Membership, Narrowing
from services.app.message import Message
from services.app.panel import Panel
from services.app.views import DeviceIndex, View
from tests.interfaces import make_interface

IDS = st.integers(1, 6)
TAGS = st.lists(st.sampled_from(["lab", "core"]), unique=True)
TYPES = st.sampled_from(["Router", "Laptop"])
STATES = st.sampled_from([True, False, None])


UNMEASURED = {"round_trip_seconds": None, "loss_ratio": None, "jitter_seconds": None}


@st.composite
def devices(draw: st.DrawFn) -> dict[str, Any]:
    device_id = draw(IDS)
    return {
        "id": device_id,
        "host_name": draw(st.sampled_from(["alpha", "beta"])) + str(device_id),
        "device_type": draw(TYPES),
        "operating_system": "",
        "mac_address": f"mac-{device_id}",
        "ip_address": "10.0.0.1",
        "tags": draw(TAGS),
        "state": draw(st.sampled_from(list(State))),
        "snap_shot": None,
    }


def unique(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({device["id"]: device for device in listed}.values())


FLEETS = st.lists(devices(), max_size=6).map(unique)
INVENTORIES = st.tuples(FLEETS, st.lists(IDS, max_size=3, unique=True)).map(
    lambda both: {
        "type": "inventory",
        "changed": both[0],
        "removed": sorted({*both[1]} - {one["id"] for one in both[0]}),
    }
)
SNAPSHOTS = st.lists(st.tuples(IDS, STATES), max_size=6, unique_by=lambda one: one[0]).map(
    lambda pairs: {
        "type": "snapshots",
        "time_stamp": "2026-11-23T20:00:00Z",
        "snap_shots": [
            {
                "device_id": device_id,
                "active_connection": active,
                "upload_speed": 1.0,
                "download_speed": 2.0,
                "round_trip_seconds": None,
                "loss_ratio": None,
                "jitter_seconds": None,
            }
            for device_id, active in sorted(pairs, key=lambda pair: pair[0])
        ],
    }
)
VIEWS = st.builds(
    View,
    device_ids=st.none() | st.frozensets(IDS),
    tags=st.none() | st.frozensets(st.sampled_from(["lab", "core"])),
    device_types=st.none() | st.frozensets(TYPES),
    state=st.none() | st.sampled_from(list(State)),
    search=st.none() | st.sampled_from(["alp", "beta2", "lab"]),
    interfaces=st.booleans(),
)
# Beside each publication: which devices show an interface, of this name. Those that were not read do not count.
SHOWN = st.dictionaries(IDS, st.sampled_from(["eth0", 'odd "},{" name']), max_size=6)


def fits(device: dict[str, Any], view: View) -> bool:
    """The meaning of a view in plain words, one device at a time."""
    text = [device["host_name"], device["device_type"], device["mac_address"], device["ip_address"], *device["tags"]]
    return (
        (view.device_ids is None or device["id"] in view.device_ids)
        and (view.tags is None or bool(view.tags & set(device["tags"])))
        and (view.device_types is None or device["device_type"] in view.device_types)
        and (view.state is None or device["state"] == view.state)
        and (view.search is None or any(view.search in part.casefold() for part in text))
    )


class Client:
    """Knows nothing but the rules of docs/protocol.md."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.devices = {device["id"]: device for device in state["devices"]}

    def take_in(self, message: dict[str, Any]) -> None:
        for snap_shot in message.get("snap_shots", []):
            device = self.devices[snap_shot.pop("device_id")]
            device["state"] = {True: "up", False: "down", None: "unknown"}[snap_shot["active_connection"]]
            if "interfaces" in snap_shot:
                device["interfaces"] = snap_shot.pop("interfaces")
            device["snap_shot"] = {"time_stamp": message["time_stamp"], **snap_shot}
        for device in message.get("changed", []):
            self.devices[device["id"]] = device
        for device_id in message.get("removed", []):
            del self.devices[device_id]


@given(FLEETS, VIEWS, st.lists(st.tuples(INVENTORIES | SNAPSHOTS, SHOWN), max_size=6))
def test_who_applies_a_narrowed_feed_has_what_the_view_holds(
    fleet: list[dict[str, Any]], view: View, publications: list[tuple[dict[str, Any], dict[int, str]]]
) -> None:
    panel = Panel(Position("e", 0), None, {device["id"]: device for device in fleet})
    membership = Membership(view)
    ids = membership.fill(DeviceIndex(fleet), panel.devices)
    client = Client(orjson.loads(panel.to_state(ids, with_interfaces=view.interfaces)))
    shown: dict[int, list[LiveInterface]] = {}
    for seq, (publication, names) in enumerate(publications, 1):
        message = Message(orjson.dumps({**publication, "seq": seq}), seq)
        read = [one["device_id"] for one in publication.get("snap_shots", ())]
        beside = {one: [make_interface(names[one])] for one in read if one in names}
        packed = {one: pack_interfaces(its) for one, its in beside.items()}
        change = panel.apply(Position("e", seq), orjson.loads(message.payload), packed)
        kept = {one: its for one, its in shown.items() if one not in read}
        # What came of a device before the device itself is not known of it.
        shown = {one: its for one, its in (kept | beside).items() if one in panel.devices}
        narrowed = orjson.loads(Narrowing(message, change, panel).cut(membership).payload)
        assert (narrowed["seq"], narrowed["type"]) == (seq, publication["type"])
        client.take_in(narrowed)
        fitting = {one: device for one, device in panel.devices.items() if fits(device, view)}
        interfaces = {one: {"interfaces": shown.get(one, [])} if view.interfaces else {} for one in fitting}
        assert client.devices == {one: {**device, **interfaces[one]} for one, device in fitting.items()}


def make_device(device_id: int) -> dict[str, Any]:
    texts = dict.fromkeys(("host_name", "device_type", "operating_system", "mac_address", "ip_address"), "")
    driver: dict[str, Any] = {"driver": "simulated", "driver_options": {}, "tags": [], "parent_id": None}
    return {"id": device_id, **texts, **driver, "state": "up", "snap_shot": None}


def test_only_what_the_view_holds_is_told() -> None:
    panel = Panel(Position("e", 0), None, {1: make_device(1), 2: make_device(2)})
    membership = Membership(View(device_ids=frozenset({2})))
    membership.fill(DeviceIndex(panel.devices.values()), panel.devices)
    values = {"active_connection": False, "upload_speed": 0.0, "download_speed": 0.0, **UNMEASURED}
    snap_shots = [{"device_id": 1, **values}, {"device_id": 2, **values}]
    published = {"type": "snapshots", "seq": 1, "time_stamp": "2026-11-23T20:00:00Z", "snap_shots": snap_shots}
    change = panel.apply(Position("e", 1), published)
    message = Message(orjson.dumps(published), 1)
    narrowed = orjson.loads(Narrowing(message, change, panel).cut(membership).payload)
    assert narrowed == {**published, "snap_shots": snap_shots[1:]}


def cut_turns(view: View) -> tuple[bytes, bytes]:
    """A publication, as it was and as this view gets it: of three devices that were up the first two go down."""
    panel = Panel(Position("e", 0), None, {number: make_device(number) for number in (1, 2, 3)})
    membership = Membership(view)
    membership.fill(DeviceIndex(panel.devices.values()), panel.devices)
    values = {"upload_speed": 0.0, "download_speed": 0.0, **UNMEASURED}
    turns = {"from_state": "up", "to_state": "down", "reason": 'odd, "}],[{" said the driver'}
    published = orjson.dumps(
        {
            "type": "snapshots",
            "seq": 1,
            "time_stamp": "2026-11-23T20:00:00Z",
            "snap_shots": [{"device_id": one, "active_connection": one == 3, **values} for one in (1, 2, 3)],
            "state_changes": [{"device_id": one, **turns} for one in (1, 2)],
        }
    )
    change = panel.apply(Position("e", 1), orjson.loads(published))
    return published, Narrowing(Message(published, 1), change, panel).cut(membership).payload


def turned_in(view: View) -> list[int]:
    return [one["device_id"] for one in orjson.loads(cut_turns(view)[1]).get("state_changes", [])]


@pytest.mark.parametrize(
    ("view", "ids"),
    [
        (View(device_ids=frozenset({2, 3})), [2]),
        (View(device_ids=frozenset({1, 2, 3})), [1, 2]),
        (View(device_ids=frozenset({3})), []),
        (View(device_ids=frozenset()), []),
        (View(state=State.UP), [1, 2]),
        (View(state=State.DOWN), [1, 2]),
        (View(state=State.UNKNOWN), []),
        (View(state=State.UP, device_ids=frozenset({1, 3})), [1]),
        (View(state=State.DOWN, device_ids=frozenset({2})), [2]),
    ],
    ids=str,
)
def test_a_turn_is_told_to_the_views_that_hold_the_device_before_or_after(view: View, ids: list[int]) -> None:
    assert turned_in(view) == ids


def test_a_view_of_all_that_turned_is_told_what_was_published() -> None:
    published, narrowed = cut_turns(View(device_ids=frozenset({1, 2, 3})))
    assert orjson.loads(narrowed) == orjson.loads(published)


@pytest.mark.parametrize(
    "view", [View(device_ids=frozenset({1})), View(state=State.UP), View(state=State.DOWN)], ids=str
)
def test_a_narrowed_message_with_turns_is_one_that_clients_take(view: View) -> None:
    parse_received(orjson.loads(cut_turns(view)[1]))


def test_where_nobody_of_the_view_turned_the_message_says_nothing_of_it() -> None:
    assert b"state_changes" not in cut_turns(View(device_ids=frozenset({3})))[1]


def test_views_of_the_same_devices_share_a_message_only_if_both_see_interfaces_or_neither() -> None:
    panel = Panel(Position("e", 0), None, {1: make_device(1)})
    values = {"active_connection": True, "upload_speed": 0.0, "download_speed": 0.0, **UNMEASURED}
    published = {"type": "snapshots", "seq": 1, "time_stamp": "t", "snap_shots": [{"device_id": 1, **values}]}
    change = panel.apply(Position("e", 1), published, {1: pack_interfaces([make_interface()])})
    narrowing = Narrowing(Message(orjson.dumps(published), 1), change, panel)
    cuts = []
    for view in (
        View(device_ids=frozenset({1})),
        View(device_ids=frozenset({1, 2})),
        View(device_ids=frozenset({1}), interfaces=True),
        View(device_ids=frozenset({1, 2}), interfaces=True),
    ):
        membership = Membership(view)
        membership.fill(DeviceIndex(panel.devices.values()), panel.devices)
        cuts.append(narrowing.cut(membership))
    assert cuts[0] is cuts[1]
    assert cuts[2] is cuts[3]
    assert orjson.loads(cuts[0].payload) == published
    assert orjson.loads(cuts[2].payload)["snap_shots"][0]["interfaces"] == [make_interface()]
