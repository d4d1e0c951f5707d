"""Bodies of requests that change the inventory, from bytes to values. Pure, so that it can run in a thread."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from dashnet.errors import FieldError, InvalidInput, PayloadTooLarge
from dashnet.problems import invalid_input
from services.network.discovery.models import DiscoveryCreate
from services.network.models import DeviceCreate, DeviceEntry, DeviceUpdate
from services.network.sealing import Tokens, check_destination, fill_in_kept
from services.network.secret_keys import SecretKeys

MOST_DEVICES = 100_000
MOST_BYTES = 40 * 1024 * 1024
_DEVICES = TypeAdapter(list[DeviceCreate])
_ENTRIES = TypeAdapter(list[DeviceEntry])
_Listed = TypeVar("_Listed", DeviceCreate, DeviceEntry)
_Model = TypeVar("_Model", DeviceCreate, DeviceUpdate, DiscoveryCreate)


def parse_json(body: bytes) -> Any:  # any JSON value
    """The JSON value in a body.

    Raises:
        InvalidInput: this is no JSON; says where.
    """
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(f"the body is not valid JSON: {error}", [FieldError("body", str(error))]) from None


def parse_devices(body: bytes) -> tuple[Sequence[DeviceCreate], bool]:
    """The devices of a POST, and whether they came as a list.

    Raises:
        InvalidInput: no JSON, an empty list, or bad fields; names each.
        PayloadTooLarge: more than 100,000 devices.
    """
    given = parse_json(body)
    if not isinstance(given, list):
        return [_validate(DeviceCreate, given)], False
    return _validate_list(_DEVICES, given), True


def parse_entries(body: bytes) -> Sequence[DeviceEntry]:
    """The devices of a PUT, each as far as it can be checked by itself.

    Raises:
        InvalidInput, PayloadTooLarge: as `parse_devices`.
    """
    given = parse_json(body)
    if not isinstance(given, list):
        raise InvalidInput("the body is no list of devices", [FieldError("body", "no list")])
    return _validate_list(_ENTRIES, given)


def _validate_list(adapter: TypeAdapter[list[_Listed]], given: list[Any]) -> Sequence[_Listed]:
    if not given:
        raise InvalidInput("the list is empty: give at least one device", [FieldError("body", "empty list")])
    if len(given) > MOST_DEVICES:
        raise PayloadTooLarge(f"{len(given):,} devices are more than the {MOST_DEVICES:,} that fit in one request")
    try:
        return adapter.validate_python(given)
    except ValidationError as error:
        raise _to_invalid_input(error) from None


def parse_update(body: bytes) -> DeviceUpdate:
    """The changes of a PATCH.

    Raises:
        InvalidInput: no JSON, or bad fields; names each.
    """
    return _validate(DeviceUpdate, parse_json(body))


def parse_discovery(body: bytes) -> DiscoveryCreate:
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
