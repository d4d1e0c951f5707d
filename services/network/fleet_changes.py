"""A plan in words: each device that it touches, and each field before and after, without secrets. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from services.network.fleet_packing import PackedDevice
from services.network.fleet_plan import Plan
from services.network.sealing import to_path

# So many are models at once: 100,000 would take 30 MiB, and three times that with their changes.
_SLICE_DEVICES = 1_000
_Wire = Mapping[str, Any]
_Packed = Mapping[int, PackedDevice]


class FieldChange(BaseModel):
    """A field before and after; where both show the same mask the secret behind it is another."""

    field: str
    before: Any
    after: Any


class NamedDevice(BaseModel):
    """Which device; `id` is null for one that a dry run would add."""

    id: int | None
    host_name: str
    mac_address: str | None


class ChangedDevice(NamedDevice):
    """A device under its new name, and what changes."""

    changes: list[FieldChange]


class FleetChanges(BaseModel):
    """What a fleet changed in the inventory, or in a dry run would change."""

    dry_run: bool
    created: list[NamedDevice]
    changed: list[ChangedDevice]
    removed: list[NamedDevice]
    unchanged: int


_NAMED_DEVICES = TypeAdapter(list[NamedDevice])
_CHANGED_DEVICES = TypeAdapter(list[ChangedDevice])
_Described = TypeVar("_Described", NamedDevice, ChangedDevice)


def encode_changes(plan: Plan, stored: _Packed, *, dry_run: bool) -> bytes:
    """Encode what the plan does to the inventory of before it as the JSON of `FleetChanges`."""
    after = (plan.created, plan.changed, stored)
    created = (_name(None if one < 0 else one, device) for one, device in plan.created.items())
    changed = (_describe(one, device, stored, after) for one, device in plan.changed.items())
    removed = (_name(one, stored[one]) for one in plan.removed)
    pieces = (
        [b'{"dry_run":%s,"created":[' % (b"true" if dry_run else b"false")],
        _encode(_NAMED_DEVICES, created),
        [b'],"changed":['],
        _encode(_CHANGED_DEVICES, changed),
        [b'],"removed":['],
        _encode(_NAMED_DEVICES, removed),
        [b'],"unchanged":%d}' % plan.unchanged],
    )
    return b"".join(chain.from_iterable(pieces))


def _encode(adapter: TypeAdapter[list[_Described]], devices: Iterator[_Described]) -> Iterator[bytes]:
    """The items of a JSON array in pieces; a few of them are models at once."""
    comma = b""
    while some := list(islice(devices, _SLICE_DEVICES)):
        yield comma
        yield adapter.dump_json(some)[1:-1]
        comma = b","


def _name(device_id: int | None, device: PackedDevice) -> NamedDevice:
    return NamedDevice(id=device_id, host_name=device.host_name, mac_address=device.mac_address)


def _describe(device_id: int, device: PackedDevice, stored: _Packed, after: Sequence[_Packed]) -> ChangedDevice:
    before = stored[device_id]
    changes = [*_compare(before, device)]
    if before.parent_id != device.parent_id:
        changes.append(_compare_parents(_find(before.parent_id, [stored]), _find(device.parent_id, after)))
    return ChangedDevice(id=device_id, host_name=device.host_name, mac_address=device.mac_address, changes=changes)


def _find(device_id: int | None, places: Sequence[_Packed]) -> PackedDevice | None:
    return next((devices[device_id] for devices in places if device_id in devices), None) if device_id else None


def _compare(before: PackedDevice, after: PackedDevice) -> Iterator[FieldChange]:
    """All but their parents."""
    fields = before.to_fields()
    for name, value in after.unpack().device.model_dump(exclude={"parent_id"}).items():
        if name == "driver_options":
            pointers = {*before.tokens, *after.tokens}
            other = {to_path(one)[0] for one in pointers if before.tokens.get(one) != after.tokens.get(one)}
            yield from _compare_options(fields[name], value, other)
        elif value != fields[name]:
            yield FieldChange(field=name, before=fields[name], after=value)


def _compare_options(before: _Wire, after: _Wire, other_secrets: set[str]) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name) or (name in before) != (name in after) or name in other_secrets:
            yield FieldChange(field=f"driver_options.{name}", before=before.get(name), after=after.get(name))


def _compare_parents(before: PackedDevice | None, after: PackedDevice | None) -> FieldChange:
    """By host name, or by MAC address where both have the same one."""
    is_alike = before is not None and after is not None and before.host_name == after.host_name
    old, new = (one and (one.mac_address if is_alike else one.host_name) for one in (before, after))
    return FieldChange(field="parent", before=old, after=new)
