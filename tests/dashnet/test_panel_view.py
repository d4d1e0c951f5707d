from typing import Any

import pytest

from dashnet.panel_view import PanelView, parse_message, strip_controls
from dashnet.publication import Position
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
    names = {"host_name": f"d{device_id}", "device_type": "Laptop"}
    return {"id": device_id, **names, "state": state, "snap_shot": snap_shot, **fields}


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
    view.apply(make_state(*devices))
    return view


def names(view: PanelView) -> list[str]:
    return [row.host_name for row in view.worst_first()]


def test_a_state_replaces_all_that_was_known() -> None:
    view = make_view(make_device(1))
    assert view.apply(make_state(make_device(2), seq=9))
    assert names(view) == ["d2"]
    assert view.position == Position("e", 9)


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
    assert view.apply(make_snapshots(2, 1, active=True))
    (row,) = view.worst_first()
    assert (row.state, row.upload_speed, row.download_speed) == (State.UP, 4.0, 6.0)
    assert row.snap_shot_at is not None
    assert to_wire(row.snap_shot_at) == LATER


def test_a_null_connection_is_unknown() -> None:
    view = make_view(make_device(1))
    view.apply(make_snapshots(2, 1, active=None))
    assert view.totals().unknown == 1


def test_an_older_snapshot_does_not_replace_a_newer_one() -> None:
    view = make_view(make_device(1))
    view.apply(make_snapshots(2, 1, active=True))
    view.apply(make_snapshots(3, 1, active=False, time_stamp=EARLIER))
    assert view.worst_first()[0].state is State.UP


def test_the_newest_tick_is_kept() -> None:
    view = make_view(make_device(1))
    view.apply(make_snapshots(2, 1, active=True))
    view.apply(make_snapshots(3, 1, active=True, time_stamp=EARLIER))
    assert view.newest_at is not None
    assert to_wire(view.newest_at) == LATER


def test_a_snapshot_of_a_device_that_is_not_there_is_left_out() -> None:
    view = make_view(make_device(1))
    assert view.apply(make_snapshots(2, 7, active=True))
    assert names(view) == ["d1"]


def test_an_inventory_adds_changes_and_removes() -> None:
    view = make_view(make_device(1), make_device(2))
    renamed = make_device(1, host_name="renamed")
    assert view.apply(make_inventory(2, renamed, make_device(3), removed=(2, 99)))
    assert names(view) == ["d3", "renamed"]


def test_a_device_without_a_snapshot_is_unknown_and_has_no_speeds() -> None:
    view = make_view(make_device(1, "unknown", snap_shot=None))
    (row,) = view.worst_first()
    assert (row.state, row.upload_speed, row.snap_shot_at) == (State.UNKNOWN, None, None)


def test_totals_count_each_state_and_add_up_the_traffic() -> None:
    totals = make_view(make_device(1, "up", 1.5), make_device(2, "up", 2), make_device(3, "down")).totals()
    assert (totals.devices, totals.up, totals.down, totals.unknown) == (3, 2, 1, 0)
    assert totals.upload_speed == pytest.approx(3.5)


@pytest.mark.parametrize("seq", [1, 3])
def test_a_seq_that_is_not_the_next_is_refused_and_changes_nothing(seq: int) -> None:
    view = make_view(make_device(1))
    assert not view.apply(make_snapshots(seq, 1, active=False))
    assert view.totals().up == 1
    assert view.position == Position("e", 1)


def test_a_publication_before_the_first_state_is_refused() -> None:
    assert not PanelView().apply(make_snapshots(1, 1, active=True))


def test_resumed_at_our_position_goes_on_from_there() -> None:
    view = make_view(make_device(1))
    assert view.apply({"type": "resumed", "epoch": "e", "seq": 1})
    assert view.apply(make_snapshots(2, 1, active=False))


@pytest.mark.parametrize(("epoch", "seq"), [("e", 2), ("another", 1)])
def test_resumed_anywhere_else_is_refused(epoch: str, seq: int) -> None:
    assert not make_view(make_device(1)).apply({"type": "resumed", "epoch": epoch, "seq": seq})


def test_an_error_message_changes_nothing() -> None:
    view = make_view(make_device(1))
    assert view.apply({"type": "error", "code": "bad_message", "detail": "x"})
    assert view.position == Position("e", 1)


def test_a_publication_of_a_kind_from_the_future_is_counted() -> None:
    view = make_view(make_device(1))
    assert view.apply({"type": "weather", "seq": 2})
    assert view.apply(make_snapshots(3, 1, active=False))


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "state"},
        make_state({"id": 1}),
        make_state(make_device(1, state="up") | {"state": "offline"}),
        make_state(make_device(1)) | {"devices": 7},
        make_snapshots(2, 1, active=True, time_stamp="noon"),
        make_inventory(2) | {"removed": None},
    ],
)
def test_what_is_no_message_of_live_raises_and_changes_no_row(message: dict[str, Any]) -> None:
    view = make_view(make_device(1))
    with pytest.raises(ValueError, match=r".+"):
        view.apply(message)
    assert names(view) == ["d1"]


@pytest.mark.parametrize("raw", ["", "{", "[1]", "7"])
def test_what_is_no_json_object_is_no_message(raw: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_message(raw)


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
