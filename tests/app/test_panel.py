import orjson

from dashnet.publication import Position
from services.app.panel import Panel

EARLIER, LATER = "2026-11-23T20:00:00Z", "2026-11-23T20:01:00Z"


def make_device(device_id: int) -> dict[str, object]:
    return {"id": device_id, "host_name": f"d{device_id}", "state": "unknown", "snap_shot": None}


def make_panel(*ids: int) -> Panel:
    return Panel(Position("e", 1), None, {device_id: make_device(device_id) for device_id in ids})


def snapshots(time_stamp: str, *ids: int, active: bool | None = True) -> dict[str, object]:
    values = {"active_connection": active, "upload_speed": 1.5, "download_speed": 2.5, "round_trip_seconds": None}
    return {"type": "snapshots", "time_stamp": time_stamp, "snap_shots": [{"device_id": one, **values} for one in ids]}


def test_a_snapshot_sets_the_state_and_the_snap_shot_of_its_device_alone() -> None:
    panel = make_panel(1, 2)
    panel.apply(Position("e", 2), snapshots(EARLIER, 1))
    assert panel.devices[1]["state"] == "up"
    assert panel.devices[1]["snap_shot"]["time_stamp"] == EARLIER
    assert panel.devices[2] == make_device(2)


def test_a_delay_of_storing_is_shown_until_a_refresh_is_stored_again() -> None:
    panel = make_panel(1)
    change = panel.apply(Position("e", 2), snapshots(EARLIER, 1) | {"storing_delayed_since": EARLIER})
    assert change.storing_delayed_since == EARLIER
    assert orjson.loads(panel.to_state([1]))["storing_delayed_since"] == EARLIER
    panel.apply(Position("e", 3), snapshots(LATER, 1))
    assert "storing_delayed_since" not in orjson.loads(panel.to_state([1]))


def test_a_null_connection_is_unknown() -> None:
    panel = make_panel(1)
    panel.apply(Position("e", 2), snapshots(EARLIER, 1, active=None))
    assert panel.devices[1]["state"] == "unknown"


def test_an_older_snapshot_does_not_replace_a_newer_one() -> None:
    panel = make_panel(1)
    panel.apply(Position("e", 2), snapshots(LATER, 1))
    panel.apply(Position("e", 3), snapshots(EARLIER, 1, active=False))
    assert panel.devices[1]["snap_shot"]["time_stamp"] == LATER
    assert panel.time_stamp == LATER


def test_a_snapshot_of_a_device_that_is_gone_is_left_out() -> None:
    panel = make_panel(1)
    panel.apply(Position("e", 2), snapshots(EARLIER, 7))
    assert set(panel.devices) == {1}


def test_inventory_changes_replace_and_remove_devices() -> None:
    panel = make_panel(1, 2)
    renamed = make_device(1) | {"host_name": "new"}
    panel.apply(Position("e", 2), {"type": "inventory", "changed": [renamed, make_device(3)], "removed": [2, 9]})
    assert panel.devices == {1: renamed, 3: make_device(3)}


def test_what_turned_is_told_with_its_new_state() -> None:
    panel = make_panel(1, 2)
    assert panel.apply(Position("e", 2), snapshots(EARLIER, 1, 2)).turned == {1: "up", 2: "up"}
    assert panel.apply(Position("e", 3), snapshots(LATER, 1, active=False)).turned == {1: "down"}
    assert panel.apply(Position("e", 4), snapshots(LATER, 1, active=False)).turned == {}


def test_the_state_message_lists_devices_in_id_order() -> None:
    state = orjson.loads(make_panel(3, 1, 2).to_state({3, 1}))
    assert [device["id"] for device in state["devices"]] == [1, 3]
    assert (state["type"], state["epoch"], state["seq"]) == ("state", "e", 1)
