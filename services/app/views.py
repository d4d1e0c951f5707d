"""What a subscriber of /live wants to see: a query over devices, and an index that answers many queries. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from dashnet.reading import State

LiveDevice = dict[str, Any]  # the wire form of a device on /live: static fields, `state`, `snap_shot`

MOST_DEVICE_IDS = 10_000
# By all different views of a process together; each costs some 80 bytes.
MOST_NAMED_IDS = 500_000
MOST_WORDS = 100
# Their interfaces are unpacked for each view.
MOST_DEVICES_WITH_INTERFACES = 100
LONGEST_WORD = 200
# What a search text is looked for in.
SEARCHED_FIELDS = ("host_name", "device_type", "operating_system", "mac_address", "ip_address")


@dataclass(frozen=True, slots=True)
class View:
    """Devices that fit every field; None asks for nothing. A collection fits where one of its entries does.

    `search` is text, in any case, that is part of a name, type, system, address or tag. `interfaces` is whether the
    interfaces of each are to be seen, of devices that are named by their ids.
    """

    device_ids: frozenset[int] | None = None
    tags: frozenset[str] | None = None
    device_types: frozenset[str] | None = None
    state: State | None = None
    search: str | None = None
    interfaces: bool = False

    @property
    def named_ids(self) -> int:
        """How many ids it names."""
        return len(self.device_ids or ())

    @property
    def has_static_part(self) -> bool:
        """Whether it asks for more than a state."""
        return any(part is not None for part in (self.device_ids, self.tags, self.device_types, self.search))


ALL_DEVICES = View()
VIEW_FIELDS = tuple(field.name for field in fields(View))


def parse_view(wanted: Mapping[str, Any]) -> View:
    """The view that the fields of a `subscribe` message, or of a query, describe; null and absent ask for nothing.

    Raises:
        ValueError: a field does not fit; says which and what it should be.
    """
    device_ids = _parse_ids(wanted.get("device_ids"))
    return View(
        device_ids=device_ids,
        tags=_parse_words("tags", wanted.get("tags")),
        device_types=_parse_words("device_types", wanted.get("device_types")),
        state=_parse_state(wanted.get("state")),
        search=_parse_search(wanted.get("search")),
        interfaces=_parse_interfaces(wanted.get("interfaces"), device_ids),
    )


def _parse_ids(value: object) -> frozenset[int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(one) is int for one in value):
        raise ValueError("device_ids must be a list of whole numbers, or null for all devices")
    if len(value) > MOST_DEVICE_IDS:
        raise ValueError(f"device_ids may name {MOST_DEVICE_IDS:,} devices; take null for all")
    return frozenset(value)


def _parse_words(name: str, value: object) -> frozenset[str] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) and len(one) <= LONGEST_WORD for one in value):
        raise ValueError(f"{name} must be a list of texts of at most {LONGEST_WORD} characters, or null for any")
    if len(value) > MOST_WORDS:
        raise ValueError(f"{name} may name {MOST_WORDS} at the most")
    return frozenset(value)


def _parse_state(value: object) -> State | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in tuple(State):
        raise ValueError("state must be up, down or unknown, or null for any")
    return State(value)


def _parse_search(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        raise ValueError(f"search must be a text of at most {LONGEST_WORD} characters, or null")
    return value.casefold()


def _parse_interfaces(value: object, device_ids: frozenset[int] | None) -> bool:
    if value is None or value is False:
        return False
    if value is not True:
        raise ValueError("interfaces must be true, false or null")
    if device_ids is None or len(device_ids) > MOST_DEVICES_WITH_INTERFACES:
        raise ValueError(f"interfaces takes device_ids with it, {MOST_DEVICES_WITH_INTERFACES} at the most")
    return True


class DeviceIndex:
    """Devices by what views ask for, their state aside."""

    def __init__(self, devices: Iterable[LiveDevice] = ()) -> None:
        self._ids: set[int] = set()
        self._by_tag: dict[str, set[int]] = {}
        self._by_type: dict[str, set[int]] = {}
        self._texts: dict[int, str] = {}
        self._words: dict[int, tuple[str, tuple[str, ...]]] = {}
        for device in devices:
            self.put(device)

    def put(self, device: LiveDevice) -> None:
        """Take in a device, in the place of what it was before."""
        device_id, device_type, tags = device["id"], device["device_type"], tuple(device["tags"])
        self.remove(device_id)
        self._ids.add(device_id)
        self._words[device_id] = (device_type, tags)
        self._by_type.setdefault(device_type, set()).add(device_id)
        for tag in tags:
            self._by_tag.setdefault(tag, set()).add(device_id)
        # A line end is in no field that people type, so a search cannot run over from one field into the next.
        self._texts[device_id] = "\n".join([*(device[name] or "" for name in SEARCHED_FIELDS), *tags]).casefold()

    def remove(self, device_id: int) -> None:
        """Forget a device, if it is there."""
        if device_id not in self._ids:
            return
        self._ids.discard(device_id)
        device_type, tags = self._words.pop(device_id)
        del self._texts[device_id]
        _discard(self._by_type, device_type, device_id)
        for tag in tags:
            _discard(self._by_tag, tag, device_id)

    def find(self, view: View) -> set[int]:
        """The devices that fit the view's fields, whatever their state."""
        found = None if view.device_ids is None else self._ids & view.device_ids
        if view.tags is not None:
            found = _narrow(found, _union(self._by_tag, view.tags))
        if view.device_types is not None:
            found = _narrow(found, _union(self._by_type, view.device_types))
        if view.search is not None:
            text, texts = view.search, self._texts
            candidates: Collection[int] = self._ids if found is None else found
            found = {device_id for device_id in candidates if text in texts[device_id]}
        return set(self._ids) if found is None else found


def _discard(groups: dict[str, set[int]], name: str, device_id: int) -> None:
    group = groups.get(name)
    if group is not None:
        group.discard(device_id)
        if not group:
            del groups[name]


def _union(groups: Mapping[str, set[int]], names: Iterable[str]) -> set[int]:
    return set().union(*(groups.get(name, ()) for name in names))


def _narrow(found: set[int] | None, more: set[int]) -> set[int]:
    return more if found is None else found & more
