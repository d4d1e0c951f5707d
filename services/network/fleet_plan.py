"""What must change in the inventory so that it holds a fleet: a plan, made without touching anything. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from dashnet.errors import FieldError, InvalidInput
from dashnet.problems import SHOWN_ERRORS, invalid_input
from services.network.drivers import OPTIONS
from services.network.fleet_matches import match_entries
from services.network.fleet_packing import PackedDevice, PackedEntry, pack_device
from services.network.fleet_parents import Member, Parents, find_circles, to_mac_address
from services.network.models import DeviceCreate
from services.network.sealing import Tokens, check_destination, fill_in_kept, keep_equal, seal
from services.network.secret_keys import SecretKeys

_DEFAULT_DRIVER = str(DeviceCreate.model_fields["driver"].default)
_Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mode:
    """`prune`: devices that the fleet does not have go. `keep`: a field that is left out stays as it is stored.

    `new_driver` is that of new devices that name none.
    """

    prune: bool
    keep: bool
    new_driver: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Devices to add, change and remove by id; those to add have negative ids, also where they are a parent."""

    created: Mapping[int, PackedDevice]
    changed: Mapping[int, PackedDevice]
    removed: Sequence[int]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether the inventory is as it shall be."""
        return not (self.created or self.changed or self.removed)

    def with_ids(self, ids: Sequence[int]) -> "Plan":
        """The plan with true ids for the devices to add."""
        true_ids = dict(zip(self.created, ids, strict=True))
        created = {true_ids[one]: _with_true_parent(device, true_ids) for one, device in self.created.items()}
        changed = {one: _with_true_parent(device, true_ids) for one, device in self.changed.items()}
        return replace(self, created=created, changed=changed)


def _with_true_parent(device: PackedDevice, true_ids: Mapping[int, int]) -> PackedDevice:
    parent_id = device.parent_id
    return device if parent_id is None or parent_id > 0 else device.with_parent(true_ids[parent_id])


def plan_fleet(entries: list[PackedEntry], stored: Mapping[int, PackedDevice], mode: Mode, keys: SecretKeys) -> Plan:
    """The plan that brings the whole inventory to the fleet.

    The list of entries is empty then: each made room for its device.

    Raises:
        InvalidInput: entries are not valid devices, or not clearly one device, or their parents are not there or make
            a circle; names each.
        Conflict: two entries are one device; names each.
        ServiceUnavailable: there is a secret to encrypt and no key.
    """
    ids = match_entries(entries, stored)
    planner = _Planner([_ask_parent(entry, mode) for entry in entries], ids, stored, mode)
    devices = planner.complete(entries, keys)
    outside = sorted(stored.keys() - ids)
    parent_ids = planner.find_parents(devices, outside)
    placed = [device.with_parent(parent_ids.get(one)) for one, device in zip(ids, devices, strict=True)]
    created = {one: device for one, device in zip(ids, placed, strict=True) if one < 0}
    pairs = zip(ids, placed, strict=True)
    changed = {one: device for one, device in pairs if one > 0 and device is not stored[one]}
    unchanged = len(ids) - len(created) - len(changed)
    return Plan(created, changed, outside if mode.prune else [], unchanged)


def _ask_parent(entry: PackedEntry, mode: Mode) -> str | None:
    """The parent that an entry names; empty where it shall have none, null where it keeps the one that is stored."""
    return entry.parent or ("" if entry.has_parent or not mode.keep else None)


@dataclass(frozen=True, slots=True)
class _Planner:
    """The parents and ids of the entries, the latter negative for new devices, and all that is stored."""

    parents: Sequence[str | None]
    ids: Sequence[int]
    stored: Mapping[int, PackedDevice]
    mode: Mode

    def complete(self, entries: list[PackedEntry], keys: SecretKeys) -> list[PackedDevice]:
        """Each entry as a whole device, its parent aside; one that does not change is that of the inventory."""
        devices: list[PackedDevice] = []
        faults: list[Any] = []
        fault_count = 0
        moved: list[FieldError] = []
        entries.reverse()
        for index, one in enumerate(self.ids):
            try:
                devices.append(self._complete(entries.pop(), self.stored.get(one), keys))
            except ValidationError as error:
                fault_count += error.error_count()
                if len(faults) < SHOWN_ERRORS:
                    parts = error.errors(include_url=False, include_input=False)
                    faults += [{**part, "loc": ("body", index, *part["loc"])} for part in parts]
            except InvalidInput as error:
                moved += [FieldError(f"[{index}].{part.location}", part.detail) for part in error.errors]
        if faults:
            raise invalid_input(faults, fault_count)
        if moved:
            raise InvalidInput(f"{moved[0].location}: {moved[0].detail}", moved)
        return devices

    def _complete(self, entry: PackedEntry, stored: PackedDevice | None, keys: SecretKeys) -> PackedDevice:
        before = {} if stored is None else stored.to_fields()
        fields = self._merge(entry, before)
        tokens: Tokens = {} if stored is None or not _has_same_driver(before, fields) else stored.tokens
        kept: Tokens = {}
        if tokens:
            options = fields.get("driver_options", {})
            fields["driver_options"], kept = fill_in_kept(before["driver"], options, tokens, keys)
        device = DeviceCreate.model_validate(fields)
        check_destination(before, device, kept)
        packed = pack_device(seal(device, keys, keep_equal(device, tokens, kept, keys)))
        return stored if stored is not None and packed.is_like(stored) else packed

    def _merge(self, entry: PackedEntry, before: _Wire) -> _Wire:
        given = entry.unpack()
        if not before:
            return {"driver": self.mode.new_driver} | given
        if not self.mode.keep:
            return given
        if given.get("driver", before["driver"]) != before["driver"]:
            before = {name: value for name, value in before.items() if name != "driver_options"}
        return before | given

    def find_parents(self, devices: Sequence[PackedDevice], outside: Sequence[int]) -> Mapping[int, int]:
        """The parents of those devices of the fleet that have one.

        Raises:
            InvalidInput: one is not there, or lies behind its own child.
        """
        others = [] if self.mode.prune else outside
        parents = self._list_parents(devices, others)
        found: dict[int, int] = {}
        errors = []
        for index, (name, one) in enumerate(zip(self.parents, self.ids, strict=True)):
            try:
                if parent_id := self._find_parent(name, one, parents):
                    found[one] = parent_id
            except ValueError as error:
                errors.append(FieldError(f"[{index}].parent", str(error)))
        # Kept from the inventory, it may be one that goes.
        known = {*self.ids, *others}
        there = {one: parent_id for one, parent_id in found.items() if parent_id in known}
        errors += self._describe_circles({one: self.stored[one].parent_id for one in others} | there, devices)
        if errors:
            raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)
        return there

    def _list_parents(self, devices: Sequence[PackedDevice], others: Sequence[int]) -> Parents:
        """Those devices that an entry may mean by the parent that it names."""
        asked = {name for name in self.parents if name}
        wanted = asked | {address for name in asked if (address := to_mac_address(name)) is not None}
        pairs = zip(self.ids, devices, strict=True)
        fleet = (Member(one, device.host_name, device.mac_address) for one, device in pairs)
        rest = (self._member(one) for one in others)
        return Parents(
            *([one for one in some if one.host_name in wanted or one.mac_address in wanted] for some in (fleet, rest))
        )

    def _member(self, device_id: int) -> Member:
        device = self.stored[device_id]
        return Member(device_id, device.host_name, device.mac_address)

    def _find_parent(self, name: str | None, device_id: int, parents: Parents) -> int | None:
        if name:
            return parents.find(name)
        return self.stored[device_id].parent_id if name is None and device_id in self.stored else None

    def _describe_circles(
        self, every: Mapping[int, int | None], devices: Sequence[PackedDevice]
    ) -> Sequence[FieldError]:
        circles = [*find_circles({one: parent_id for one, parent_id in every.items() if parent_id is not None})]
        indexes = {one: index for index, one in enumerate(self.ids)} if circles else {}
        errors = []
        for circle in circles:
            index = next(indexes[one] for one in circle if one in indexes)
            names = [
                devices[indexes[one]].host_name if one in indexes else self._member(one).host_name
                for one in (*circle[:5], circle[0])
            ]
            line = " behind ".join(map(repr, names))
            errors.append(FieldError(f"[{index}].parent", f"that would make a circle: {line}"))
        return errors


def _has_same_driver(before: _Wire, fields: _Wire) -> bool:
    """Whether a device keeps its driver, and with it may keep its secrets."""
    driver = before["driver"]
    return fields.get("driver", _DEFAULT_DRIVER) == driver and driver in OPTIONS
