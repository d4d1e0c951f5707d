"""Which device of the inventory each entry of a fleet is: by MAC address, else by host name. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from dashnet.errors import Conflict, FieldError, InvalidInput
from services.network.addresses import normalize_mac_address
from services.network.fleet_packing import PackedEntry

_Wire = Mapping[str, Any]


def match_entries(entries: Sequence[PackedEntry], stored: Sequence[_Wire]) -> Sequence[int]:
    """The id of each entry's device; one that is not there gets a negative number of its own.

    An entry is the device of its MAC address. One whose MAC address no device has, or that has none, is the device of
    its host name; where several have that name, the one at its IP address.

    Raises:
        Conflict: two entries are one device; names each.
        InvalidInput: several devices might be meant; names each entry.
    """
    _check_repeated(entries)
    by_mac = {_normalize(one["mac_address"]): one["id"] for one in stored if one["mac_address"]}
    found = {index: by_mac[one.mac_address] for index, one in enumerate(entries) if one.mac_address in by_mac}
    taken = set(found.values())
    by_name: dict[str, list[_Wire]] = defaultdict(list)
    for device in stored:
        if device["id"] not in taken:
            by_name[device["host_name"]].append(device)
    unknown = [index for index in range(len(entries)) if index not in found]
    for is_close in (_is_at_address, _has_no_other):
        for index in unknown:
            entry = entries[index]
            alike = [] if index in found else [one for one in by_name.get(entry.host_name, ()) if _may_be(entry, one)]
            close = [one for one in alike if is_close(entry, one)]
            if len(close) == 1:
                found[index] = close[0]["id"]
                by_name[entry.host_name].remove(close[0])
    _check_clear(entries, [index for index in unknown if index not in found], by_name)
    return [found.get(index, -1 - index) for index in range(len(entries))]


def _may_be(entry: PackedEntry, device: _Wire) -> bool:
    """Whether an entry may be this device of its name: a MAC address is not given up for another."""
    return entry.mac_address is None or device["mac_address"] is None


def _is_at_address(entry: PackedEntry, device: _Wire) -> bool:
    return bool(entry.ip_address == device["ip_address"])


def _has_no_other(_entry: PackedEntry, _device: _Wire) -> bool:
    return True


def _normalize(mac_address: str) -> str:
    """As the entries have it, also where an earlier version took another notation as it was."""
    try:
        return normalize_mac_address(mac_address)
    except ValueError:
        return mac_address


def _check_repeated(entries: Sequence[PackedEntry]) -> None:
    owners: dict[tuple[str, str], int] = {}
    errors = []
    for index, entry in enumerate(entries):
        mac_address = entry.mac_address
        key = ("", mac_address) if mac_address is not None else (entry.host_name, entry.ip_address)
        owner = owners.setdefault(key, index)
        if owner != index and mac_address is not None:
            detail = f"{mac_address} is that of item [{owner}] of this list"
            errors.append(FieldError(f"[{index}].mac_address", detail))
        elif owner != index:
            detail = f"{entry.host_name} is that of item [{owner}] of this list, and neither has a MAC address"
            errors.append(FieldError(f"[{index}].host_name", detail))
    if errors:
        raise Conflict(f"{errors[0].location}: {errors[0].detail}; nothing was changed", errors)


def _check_clear(
    entries: Sequence[PackedEntry], unknown: Sequence[int], by_name: Mapping[str, Sequence[_Wire]]
) -> None:
    errors = []
    for index in unknown:
        entry = entries[index]
        count = len([one for one in by_name.get(entry.host_name, ()) if _may_be(entry, one)])
        if count > 1 and entry.mac_address is None:
            detail = f"{count} devices have the host name {entry.host_name!r}: name a MAC address"
            errors.append(FieldError(f"[{index}].host_name", detail))
    if errors:
        raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)
