"""Which stored device an entry is."""

import pytest

from dashnet.errors import Conflict, InvalidInput
from services.network.fleet_matches import match_entries
from services.network.fleet_packing import PackedDevice, PackedEntry, pack_entry, pack_fields
from services.network.models import DeviceEntry
from tests.network.conftest import make

MAC = "02:00:00:00:00:01"
Stored = tuple[int, PackedDevice]


def entry(name: str = "", mac_address: str | None = None, ip_address: str = "10.0.0.9") -> PackedEntry:
    given = {"host_name": name, "mac_address": mac_address, "ip_address": ip_address}
    return pack_entry(DeviceEntry.model_validate({field: value for field, value in given.items() if value}))


def stored(number: int, name: str, mac_address: str | None = None, ip_address: str = "10.0.0.1") -> Stored:
    # As an earlier version may have stored it.
    fields = make().model_dump() | {"host_name": name, "mac_address": mac_address, "ip_address": ip_address}
    return number, pack_fields(fields, {})


@pytest.mark.parametrize(
    ("one", "inventory", "found"),
    [
        (entry("new name", MAC), [stored(7, "nas", MAC)], 7),
        (entry("nas"), [stored(7, "nas", MAC)], 7),
        (entry("nas"), [stored(7, "nas")], 7),
        (entry("nas", MAC), [stored(7, "nas")], 7),
        (entry("nas", MAC), [stored(7, "nas", "02:00:00:00:00:02")], -1),
        (entry("nas"), [stored(7, "other")], -1),
        (entry("nas", ip_address="10.0.0.2"), [stored(7, "nas"), stored(8, "nas", ip_address="10.0.0.2")], 8),
        (entry("nas", "02:00:00:00:00:01"), [stored(7, "old", "2:0:0:0:0:1")], 7),
        (entry("", MAC), [stored(7, "nas")], -1),
    ],
)
def test_a_device_is_known_by_its_mac_address_else_by_its_name(
    one: PackedEntry, inventory: list[Stored], found: int
) -> None:
    assert list(match_entries([one], dict(inventory))) == [found]


def test_a_device_that_is_known_by_its_mac_address_is_no_other_entrys() -> None:
    assert list(match_entries([entry("nas"), entry("nas", MAC)], dict([stored(7, "nas", MAC)]))) == [-1, 7]


def test_of_two_of_one_name_each_is_found_by_its_address_and_a_third_is_new() -> None:
    inventory = [stored(7, "nas", ip_address="10.0.0.1"), stored(8, "nas", ip_address="10.0.0.2")]
    entries = [entry("nas", ip_address=f"10.0.0.{number}") for number in (3, 2, 1)]
    assert list(match_entries(entries, dict(inventory))) == [-1, 8, 7]


def test_an_entry_that_might_be_several_devices_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"\[0\].host_name: 2 devices have the host name 'nas': name a MAC address"):
        match_entries([entry("nas")], dict([stored(7, "nas"), stored(8, "nas")]))


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (
            [entry("a", MAC), entry("b", MAC)],
            r"^\[1\].mac_address: 02:00:00:00:00:01 is that of item \[0\] of this list",
        ),
        (
            [entry("a"), entry("a")],
            r"^\[1\].host_name: a is that of item \[0\] of this list, and neither has a MAC addr",
        ),
    ],
)
def test_two_entries_of_one_device_are_refused(entries: list[PackedEntry], told: str) -> None:
    with pytest.raises(Conflict, match=told):
        match_entries(entries, {})
