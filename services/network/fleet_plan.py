"""What must change in the inventory so that it holds a fleet: a plan, made without touching anything. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from dashnet.errors import FieldError, InvalidInput
from dashnet.problems import invalid_input
from services.network.changes import Changes
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


def plan_fleet(entries: Sequence[PackedEntry], inventory: Changes, mode: Mode, keys: SecretKeys) -> Plan:
    """The plan that brings the whole inventory to the fleet.

    Raises:
        InvalidInput: entries are not valid devices, or not clearly one device, or their parents are not there or make
            a circle; names each.
        Conflict: two entries are one device; names each.
        ServiceUnavailable: there is a secret to encrypt and no key.
    """
    ids = match_entries(entries, inventory.changed)
    planner = _Planner(entries, ids, {device["id"]: device for device in inventory.changed}, inventory.tokens, mode)
    fleet = dict(zip(ids, planner.complete(keys), strict=True))
    outside = [one for one in planner.stored if one not in fleet]
    parent_ids = planner.find_parents(list(fleet.values()), outside)
    fleet = {one: device.with_parent(parent_ids.get(one)) for one, device in fleet.items()}
    created = {one: device for one, device in fleet.items() if one < 0}
    changed = {one: device for one, device in fleet.items() if one > 0 and not planner.is_stored(one, device)}
    unchanged = len(fleet) - len(created) - len(changed)
    return Plan(created, changed, outside if mode.prune else [], unchanged)


@dataclass(frozen=True, slots=True)
class _Planner:
    """The entries with the ids that they have or, negative, will have, and all that is stored."""

    entries: Sequence[PackedEntry]
    ids: Sequence[int]
    stored: Mapping[int, _Wire]
    tokens: Mapping[int, Tokens]
    mode: Mode

    def complete(self, keys: SecretKeys) -> Sequence[PackedDevice]:
        """Each entry as a whole device, its parent aside."""
        devices = []
        faults: list[Any] = []
        moved: list[FieldError] = []
        for index, (entry, one) in enumerate(zip(self.entries, self.ids, strict=True)):
            fields = self._merge(entry, self.stored.get(one))
            tokens = self._tokens_for(one, fields.get("driver", _DEFAULT_DRIVER))
            kept: Tokens = {}
            try:
                if tokens:
                    options = fields.get("driver_options", {})
                    fields["driver_options"], kept = fill_in_kept(self.stored[one]["driver"], options, tokens, keys)
                device = DeviceCreate.model_validate(fields)
                if kept:
                    check_destination(self.stored[one], device, kept)
                devices.append(pack_device(seal(device, keys, keep_equal(device, tokens, kept, keys))))
            except ValidationError as error:
                parts = error.errors(include_url=False, include_input=False)
                faults += [{**part, "loc": ("body", index, *part["loc"])} for part in parts]
            except InvalidInput as error:
                moved += [FieldError(f"[{index}].{part.location}", part.detail) for part in error.errors]
        if faults:
            raise invalid_input(faults)
        if moved:
            raise InvalidInput(f"{moved[0].location}: {moved[0].detail}", moved)
        return devices

    def _merge(self, entry: PackedEntry, stored: _Wire | None) -> _Wire:
        given = entry.unpack()
        if stored is None:
            return {"driver": self.mode.new_driver} | given
        if not self.mode.keep:
            return given
        kept = {name: value for name, value in stored.items() if name not in ("id", "parent_id")}
        if given.get("driver", stored["driver"]) != stored["driver"]:
            del kept["driver_options"]
        return kept | given

    def _tokens_for(self, device_id: int, driver: str) -> Tokens:
        """The stored secrets that a device of this driver may keep."""
        is_same = device_id in self.stored and self.stored[device_id]["driver"] == driver and driver in OPTIONS
        return self.tokens.get(device_id, {}) if is_same else {}

    def is_stored(self, device_id: int, packed: PackedDevice) -> bool:
        """Whether the inventory has the device as it shall be."""
        sealed = packed.unpack()
        fields = {"id": device_id, **sealed.device.model_dump()}
        return fields == self.stored[device_id] and sealed.tokens == self.tokens.get(device_id, {})

    def find_parents(self, devices: Sequence[PackedDevice], outside: Sequence[int]) -> Mapping[int, int]:
        """The parents of those devices of the fleet that have one.

        Raises:
            InvalidInput: one is not there, or lies behind its own child.
        """
        others = [] if self.mode.prune else outside
        parents = self._list_parents(devices, others)
        found: dict[int, int] = {}
        errors = []
        for index, (entry, one) in enumerate(zip(self.entries, self.ids, strict=True)):
            try:
                if parent_id := self._find_parent(entry, one, parents):
                    found[one] = parent_id
            except ValueError as error:
                errors.append(FieldError(f"[{index}].parent", str(error)))
        # Kept from the inventory, it may be one that goes.
        known = {*self.ids, *others}
        there = {one: parent_id for one, parent_id in found.items() if parent_id in known}
        errors += self._describe_circles({one: self.stored[one]["parent_id"] for one in others} | there, devices)
        if errors:
            raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)
        return there

    def _list_parents(self, devices: Sequence[PackedDevice], others: Sequence[int]) -> Parents:
        """Those devices that an entry may mean by the parent that it names."""
        asked = {entry.parent for entry in self.entries if entry.parent is not None}
        wanted = asked | {address for name in asked if (address := to_mac_address(name)) is not None}
        pairs = zip(self.ids, devices, strict=True)
        fleet = (Member(one, device.host_name, device.mac_address) for one, device in pairs)
        rest = (self._member(one) for one in others)
        return Parents(
            *([one for one in some if one.host_name in wanted or one.mac_address in wanted] for some in (fleet, rest))
        )

    def _member(self, device_id: int) -> Member:
        return Member(device_id, self.stored[device_id]["host_name"], self.stored[device_id]["mac_address"])

    def _find_parent(self, entry: PackedEntry, device_id: int, parents: Parents) -> int | None:
        if entry.parent is not None:
            return parents.find(entry.parent)
        if entry.has_parent or not self.mode.keep or device_id not in self.stored:
            return None
        parent_id: int | None = self.stored[device_id]["parent_id"]
        return parent_id

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
