"""A fleet waits packed, and comes out as it went in."""

from typing import Any

import pytest

from services.network import fleet_packing
from services.network.fleet_packing import PackedDevice, cut_parents_first, pack_device, pack_entry, pack_fields
from services.network.models import DeviceEntry
from services.network.sealing import seal
from tests.network.conftest import NO_KEYS, make

GIVEN: dict[str, Any] = {"host_name": "nas", "tags": ["a"], "driver_options": {"port": 10**40, "x": [None, {}, 1.5]}}


def pack(parent_id: int | None = None) -> PackedDevice:
    return pack_device(seal(make(parent_id=parent_id), NO_KEYS))


def test_an_entry_keeps_what_was_given_and_nothing_else() -> None:
    packed = pack_entry(DeviceEntry.model_validate({**GIVEN, "parent": "switch"}))
    assert (packed.unpack(), packed.parent, packed.has_parent) == (GIVEN, "switch", True)


@pytest.mark.parametrize(("given", "has_parent"), [({}, False), ({"parent": None}, True)])
def test_no_parent_and_none_that_was_named_are_two_things(given: dict[str, Any], has_parent: bool) -> None:
    packed = pack_entry(DeviceEntry.model_validate({**GIVEN, **given}))
    assert (packed.parent, packed.has_parent) == (None, has_parent)


def test_a_device_comes_out_as_it_went_in_but_for_its_parent() -> None:
    sealed = seal(make(tags=["a", "b"], driver_options={"profile": "realistic"}, parent_id=4), NO_KEYS)
    packed = pack_device(sealed)
    assert packed.unpack() == sealed
    assert packed.with_parent(9).unpack().device == sealed.device.model_copy(update={"parent_id": 9})


@pytest.mark.parametrize(
    ("changed", "is_like"),
    [
        ({"driver_options": {"profile": "realistic", "seed": 1}}, True),
        ({"driver_options": {"seed": 1, "profile": "classic"}}, False),
        ({"mac_address": None}, False),
        ({"parent_id": 9}, True),
    ],
)
def test_devices_are_alike_whatever_the_order_of_their_options_and_their_parents(
    changed: dict[str, Any], is_like: bool
) -> None:
    fields = make(driver_options={"seed": 1, "profile": "realistic"}).model_dump()
    assert pack_fields(fields | changed, {}).is_like(pack_fields(fields, {})) is is_like


def test_devices_with_other_secrets_are_not_alike() -> None:
    fields = make().model_dump()
    assert not pack_fields(fields, {"/token": "a"}).is_like(pack_fields(fields, {"/token": "b"}))


def test_no_parent_comes_after_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_packing, "_SLICE_DEVICES", 2)
    devices = {1: pack(3), 2: pack(), 3: pack(5), 4: pack(99), 5: pack()}
    slices = cut_parents_first(devices)
    ordered = [one for some in slices for one in some]
    assert [len(some) for some in slices] == [2, 2, 1]
    assert sorted(ordered) == [1, 2, 3, 4, 5]
    assert ordered.index(5) < ordered.index(3) < ordered.index(1)
