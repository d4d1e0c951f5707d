"""Bodies of requests that change the inventory, from bytes to values. Pure, so that it can run in a thread."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dashnet.errors import FieldError, InvalidInput, PayloadTooLarge
from dashnet.problems import SHOWN_ERRORS, invalid_input
from services.network.discovery.models import DiscoveryCreate
from services.network.fleet_packing import PackedEntry, pack_entry
from services.network.json_pieces import MOST_VALUE_BYTES, Body, parse_json, parse_list
from services.network.models import DeviceCreate, DeviceEntry, DeviceUpdate
from services.network.sealing import Tokens, check_destination, fill_in_kept
from services.network.secret_keys import SecretKeys

MOST_DEVICES = 100_000
MOST_BYTES = 40 * 1024 * 1024
_DEVICES = TypeAdapter(list[DeviceCreate])
_ENTRIES = TypeAdapter(list[DeviceEntry])
_Listed = TypeVar("_Listed", DeviceCreate, DeviceEntry)
_Made = TypeVar("_Made")
_Model = TypeVar("_Model", DeviceCreate, DeviceUpdate, DiscoveryCreate)


def parse_devices(body: Body, convert: Callable[[DeviceCreate], _Made]) -> tuple[Sequence[_Made], bool]:
    """The devices of a POST, each as `convert` makes it, and whether they came as a list.

    Of a large list only what `convert` makes is kept.

    Raises:
        InvalidInput: no JSON, an empty list, or bad fields; names each.
        PayloadTooLarge: more than 100,000 devices, or more than 1 MiB for one of them.
    """
    if len(body) > MOST_VALUE_BYTES:
        return _validate_list(_DEVICES, parse_list(body), convert), True
    given = parse_json(body)
    if not isinstance(given, list):
        return [convert(_validate(DeviceCreate, given))], False
    return _validate_list(_DEVICES, [given], convert), True


def parse_entries(body: Body) -> list[PackedEntry]:
    """The devices of a PUT, each as far as it can be checked by itself.

    Raises:
        InvalidInput, PayloadTooLarge: as `parse_devices`.
    """
    if len(body) > MOST_VALUE_BYTES:
        return _validate_list(_ENTRIES, parse_list(body), pack_entry)
    given = parse_json(body)
    if not isinstance(given, list):
        raise InvalidInput("the body is no list of devices", [FieldError("body", "no list")])
    return _validate_list(_ENTRIES, [given], pack_entry)


def _validate_list(
    adapter: TypeAdapter[list[_Listed]], pieces: Iterable[list[Any]], convert: Callable[[_Listed], _Made]
) -> list[_Made]:
    found: list[_Made] = []
    faults: list[Any] = []
    count = fault_count = 0
    for piece in pieces:
        begin, count = count, count + len(piece)
        if count > MOST_DEVICES:
            continue
        try:
            valid = adapter.validate_python(piece)
        except ValidationError as error:
            found.clear()
            fault_count += error.error_count()
            if len(faults) < SHOWN_ERRORS:
                faults += _locate_faults(error, begin)
        else:
            found += () if faults else map(convert, valid)
    if not count:
        raise InvalidInput("the list is empty: give at least one device", [FieldError("body", "empty list")])
    if count > MOST_DEVICES:
        raise PayloadTooLarge(f"{count:,} devices are more than the {MOST_DEVICES:,} that fit in one request")
    if faults:
        raise invalid_input(faults, fault_count)
    return found


def _locate_faults(error: ValidationError, begin: int) -> Sequence[Any]:
    """The faults of a piece of a list of which `begin` items came before it."""
    faults = error.errors(include_url=False, include_input=False)
    # The location of a body's field is counted from the body, as FastAPI does.
    return [{**part, "loc": ("body", begin + int(part["loc"][0]), *part["loc"][1:])} for part in faults]


def parse_update(body: Body) -> DeviceUpdate:
    """The changes of a PATCH.

    Raises:
        InvalidInput: no JSON, or bad fields; names each.
    """
    return _validate(DeviceUpdate, parse_json(body))


def parse_discovery(body: Body) -> DiscoveryCreate:
    """What somebody wants to be discovered.

    Raises:
        InvalidInput: no JSON, or bad fields; names each, and no secret.
    """
    return _validate(DiscoveryCreate, parse_json(body))


def merge_update(
    device: dict[str, Any], tokens: Tokens, update: DeviceUpdate, keys: SecretKeys
) -> tuple[DeviceCreate, Tokens]:
    """A device in wire form with changes applied, checked as a whole, and the stored secrets that it keeps.

    Raises:
        InvalidInput: the fields do not fit together, such as options of another driver, or a secret that is kept
            would be sent elsewhere.
    """
    stored = {name: value for name, value in device.items() if name != "id"}
    fields = stored | update.model_dump(exclude_unset=True)
    kept: Tokens = {}
    if fields["driver"] == device["driver"]:
        fields["driver_options"], kept = fill_in_kept(fields["driver"], fields["driver_options"], tokens, keys)
    changed = _validate(DeviceCreate, fields)
    check_destination(device, changed, kept)
    return changed, kept


def _validate(model: type[_Model], given: object) -> _Model:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _to_invalid_input(error) from None


def _to_invalid_input(error: ValidationError) -> InvalidInput:
    # The location of a body's field is counted from the body, as FastAPI does.
    return invalid_input(
        [{**part, "loc": ("body", *part["loc"])} for part in error.errors(include_url=False, include_input=False)]
    )
