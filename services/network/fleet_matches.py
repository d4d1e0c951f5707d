"""Which device of the inventory each entry of a fleet is: by MAC address, else by host name. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from dashnet.errors import Conflict, FieldError, InvalidInput
from services.network.addresses import normalize_mac_address
from services.network.fleet_packing import PackedDevice, PackedEntry

_Stored = Mapping[int, PackedDevice]
_Member = tuple[int, PackedDevice]


def match_entries(entries: Sequence[PackedEntry], stored: _Stored) -> Sequence[int]:
    """The id of each entry's device; one that is not there gets a negative number of its own.

    An entry is the device of its MAC address. One whose MAC address no device has, or that has none, is the device of
    its host name; where several have that name, the one at its IP address.

    Raises:
        Conflict: two entries are one device; names each.
        InvalidInput: several devices might be meant; names each entry.
    """
    _check_repeated(entries)
    found = _match_mac_addresses(entries, stored)
    by_name = _group_by_name(entries, stored, found)
    doubtful = {index: name for index, name in _name_unknown(entries, found) if name in by_name} if by_name else {}
    for is_close in (_is_at_address, _has_no_other):
        for index, name in doubtful.items():
            entry = entries[index]
            alike = [] if found[index] else [one for one in by_name[name] if _may_be(entry, one)]
            close = [one for one in alike if is_close(entry, one)]
            if len(close) == 1:
                found[index] = close[0][0]
                by_name[name].remove(close[0])
    _check_clear(entries, {index: name for index, name in doubtful.items() if found[index] is None}, by_name)
    return [-1 - index if one is None else one for index, one in enumerate(found)]


def _match_mac_addresses(entries: Sequence[PackedEntry], stored: _Stored) -> list[int | None]:
    by_mac = {_normalize(device.mac_address): one for one, device in stored.items() if device.mac_address}
    return [by_mac.get(entry.mac_address) if entry.mac_address is not None else None for entry in entries]


def _name_unknown(entries: Sequence[PackedEntry], found: Sequence[int | None]) -> Iterator[tuple[int, str]]:
    return ((index, entries[index].host_name) for index, one in enumerate(found) if one is None)


def _group_by_name(
    entries: Sequence[PackedEntry], stored: _Stored, found: Sequence[int | None]
) -> Mapping[str, list[_Member]]:
    """The devices that no entry was found to be, of those names that such entries have."""
    by_name: dict[str, list[_Member]] = {}
    names = {name for _, name in _name_unknown(entries, found)} if stored else set()
    taken = set(found) if names else set()
    for one, device in stored.items():
        if names and one not in taken and (name := device.host_name) in names:
            by_name.setdefault(name, []).append((one, device))
    return by_name


def _may_be(entry: PackedEntry, member: _Member) -> bool:
    """Whether an entry may be this device of its name: a MAC address is not given up for another."""
    return entry.mac_address is None or member[1].mac_address is None


def _is_at_address(entry: PackedEntry, member: _Member) -> bool:
    return entry.ip_address == member[1].ip_address


def _has_no_other(_entry: PackedEntry, _member: _Member) -> bool:
    return True


def _normalize(mac_address: str) -> str:
    """As the entries have it, also where an earlier version took another notation as it was."""
    try:
        normal = normalize_mac_address(mac_address)
    except ValueError:
        return mac_address
    # Nearly all are: a hundred thousand copies would take 8 MiB.
    return mac_address if normal == mac_address else normal


def _check_repeated(entries: Sequence[PackedEntry]) -> None:
    owners: dict[str | tuple[str, str], int] = {}
    errors = []
    for index, entry in enumerate(entries):
        mac_address = entry.mac_address
        key = mac_address if mac_address is not None else (entry.host_name, entry.ip_address)
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
    entries: Sequence[PackedEntry], unknown: Mapping[int, str], by_name: Mapping[str, Sequence[_Member]]
) -> None:
    errors = []
    for index, name in unknown.items():
        entry = entries[index]
        count = len([one for one in by_name[name] if _may_be(entry, one)])
        if count > 1 and entry.mac_address is None:
            detail = f"{count} devices have the host name {name!r}: name a MAC address"
            errors.append(FieldError(f"[{index}].host_name", detail))
    if errors:
        raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)
