from typing import Any

import pytest

from dashnet.reading import State
from services.app.views import ALL_DEVICES, DeviceIndex, View, parse_view


def make_device(device_id: int, **fields: object) -> dict[str, Any]:
    return {
        "id": device_id,
        "host_name": f"host-{device_id}",
        "device_type": "Laptop",
        "operating_system": "Debian 13",
        "mac_address": f"02:00:00:00:00:0{device_id}",
        "ip_address": f"10.0.0.{device_id}",
        "tags": [],
        **fields,
    }


INDEX = DeviceIndex(
    [
        make_device(1, device_type="Router", tags=["core", "lab"]),
        make_device(2, tags=["lab"], host_name="Größe"),
        make_device(3, tags=["school"], mac_address=None),
    ]
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {1, 2, 3}),
        ({"device_ids": [1, 3, 99]}, {1, 3}),
        ({"device_ids": []}, set()),
        ({"tags": ["lab"]}, {1, 2}),
        ({"tags": ["core", "school", "none"]}, {1, 3}),
        ({"device_types": ["Router"]}, {1}),
        ({"device_types": ["router"]}, set()),
        ({"search": "HOST-"}, {1, 3}),
        ({"search": "10.0.0.2"}, {2}),
        ({"search": "grösse"}, {2}),
        ({"search": "schoo"}, {3}),
        ({"search": "02:00:00:00:00:01"}, {1}),
        ({"search": "none"}, set()),
        ({"search": ""}, {1, 2, 3}),
        ({"tags": ["lab"], "device_types": ["Laptop"]}, {2}),
        ({"tags": ["lab"], "search": "host"}, {1}),
        ({"tags": ["lab"], "device_ids": [2, 3]}, {2}),
        ({"state": "down"}, {1, 2, 3}),
    ],
)
def test_a_view_finds_the_devices_that_fit_all_of_its_fields(wanted: dict[str, Any], found: set[int]) -> None:
    assert INDEX.find(parse_view(wanted)) == found


def test_a_device_put_again_is_found_as_it_is_now_and_a_removed_one_no_more() -> None:
    index = DeviceIndex([make_device(1, tags=["old"]), make_device(2, tags=["old"])])
    index.put(make_device(1, tags=["new"], device_type="Phone"))
    index.remove(2)
    index.remove(99)
    assert index.find(parse_view({"tags": ["old"]})) == set()
    assert index.find(parse_view({"tags": ["new"], "device_types": ["Phone"]})) == {1}
    assert index.find(ALL_DEVICES) == {1}


def test_views_that_ask_the_same_are_equal_whatever_the_order() -> None:
    one = parse_view({"tags": ["b", "a"], "state": "up", "search": "Lab"})
    other = parse_view({"search": "lab", "state": "up", "tags": ["a", "b", "a"], "device_ids": None})
    assert (one, hash(one)) == (other, hash(other))
    assert one == View(tags=frozenset({"a", "b"}), state=State.UP, search="lab")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"device_ids": 1}, "device_ids"),
        ({"device_ids": ["1"]}, "device_ids"),
        ({"device_ids": [True]}, "device_ids"),
        ({"device_ids": list(range(10_001))}, "10,000"),
        ({"tags": "lab"}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"tags": ["x" * 201]}, "tags"),
        ({"tags": ["x"] * 101}, "100"),
        ({"device_types": {}}, "device_types"),
        ({"state": "offline"}, "up, down or unknown"),
        ({"state": ["up"]}, "state"),
        ({"search": 5}, "search"),
        ({"search": "x" * 201}, "search"),
    ],
)
def test_what_does_not_fit_is_named(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_view(wanted)
