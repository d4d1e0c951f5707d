from typing import Any

import orjson
import pytest

from dashnet.bounds import MEASURED
from dashnet.interface_part import Packed, cut_part, join_part
from dashnet.publication import Kind
from workers.long_publications import MOST_BYTES, SNAPSHOT_BYTES, split_publication

MIB = 1024 * 1024
DELAYED = {"storing_delayed_since": "2026-11-23T20:00:00Z"}


def make_reading(device_id: int) -> dict[str, Any]:
    """The longest that /live has: every number with all its digits."""
    return {"device_id": device_id, "active_connection": False, **dict.fromkeys(MEASURED, 10_000_000.12345)}


def make_fields(count: int, *, turned: int = 0, reason: str = "") -> dict[str, Any]:
    ids = range(2**31 - count, 2**31)
    changes = [
        {"device_id": one, "from_state": "unknown", "to_state": "down", "reason": reason} for one in ids[:turned]
    ]
    fields = {"time_stamp": "2026-11-23T20:00:00Z", "snap_shots": [make_reading(one) for one in ids]}
    return fields | ({"state_changes": changes} if changes else {})


def split(kind: Kind, fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [piece for piece, _ in split_publication(kind, fields)]


def test_no_reading_is_longer_than_is_reckoned() -> None:
    assert len(orjson.dumps(make_reading(2**31 - 1))) + 1 <= SNAPSHOT_BYTES


@pytest.mark.parametrize("count", [0, 1, 2500])
def test_a_short_refresh_stays_as_it_is(count: int) -> None:
    fields = make_fields(count, turned=min(count, 1)) | DELAYED
    assert list(split_publication(Kind.SNAPSHOTS, fields, b"beside")) == [(fields, b"beside")]


@pytest.mark.parametrize("turned", [0, 1, 10_000])
def test_a_long_refresh_is_cut_into_pieces_that_fit_and_hold_all_in_order(turned: int) -> None:
    fields = make_fields(10_000, turned=turned, reason="\u2014" * 500) | DELAYED
    pieces = split(Kind.SNAPSHOTS, fields)
    assert max(len(orjson.dumps(piece)) for piece in pieces) < MIB
    assert [one for piece in pieces for one in piece["snap_shots"]] == fields["snap_shots"]
    assert [one for piece in pieces for one in piece.get("state_changes", ())] == fields.get("state_changes", [])
    assert {piece["time_stamp"] for piece in pieces} == {fields["time_stamp"]}
    assert {piece["storing_delayed_since"] for piece in pieces} == {fields["time_stamp"]}


def test_a_quiet_refresh_of_ten_thousand_devices_is_a_few_messages() -> None:
    assert len(split(Kind.SNAPSHOTS, make_fields(10_000))) == 3


def test_a_refresh_where_all_turn_leaves_room_for_whole_devices_in_a_view() -> None:
    device = {"id": 1, "name": "x" * 650}
    for piece in split(Kind.SNAPSHOTS, make_fields(10_000, turned=10_000, reason="x" * 100)):
        shown = piece | {"changed": [device] * len(piece["state_changes"])}
        assert len(orjson.dumps(shown)) < MIB


def test_a_piece_says_of_its_own_devices_alone_that_they_turned() -> None:
    fields = make_fields(10_000, turned=1)
    assert ["state_changes" in piece for piece in split(Kind.SNAPSHOTS, fields)] == [True, False, False]


def test_interfaces_go_beside_the_piece_of_their_device() -> None:
    fields = make_fields(10_000)
    first, last = fields["snap_shots"][0]["device_id"], fields["snap_shots"][-1]["device_id"]
    beside = join_part({first: Packed(b"1"), last: Packed(b"2")})
    parts = [cut_part(part) for _, part in split_publication(Kind.SNAPSHOTS, fields, beside)]
    assert parts == [{first: b"1"}, {}, {last: b"2"}]


def test_a_long_edit_is_cut_into_pieces_that_fit_and_removes_once() -> None:
    changed = [{"id": number, "options": "\n" * 2000} for number in range(1000)]
    pieces = split(Kind.INVENTORY, {"changed": changed, "removed": [7]})
    assert max(len(orjson.dumps(piece)) for piece in pieces) <= MIB
    assert [one for piece in pieces for one in piece["changed"]] == changed
    assert [one for piece in pieces for one in piece["removed"]] == [7]


def test_a_device_that_is_too_long_by_itself_goes_alone() -> None:
    changed = [{"id": 1}, {"id": 2, "options": "x" * MOST_BYTES}, {"id": 3}]
    assert split(Kind.INVENTORY, {"changed": changed, "removed": []}) == [
        {"changed": [one], "removed": []} for one in changed
    ]


@pytest.mark.parametrize(("kind", "fields"), [(Kind.RESET, {}), (Kind.INVENTORY, {"changed": [], "removed": [1, 2]})])
def test_others_stay_as_they_are(kind: Kind, fields: dict[str, Any]) -> None:
    assert list(split_publication(kind, fields)) == [(fields, b"")]
