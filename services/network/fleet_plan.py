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
from services.network.fleet_parents import Member, Parents, find_circles
from services.network.models import DeviceCreate, DeviceEntry
from services.network.sealing import SealedDevice, Tokens, check_destination, fill_in_kept, keep_equal, seal
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

    created: Mapping[int, SealedDevice]
    changed: Mapping[int, SealedDevice]
    removed: Sequence[int]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether the inventory is as it shall be."""
        return not (self.created or self.changed or self.removed)

    def with_ids(self, ids: Sequence[int]) -> "Plan":
        """The plan with true ids for the devices to add."""
        true_ids = dict(zip(self.created, ids, strict=True))
        created = {true_ids[one]: _with_true_parent(sealed, true_ids) for one, sealed in self.created.items()}
        changed = {one: _with_true_parent(sealed, true_ids) for one, sealed in self.changed.items()}
        return replace(self, created=created, changed=changed)


def _with_true_parent(sealed: SealedDevice, true_ids: Mapping[int, int]) -> SealedDevice:
    parent_id = sealed.device.parent_id
    return sealed if parent_id is None or parent_id > 0 else _with_parent(sealed, true_ids[parent_id])


def _with_parent(sealed: SealedDevice, parent_id: int | None) -> SealedDevice:
    return replace(sealed, device=sealed.device.model_copy(update={"parent_id": parent_id}))


def plan_fleet(entries: Sequence[DeviceEntry], inventory: Changes, mode: Mode, keys: SecretKeys) -> Plan:
    """The plan that brings the whole inventory to the fleet.

    Raises:
        InvalidInput: entries are not valid devices, or not clearly one device, or their parents are not there or make
            a circle; names each.
        Conflict: two entries are one device; names each.
        ServiceUnavailable: there is a secret to encrypt and no key.
    """
    ids = match_entries(entries, inventory.changed)
    planner = _Planner(entries, ids, {device["id"]: device for device in inventory.changed}, inventory.tokens, mode)
    sealed = dict(zip(ids, planner.complete(keys), strict=True))
    outside = [one for one in planner.stored if one not in sealed]
    parent_ids = planner.find_parents([one.device for one in sealed.values()], outside)
    sealed = {one: _with_parent(device, parent_ids[one]) for one, device in sealed.items()}
    created = {one: device for one, device in sealed.items() if one < 0}
    changed = {one: device for one, device in sealed.items() if one > 0 and not planner.is_stored(one, device)}
    unchanged = len(sealed) - len(created) - len(changed)
    return Plan(created, changed, outside if mode.prune else [], unchanged)


@dataclass(frozen=True, slots=True)
class _Planner:
    """The entries with the ids that they have or, negative, will have, and all that is stored."""

    entries: Sequence[DeviceEntry]
    ids: Sequence[int]
    stored: Mapping[int, _Wire]
    tokens: Mapping[int, Tokens]
    mode: Mode

    def complete(self, keys: SecretKeys) -> Sequence[SealedDevice]:
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
                devices.append(seal(device, keys, keep_equal(device, tokens, kept, keys)))
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

    def _merge(self, entry: DeviceEntry, stored: _Wire | None) -> _Wire:
        given = entry.model_dump(exclude_unset=True, exclude={"parent"})
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

    def is_stored(self, device_id: int, sealed: SealedDevice) -> bool:
        """Whether the inventory has the device as it shall be."""
        fields = {"id": device_id, **sealed.device.model_dump()}
        return fields == self.stored[device_id] and sealed.tokens == self.tokens.get(device_id, {})

    def find_parents(self, devices: Sequence[DeviceCreate], outside: Sequence[int]) -> Mapping[int, int | None]:
        """The parent of each device of the fleet.

        Raises:
            InvalidInput: one is not there, or lies behind its own child.
        """
        others = [] if self.mode.prune else [self._member(one) for one in outside]
        pairs = zip(self.ids, devices, strict=True)
        fleet = [Member(one, device.host_name, device.mac_address) for one, device in pairs]
        parents = Parents(fleet, others)
        found: dict[int, int | None] = {}
        errors = []
        for index, (entry, one) in enumerate(zip(self.entries, self.ids, strict=True)):
            try:
                found[one] = self._find_parent(entry, one, parents)
            except ValueError as error:
                errors.append(FieldError(f"[{index}].parent", str(error)))
        names = {member.id: member.host_name for member in (*fleet, *others)}
        # Kept from the inventory, it may be one that goes.
        found = {one: parent_id if parent_id in names else None for one, parent_id in found.items()}
        errors += self._describe_circles({one.id: self.stored[one.id]["parent_id"] for one in others} | found, names)
        if errors:
            raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)
        return found

    def _member(self, device_id: int) -> Member:
        return Member(device_id, self.stored[device_id]["host_name"], self.stored[device_id]["mac_address"])

    def _find_parent(self, entry: DeviceEntry, device_id: int, parents: Parents) -> int | None:
        if entry.parent is not None:
            return parents.find(entry.parent)
        if "parent" in entry.model_fields_set or not self.mode.keep or device_id not in self.stored:
            return None
        parent_id: int | None = self.stored[device_id]["parent_id"]
        return parent_id

    def _describe_circles(self, every: Mapping[int, int | None], names: Mapping[int, str]) -> Sequence[FieldError]:
        indexes = {one: index for index, one in enumerate(self.ids)}
        errors = []
        for circle in find_circles(every):
            index = next(indexes[one] for one in circle if one in indexes)
            line = " behind ".join(repr(names[one]) for one in (*circle[:5], circle[0]))
            errors.append(FieldError(f"[{index}].parent", f"that would make a circle: {line}"))
        return errors
