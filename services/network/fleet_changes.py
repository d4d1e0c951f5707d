"""A plan in words: each device that it touches, and each field before and after, without secrets. Pure."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from pydantic import BaseModel

from services.network.changes import Changes
from services.network.fleet_plan import Plan
from services.network.sealing import SealedDevice, Tokens, to_path

_Wire = Mapping[str, Any]
_Name = tuple[str, str | None]
_Names = Mapping[int, _Name]


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


_NAMED = set(NamedDevice.model_fields)


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


def describe_plan(plan: Plan, inventory: Changes, *, dry_run: bool) -> FleetChanges:
    """What the plan does to the inventory of before it."""
    stored = {device["id"]: device for device in inventory.changed}
    before = {one: (wire["host_name"], wire["mac_address"]) for one, wire in stored.items()}
    after = before | {
        one: (packed.host_name, packed.mac_address) for one, packed in chain(plan.created.items(), plan.changed.items())
    }
    changed = []
    for one, packed in plan.changed.items():
        changes = [*_compare(stored[one], packed.unpack(), inventory.tokens.get(one, {}), before, after)]
        name, address = after[one]
        changed.append(ChangedDevice(id=one, host_name=name, mac_address=address, changes=changes))
    created = [_name(None if one < 0 else one, after[one]) for one in plan.created]
    removed = [_name(one, before[one]) for one in plan.removed]
    return FleetChanges(dry_run=dry_run, created=created, changed=changed, removed=removed, unchanged=plan.unchanged)


def _name(device_id: int | None, name: _Name) -> NamedDevice:
    # Its names were checked, and the set of its fields is the same for all: of 100,000 each would take 70 MiB.
    return NamedDevice.model_construct(_NAMED, id=device_id, host_name=name[0], mac_address=name[1])


def _compare(
    stored: _Wire, sealed: SealedDevice, stored_tokens: Tokens, before: _Names, after: _Names
) -> Iterator[FieldChange]:
    fields = sealed.device.model_dump()
    for name, value in fields.items():
        if name == "driver_options":
            other_secrets = {
                to_path(pointer)[0]
                for pointer in {*stored_tokens, *sealed.tokens}
                if stored_tokens.get(pointer) != sealed.tokens.get(pointer)
            }
            yield from _compare_options(stored[name], value, other_secrets)
        elif name == "parent_id" and value != stored[name]:
            yield _compare_parents(before.get(stored[name]), after.get(value))
        elif value != stored[name]:
            yield FieldChange(field=name, before=stored[name], after=value)


def _compare_options(before: _Wire, after: _Wire, other_secrets: set[str]) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name) or (name in before) != (name in after) or name in other_secrets:
            yield FieldChange(field=f"driver_options.{name}", before=before.get(name), after=after.get(name))


def _compare_parents(before: _Name | None, after: _Name | None) -> FieldChange:
    """By host name, or by MAC address where both have the same one."""
    index = 1 if before and after and before[0] == after[0] else 0
    return FieldChange(field="parent", before=before and before[index], after=after and after[index])
