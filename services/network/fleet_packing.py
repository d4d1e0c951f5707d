"""Entries of a fleet, and what becomes of them, packed: 100,000 wait so at a sixth of what models take. Pure."""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.network.models import DeviceCreate, DeviceEntry
from services.network.sealing import SealedDevice, Tokens

# So many are models again at once.
_SLICE_DEVICES = 2_000


@dataclass(frozen=True, slots=True)
class PackedEntry:
    """An entry with what it is known by; `has_parent` says whether it names a parent, or null for one."""

    host_name: str
    mac_address: str | None
    ip_address: str
    parent: str | None
    has_parent: bool
    _given: bytes

    def unpack(self) -> dict[str, Any]:
        """Return the fields that were given, its parent aside."""
        fields: dict[str, Any] = marshal.loads(self._given)
        return fields


def pack_entry(entry: DeviceEntry) -> PackedEntry:
    """Pack an entry that was checked by itself."""
    # Not as JSON: it has no place for a whole number of a hundred digits, which a driver must be able to refuse.
    given = marshal.dumps(entry.model_dump(exclude_unset=True, exclude={"parent"}))
    names = entry.host_name, entry.mac_address, entry.ip_address, entry.parent
    return PackedEntry(*names, "parent" in entry.model_fields_set, given)


@dataclass(frozen=True, slots=True)
class PackedDevice:
    """A sealed device; `parent_id` is the one that counts."""

    host_name: str
    mac_address: str | None
    parent_id: int | None
    tokens: Tokens
    _fields: bytes

    def unpack(self) -> SealedDevice:
        """Return the device as it was packed, with its parent of now."""
        fields = marshal.loads(self._fields)
        return SealedDevice(DeviceCreate.model_construct(**fields, parent_id=self.parent_id), self.tokens)

    def with_parent(self, parent_id: int | None) -> "PackedDevice":
        """Return the same device behind another parent."""
        return self if parent_id == self.parent_id else replace(self, parent_id=parent_id)


def pack_device(sealed: SealedDevice) -> PackedDevice:
    """Pack a valid device; its secrets are sealed, so that all of it is plain."""
    device = sealed.device
    fields = marshal.dumps(device.model_dump(exclude={"parent_id"}))
    return PackedDevice(device.host_name, device.mac_address, device.parent_id, sealed.tokens, fields)


def cut_parents_first(devices: Mapping[int, PackedDevice]) -> Sequence[Sequence[int]]:
    """Cut ids into slices of devices, so that no parent comes after its children."""
    depths: dict[int, int] = {}
    for one in devices:
        line = []
        current: int | None = one
        while current is not None and current in devices and current not in depths:
            line.append(current)
            current = devices[current].parent_id
        above = -1 if current is None else depths.get(current, -1)
        for depth, member in enumerate(reversed(line), above + 1):
            depths[member] = depth
    ordered = sorted(devices, key=depths.__getitem__)
    return [ordered[begin : begin + _SLICE_DEVICES] for begin in range(0, len(ordered), _SLICE_DEVICES)]
