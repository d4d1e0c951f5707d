from typing import Any

import pytest

from dashnet.conformance.array_2020 import check_2020
from dashnet.conformance.server import NotConforming

TIMES = "2026-11-23 20:00:00.000000", "2026-11-23 20:01:00.000000"


def make_snap_shot(snap_shot_id: int, time_stamp: str, **fields: object) -> dict[str, Any]:
    numbers = {"upload_speed": 4.25, "download_speed": 66.0, "active_connection": True}
    return {"id": snap_shot_id, "time_stamp": time_stamp, **numbers, **fields}


def make_array(*snap_shots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("mac_address", "ip_address", "device_type", "host_name", "operating_system")
    return [{"id": place, **dict.fromkeys(names, "")} | {"snap_shots": its} for place, its in enumerate(snap_shots)]


FIRST = [make_snap_shot(1, TIMES[0]), make_snap_shot(2, TIMES[1])]


@pytest.mark.parametrize(
    "array", [[], make_array(FIRST), make_array(FIRST, [make_snap_shot(3, TIMES[0]), make_snap_shot(4, TIMES[1])])]
)
def test_an_array_of_devices_with_the_same_times_fits(array: list[dict[str, Any]]) -> None:
    check_2020(array)


@pytest.mark.parametrize(
    ("array", "word"),
    [
        ({"type": "state"}, "does not fit"),
        (make_array([]), "does not fit"),
        (make_array([make_snap_shot(2**53, TIMES[0])]), "does not fit"),
        (make_array([make_snap_shot(1, TIMES[0], upload_speed=None)]), "does not fit"),
        (make_array(FIRST, [make_snap_shot(3, TIMES[1])]), "same times"),
        (make_array(FIRST[::-1]), "oldest first"),
        (make_array(FIRST, FIRST), "comes twice"),
        (make_array([make_snap_shot(1, TIMES[0], upload_speed=897.4299999999967)]), "two decimals"),
    ],
)
def test_an_array_that_the_front_end_of_2020_could_not_show_is_named(array: Any, word: str) -> None:
    with pytest.raises(NotConforming, match=word):
        check_2020(array)
