from typing import Any

from dashnet.fleet.entries import FIELDS
from dashnet.fleet.export import to_fleet, without_secrets
from tests.factories import make_device

MASK = "*" * 10


def wire(device_id: int, name: str, parent_id: int | None = None, **fields: Any) -> dict[str, Any]:
    usual = {"id": device_id, "driver": "simulated", "driver_options": {}, "tags": [], "parent_id": parent_id}
    return make_device(host_name=name, **usual | fields)


def test_devices_come_by_name_and_their_parents_by_name() -> None:
    fleet = to_fleet([wire(9, "b", 3), wire(3, "c"), wire(5, "a", 9)])
    assert [(device["host_name"], device["parent"]) for device in fleet] == [("a", "b"), ("b", "c"), ("c", None)]
    assert all(tuple(device) == FIELDS for device in fleet)


def test_a_parent_whose_name_would_not_be_clear_comes_by_its_address() -> None:
    twins = [wire(1, "twin"), wire(2, "twin"), wire(3, "leaf", 2)]
    assert to_fleet(twins)[0]["parent"] == twins[1]["mac_address"]
    posing = [wire(1, "0200.5e00.5301"), wire(2, "other", mac_address="02:00:5E:00:53:01"), wire(3, "a", 1)]
    assert to_fleet(posing)[1]["parent"] == posing[0]["mac_address"]


def test_secrets_are_left_out_and_nothing_else() -> None:
    options = {
        "url": "u",
        "token": MASK,
        "headers": {"A": MASK},
        "login": {"user": "me", "password": MASK},
        "n": [MASK],
    }
    assert without_secrets(options) == {"url": "u", "headers": {}, "login": {"user": "me"}, "n": [MASK]}
