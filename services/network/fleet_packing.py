"""Entries of a fleet, and what becomes of them, packed: 100,000 wait so at a tenth of what models take. Pure."""

import marshal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from services.network.models import DeviceCreate, DeviceEntry
from services.network.sealing import SealedDevice, Tokens

# So many are models again at once.
_SLICE_DEVICES = 2_000
# These are looked at in all devices, the packed ones in few.
_UNPACKED = ("mac_address", "parent", "parent_id")
_PACKED = tuple(name for name in DeviceCreate.model_fields if name not in _UNPACKED)
_PACKED_OF_ENTRIES = tuple(name for name in DeviceEntry.model_fields if name not in _UNPACKED)
# Equal values make equal bytes in this version: it has no references.
_PLAIN_MARSHAL = 2
# One for all: a mapping of each device's own takes as much as its name.
_NO_TOKENS: Tokens = {}


@dataclass(frozen=True, slots=True)
class PackedEntry:
    """An entry; `parent` is null where it names none."""

    mac_address: str | None
    parent: str | None
    _names: tuple[str, ...]
    _values: bytes

    @property
    def has_parent(self) -> bool:
        """Whether it names a parent, or null for one."""
        return "parent" in self._names

    @property
    def host_name(self) -> str:
        """Empty where it is not given."""
        return str(self.unpack().get("host_name", ""))

    @property
    def ip_address(self) -> str:
        """Empty where it is not given."""
        return str(self.unpack().get("ip_address", ""))

    def unpack(self) -> dict[str, Any]:
        """Return the fields that were given, its parent aside."""
        names = (name for name in self._names if name not in _UNPACKED)
        fields: dict[str, Any] = dict(zip(names, marshal.loads(self._values), strict=True))
        return fields | {"mac_address": self.mac_address} if "mac_address" in self._names else fields


def pack_entry(entry: DeviceEntry) -> PackedEntry:
    """Pack an entry that was checked by itself."""
    given = entry.model_dump(exclude_unset=True)
    # Not as JSON: it has no place for a whole number of a hundred digits, which a driver must be able to refuse.
    values = marshal.dumps(tuple(given[name] for name in _PACKED_OF_ENTRIES if name in given))
    return PackedEntry(entry.mac_address, entry.parent, _share_names(tuple(given)), values)


@cache
def _share_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for all entries that give the same fields."""
    return names


@dataclass(frozen=True, slots=True)
class PackedDevice:
    """A sealed device; `parent_id` is the one that counts."""

    mac_address: str | None
    parent_id: int | None
    tokens: Tokens
    _values: bytes

    @property
    def host_name(self) -> str:
        """Its name; unpacks the device."""
        return str(self.to_fields()["host_name"])

    @property
    def ip_address(self) -> str:
        """Its address; unpacks the device."""
        return str(self.to_fields()["ip_address"])

    def to_fields(self) -> dict[str, Any]:
        """Return the device as it was packed, its parent aside."""
        return {**dict(zip(_PACKED, marshal.loads(self._values), strict=True)), "mac_address": self.mac_address}

    def unpack(self) -> SealedDevice:
        """Return the device as it was packed, with its parent of now."""
        return SealedDevice(DeviceCreate.model_construct(**self.to_fields(), parent_id=self.parent_id), self.tokens)

    def with_parent(self, parent_id: int | None) -> "PackedDevice":
        """Return the same device behind another parent."""
        return self if parent_id == self.parent_id else replace(self, parent_id=parent_id)

    def is_like(self, other: "PackedDevice") -> bool:
        """Whether both are the same but for their parents."""
        if (self.mac_address, self.tokens) != (other.mac_address, other.tokens):
            return False
        # Options in another order are the same too.
        return self._values == other._values or self.to_fields() == other.to_fields()


def pack_device(sealed: SealedDevice) -> PackedDevice:
    """Pack a valid device; its secrets are sealed, so that all of it is plain."""
    return pack_fields(sealed.device.model_dump(), sealed.tokens)


def pack_fields(device: Mapping[str, Any], tokens: Tokens) -> PackedDevice:
    """Pack the fields of a device as it is stored; others, such as its id, are left out."""
    values = marshal.dumps(tuple(device[name] for name in _PACKED), _PLAIN_MARSHAL)
    return PackedDevice(device["mac_address"], device["parent_id"], tokens or _NO_TOKENS, values)


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
