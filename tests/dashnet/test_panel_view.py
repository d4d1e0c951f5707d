from typing import Any

import pytest

from dashnet.edge import NetworkKind
from dashnet.messages import parse_received
from dashnet.panel_view import PanelView, Traffic, strip_controls
from dashnet.reading import State, to_wire

EARLIER, LATER = "2026-11-23T20:00:00Z", "2026-11-23T20:01:00Z"


def make_device(device_id: int, state: str = "up", traffic: float = 0.0, **fields: Any) -> dict[str, Any]:
    active = {"up": True, "down": False, "unknown": None}[state]
    snap_shot = {
        "time_stamp": EARLIER,
        "active_connection": active,
        "upload_speed": traffic,
        "download_speed": 0.0,
        "round_trip_seconds": None,
    }
    static: dict[str, Any] = {
        "host_name": f"d{device_id}",
        "device_type": "Laptop",
        "operating_system": "",
        "mac_address": f"mac-{device_id}",
        "ip_address": "10.0.0.1",
        "driver": "simulated",
        "driver_options": {},
        "tags": [],
        "parent_id": None,
    }
    return {"id": device_id, **static, "state": state, "snap_shot": snap_shot, **fields}


def make_state(*devices: dict[str, Any], seq: int = 1) -> dict[str, Any]:
    return {"type": "state", "epoch": "e", "seq": seq, "time_stamp": EARLIER, "devices": list(devices)}


def make_snapshots(seq: int, device_id: int, active: bool | None, time_stamp: str = LATER) -> dict[str, Any]:
    speeds = {"upload_speed": 4.0, "download_speed": 6.0, "round_trip_seconds": None}
    snap_shots = [{"device_id": device_id, "active_connection": active, **speeds}]
    return {"type": "snapshots", "seq": seq, "time_stamp": time_stamp, "snap_shots": snap_shots}


def make_inventory(seq: int, *changed: dict[str, Any], removed: tuple[int, ...] = ()) -> dict[str, Any]:
    return {"type": "inventory", "seq": seq, "changed": list(changed), "removed": list(removed)}


def make_view(*devices: dict[str, Any]) -> PanelView:
    view = PanelView()
    take_in(view, make_state(*devices))
    return view


def take_in(view: PanelView, message: dict[str, Any]) -> None:
    view.apply(parse_received(message))


def names(view: PanelView) -> list[str]:
    return [row.host_name for row in view.worst_first()]


def test_a_state_replaces_all_that_was_known() -> None:
    view = make_view(make_device(1))
    take_in(view, make_state(make_device(2), seq=9))
    assert names(view) == ["d2"]


def test_down_comes_first_then_unknown_then_the_most_traffic() -> None:
    view = make_view(
        make_device(1, "up", 5), make_device(2, "up", 50), make_device(3, "unknown"), make_device(4, "down")
    )
    assert names(view) == ["d4", "d3", "d2", "d1"]


def test_devices_that_are_alike_are_ordered_by_name_whatever_its_case() -> None:
    view = make_view(make_device(1, host_name="b"), make_device(2, host_name="C"), make_device(3, host_name="A"))
    assert names(view) == ["A", "b", "C"]


def test_snapshots_change_state_speeds_and_age_of_their_device() -> None:
    view = make_view(make_device(1, "down"))
    take_in(view, make_snapshots(2, 1, active=True))
    (row,) = view.worst_first()
    assert (row.state, row.upload_speed, row.download_speed) == (State.UP, 4.0, 6.0)
    assert row.snap_shot_at is not None
    assert to_wire(row.snap_shot_at) == LATER


def test_a_null_connection_is_unknown() -> None:
    view = make_view(make_device(1))
    take_in(view, make_snapshots(2, 1, active=None))
    assert view.totals().unknown == 1


def test_an_older_snapshot_does_not_replace_a_newer_one() -> None:
    view = make_view(make_device(1))
    take_in(view, make_snapshots(2, 1, active=True))
    take_in(view, make_snapshots(3, 1, active=False, time_stamp=EARLIER))
    assert view.worst_first()[0].state is State.UP


