from typing import Any

import pytest

from dashnet.messages import parse_received
from tests.dashnet.test_panel_view import make_device, make_inventory, make_snapshots, make_state


@pytest.mark.parametrize(
    "message",
    [
        make_state(make_device(1), make_device(2, snap_shot=None)),
        make_state() | {"time_stamp": None},
        make_snapshots(2, 1, active=None),
        make_snapshots(2, 1, active=True) | {"changed": [make_device(1)], "removed": [2]},
        make_inventory(3, make_device(1), removed=(2,)),
        {"type": "resumed", "epoch": "e", "seq": 0},
        {"type": "error", "code": "forbidden", "detail": "x"},
    ],
)
def test_a_message_of_the_protocol_is_taken_as_it_is(message: dict[str, Any]) -> None:
    assert parse_received(message) == message


@pytest.mark.parametrize(
    "message",
    [
        7,
        [],
        {},
        {"type": "weather"},
        {"type": "state"},
        make_state({"id": 1}),
        make_state(make_device(1) | {"state": "offline"}),
        make_state(make_device(1)) | {"devices": 7},
        make_state() | {"seq": -1},
        make_snapshots(2, 1, active=True, time_stamp="noon"),
        make_inventory(2) | {"removed": None},
    ],
)
def test_anything_else_is_refused(message: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_received(message)
