from typing import Any

import orjson
import pytest

from dashnet.publication import Position
from services.app.state_message import PART_BYTES, encode_state, find_position
from tests.feeds import ReceivedPanel

TICK = "2026-11-23T20:00:00Z"


def make_devices(count: int, length: int) -> list[dict[str, Any]]:
    return [{"id": number, "name": "x" * length} for number in range(count)]


def test_a_short_state_is_one_message_as_ever() -> None:
    state = orjson.loads(encode_state(Position("e", 41), TICK, make_devices(2, 1)))
    devices = [{"id": 0, "name": "x"}, {"id": 1, "name": "x"}]
    assert state == {"type": "state", "epoch": "e", "seq": 41, "time_stamp": TICK, "devices": devices}


def test_a_state_of_no_device_is_one_message() -> None:
    assert orjson.loads(encode_state(Position("e", 0), None, []))["devices"] == []


def test_a_client_that_knows_nothing_of_parts_ends_with_all_devices_at_the_seq_of_the_state() -> None:
    parts = encode_state(Position("e", 41), TICK, make_devices(5000, 400)).split(b"\n")
    panel = ReceivedPanel()
    for part in parts:
        panel.take_in(orjson.loads(part))
    assert len(parts) > 1
    assert max(map(len, parts)) < PART_BYTES * 1.1
    assert (panel.seq, list(panel.devices)) == (41, list(range(5000)))


def test_the_first_part_says_with_which_seq_the_state_is_whole() -> None:
    first, *_, last = encode_state(Position("e", 41), TICK, make_devices(5000, 400)).split(b"\n")
    assert (orjson.loads(first)["complete_at"], orjson.loads(last)["seq"]) == (41, 41)


@pytest.mark.parametrize("seq", [0, 1, 2])
def test_there_are_never_more_parts_than_numbers(seq: int) -> None:
    parts = encode_state(Position("e", seq), TICK, make_devices(5000, 400)).split(b"\n")
    assert len(parts) == seq + 1
    assert orjson.loads(parts[0])["seq"] == 0


def test_a_device_larger_than_a_part_is_a_part_of_its_own() -> None:
    parts = encode_state(Position("e", 99), TICK, make_devices(3, PART_BYTES)).split(b"\n")
    assert len(parts) == 3


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (Position("e", 41), Position("e", 41)),
        (Position("e-41", 41), Position("e", 41)),
        (Position("e-41", 50), Position("e", 50)),
        (Position("e-41", 40), None),
        (Position("e-", 40), None),
        (Position("e-x", 40), None),
        (Position("e-" + "9" * 5000, 40), None),
    ],
)
def test_who_left_in_the_middle_of_a_state_is_nowhere(told: Position, found: Position | None) -> None:
    assert find_position(told) == found
