"""The clients of the soak keep the rules of docs/protocol.md, and complain about a server that does not."""

from typing import Any

import pytest

from tests.soak.panels import FullPanel, LivePanel, describe_difference

EARLIER, TICK, LATER = (f"2026-11-29T09:0{minute}:00Z" for minute in range(3))


def make_device(device_id: int, time_stamp: str | None = TICK, **fields: Any) -> dict[str, Any]:
    snap_shot = time_stamp and {"time_stamp": time_stamp, "active_connection": True}
    return {"id": device_id, "state": "up", "snap_shot": snap_shot, **fields}


def make_snapshots(seq: int, time_stamp: str, active: bool | None, device_id: int = 1) -> dict[str, Any]:
    snap_shot = {"device_id": device_id, "active_connection": active}
    return {"type": "snapshots", "seq": seq, "time_stamp": time_stamp, "snap_shots": [snap_shot]}


@pytest.fixture
def panel() -> LivePanel:
    """A client that knows one device, at seq 7."""
    panel = LivePanel()
    panel.connect()
    state = {"type": "state", "epoch": "e", "seq": 7, "time_stamp": TICK, "devices": [make_device(1)]}
    assert panel.take_in(state)
    return panel


def test_snapshots_turn_a_device(panel: LivePanel) -> None:
    assert panel.take_in(make_snapshots(8, LATER, False))
    assert panel.devices[1]["state"] == "down"
    assert panel.devices[1]["snap_shot"] == {"time_stamp": LATER, "active_connection": False}
    assert (panel.seq, panel.time_stamp, panel.broken) == (8, LATER, [])


def test_an_older_time_stamp_never_replaces_a_newer_one(panel: LivePanel) -> None:
    assert panel.take_in(make_snapshots(8, EARLIER, False))
    assert (panel.devices[1], panel.seq, panel.time_stamp) == (make_device(1), 8, TICK)


def test_an_inventory_changes_adds_and_removes(panel: LivePanel) -> None:
    panel.take_in({"type": "inventory", "seq": 8, "changed": [make_device(2, None)], "removed": [1]})
    assert panel.devices == {2: make_device(2, None)}


@pytest.mark.parametrize("seq", [7, 9])
def test_a_hole_or_a_double_is_a_broken_promise_and_starts_anew(panel: LivePanel, seq: int) -> None:
    assert not panel.take_in(make_snapshots(seq, LATER, True))
    assert panel.broken == [f"seq {seq} came after 7"]
    assert panel.connect() == "/live"


def test_a_message_of_an_unknown_type_counts(panel: LivePanel) -> None:
    assert panel.take_in({"type": "news", "seq": 8})
    assert (panel.seq, panel.broken) == (8, [])


def test_a_client_that_comes_back_says_where_it_was_and_goes_on(panel: LivePanel) -> None:
    assert panel.connect() == "/live?epoch=e&seq=7"
    assert panel.take_in({"type": "resumed", "epoch": "e", "seq": 7})
    assert panel.take_in(make_snapshots(8, LATER, True))
    assert (panel.resumes, panel.broken) == (1, [])


@pytest.mark.parametrize(("epoch", "seq"), [("e", 8), ("f", 7)])
def test_a_client_is_not_resumed_at_a_place_where_it_was_not(panel: LivePanel, epoch: str, seq: int) -> None:
    panel.connect()
    assert not panel.take_in({"type": "resumed", "epoch": epoch, "seq": seq})
    assert len(panel.broken) == 1


def test_a_connection_begins_with_a_state_or_is_resumed(panel: LivePanel) -> None:
    panel.connect()
    assert not panel.take_in(make_snapshots(8, LATER, True))
    assert panel.broken == ["snapshots came first"]


def test_nobody_is_resumed_in_the_middle(panel: LivePanel) -> None:
    assert not panel.take_in({"type": "resumed", "epoch": "e", "seq": 7})
    assert panel.broken == ["resumed at 7 unasked"]


def test_a_new_state_may_come_at_any_time_and_the_count_goes_on_from_it(panel: LivePanel) -> None:
    assert panel.take_in({"type": "state", "epoch": "f", "seq": 3, "time_stamp": None, "devices": []})
    assert panel.take_in({"type": "inventory", "seq": 4, "changed": [], "removed": []})
    assert (panel.devices, panel.epoch, panel.broken) == ({}, "f", [])


def test_a_snapshot_of_a_device_that_nobody_knows_is_a_broken_promise(panel: LivePanel) -> None:
    panel.take_in(make_snapshots(8, LATER, True, device_id=9))
    assert panel.broken == ["a snapshot of 9, which nobody knows"]


def make_full_device(device_id: int, *times: str) -> dict[str, Any]:
    return {"id": device_id, "snap_shots": [{"time_stamp": time} for time in times]}


def test_an_array_of_2020_takes_the_place_of_the_one_before() -> None:
    panel = FullPanel()
    panel.take_in([make_full_device(1, EARLIER)])
    panel.take_in([make_full_device(1, EARLIER, TICK), make_full_device(2, EARLIER, TICK)])
    assert ([device["id"] for device in panel.devices], panel.arrays, panel.broken) == ([1, 2], 2, [])


@pytest.mark.parametrize(
    "array",
    [
        [make_full_device(1, EARLIER), make_full_device(2, TICK)],
        [make_full_device(1, EARLIER), make_full_device(2, EARLIER, TICK)],
        [make_full_device(1)],
        [make_full_device(1, TICK, EARLIER)],
        {"type": "error", "code": "bad_message"},
    ],
)
def test_an_array_that_the_front_end_of_2020_gets_wrong_is_a_broken_promise(array: Any) -> None:
    panel = FullPanel()
    panel.take_in(array)
    assert len(panel.broken) == 1


def test_equal_devices_do_not_differ_whatever_their_order() -> None:
    assert describe_difference([make_device(1), make_device(2)], [make_device(2), make_device(1)]) is None


@pytest.mark.parametrize("theirs", [[], [make_device(2)], [make_device(1, LATER)], [make_device(1), make_device(2)]])
def test_other_devices_differ(theirs: list[dict[str, Any]]) -> None:
    assert describe_difference([make_device(1)], theirs)