def test_the_newest_tick_is_kept() -> None:
    view = make_view(make_device(1))
    take_in(view, make_snapshots(2, 1, active=True))
    take_in(view, make_snapshots(3, 1, active=True, time_stamp=EARLIER))
    assert view.newest_at is not None
    assert to_wire(view.newest_at) == LATER


def test_a_snapshot_of_a_device_that_is_not_there_is_left_out() -> None:
    view = make_view(make_device(1))
    take_in(view, make_snapshots(2, 7, active=True))
    assert names(view) == ["d1"]


def test_an_inventory_adds_changes_and_removes() -> None:
    view = make_view(make_device(1), make_device(2))
    renamed = make_device(1, host_name="renamed")
    take_in(view, make_inventory(2, renamed, make_device(3), removed=(2, 99)))
    assert names(view) == ["d3", "renamed"]


def test_traffic_is_the_sum_of_what_is_known() -> None:
    unmeasured = make_device(2)
    unmeasured["snap_shot"] |= {"upload_speed": None, "download_speed": None}
    both, alone = make_view(make_device(1, traffic=4.0), unmeasured), make_view(unmeasured)
    assert (both.totals().traffic[0].upload_speed, alone.totals().traffic[0].upload_speed) == (4.0, None)


def test_a_device_without_a_snapshot_is_unknown_and_has_no_speeds() -> None:
    view = make_view(make_device(1, "unknown", snap_shot=None))
    (row,) = view.worst_first()
    assert (row.state, row.upload_speed, row.snap_shot_at) == (State.UNKNOWN, None, None)


def test_totals_count_each_state_and_add_up_the_traffic() -> None:
    totals = make_view(make_device(1, "up", 1.5), make_device(2, "up", 2), make_device(3, "down")).totals()
    assert (totals.devices, totals.up, totals.down, totals.unknown) == (3, 2, 1, 0)
    assert totals.traffic == [Traffic(NetworkKind.SIMULATED, 3.5, 0.0)]


def test_traffic_is_counted_at_the_edge_with_real_and_simulated_devices_apart() -> None:
    view = make_view(make_device(1, traffic=1, driver="snmp"), make_device(2, traffic=2, driver="snmp", parent_id=1))
    take_in(view, make_inventory(2, make_device(3, traffic=4)))
    before = view.totals().traffic
    take_in(view, make_inventory(3, make_device(2, traffic=2, driver="snmp", tags=["uplink"])))
    assert before == [Traffic(NetworkKind.REAL, 1, 0), Traffic(NetworkKind.SIMULATED, 4, 0)]
    assert view.totals().traffic[0] == Traffic(NetworkKind.REAL, 2, 0)


def test_resumed_and_errors_change_nothing() -> None:
    view = make_view(make_device(1))
    take_in(view, {"type": "resumed", "epoch": "e", "seq": 1})
    take_in(view, {"type": "error", "code": "bad_message", "detail": "x"})
    assert names(view) == ["d1"]


def test_snapshots_of_a_narrowed_view_bring_devices_in_and_take_them_out() -> None:
    view = make_view(make_device(1), make_device(2))
    moves = {"changed": [make_device(3)], "removed": [2]}
    take_in(view, make_snapshots(2, 1, active=True) | moves)
    assert sorted(names(view)) == ["d1", "d3"]


def test_there_is_no_state_before_the_first() -> None:
    assert not PanelView().has_state
    assert make_view().has_state


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("nas-1", "nas-1"),
        ("a\x1b[31mb", "a[31mb"),
        ("a\r\nb\x00\x7f\x9b", "ab"),
        ("a\u202eb\u2028c", "abc"),
        ("Büro 東京", "Büro 東京"),
    ],
)
def test_what_could_move_the_cursor_or_turn_the_text_is_stripped(text: str, stripped: str) -> None:
    assert strip_controls(text) == stripped


def test_host_name_and_type_are_stripped_when_they_come_in() -> None:
    view = make_view(make_device(1, host_name="a\x1b]0;x\x07", device_type="T\nV"))
    (row,) = view.worst_first()
    assert (row.host_name, row.device_type) == ("a]0;x", "TV")
