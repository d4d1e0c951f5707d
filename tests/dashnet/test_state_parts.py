from typing import Any

import pytest

from dashnet.state_parts import StateParts


def make_state(seq: int, *ids: int, **fields: object) -> dict[str, Any]:
    devices = [{"id": one} for one in ids]
    return {"type": "state", "epoch": "e-41", "seq": seq, "time_stamp": None, "devices": devices, **fields}


def make_part(seq: int, *ids: int) -> dict[str, Any]:
    return {"type": "inventory", "seq": seq, "changed": [{"id": one} for one in ids], "removed": []}


@pytest.mark.parametrize("message", [make_state(41, 1), make_part(42, 1), {"type": "error", "code": "bad_message"}])
def test_what_is_no_part_is_handed_on_as_it_is(message: dict[str, Any]) -> None:
    assert StateParts().take(message) is message


def test_the_parts_of_a_state_are_one_whole_state() -> None:
    parts = StateParts()
    assert parts.take(make_state(39, 1, 2, complete_at=41)) is None
    assert parts.take(make_part(40, 3)) is None
    assert parts.take(make_part(41, 4)) == make_state(41, 1, 2, 3, 4)
    assert parts.take(make_part(42, 5)) == make_part(42, 5)


def test_a_state_may_begin_anew_before_another_was_whole() -> None:
    parts = StateParts()
    parts.take(make_state(40, 1, complete_at=41))
    parts.take(make_state(50, 7, complete_at=51))
    assert parts.take(make_part(51, 8)) == make_state(51, 7, 8)


@pytest.mark.parametrize("message", [make_part(41, 3), {"type": "snapshots", "seq": 40}])
def test_a_missing_part_is_noticed(message: dict[str, Any]) -> None:
    parts = StateParts()
    parts.take(make_state(39, 1, complete_at=41))
    with pytest.raises(ValueError, match="missing"):
        parts.take(message)


def test_an_error_may_come_in_between() -> None:
    parts = StateParts()
    parts.take(make_state(40, 1, complete_at=41))
    assert parts.take({"type": "error", "code": "forbidden"}) == {"type": "error", "code": "forbidden"}
    assert parts.take(make_part(41, 2)) == make_state(41, 1, 2)
