"""A device's secrets on their way in and out of the database: masked in its options, encrypted beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashnet.errors import DriverFault, FieldError, InvalidInput
from dashnet.secret_mask import SECRET_MASK
from services.network.drivers import OPTIONS, check_driver, check_options, parse_options
from services.network.drivers.destination import Destination
from services.network.drivers.secret_places import (
    Path,
    Places,
    find_secrets,
    is_place,
    is_secret,
    secret_places,
    with_values,
)
from services.network.models import DeviceCreate
from services.network.secret_keys import SecretKeys

# Passes the checks of a driver in the place of a secret that cannot be read and is kept as it is.
_UNREADABLE = "unreadable-secret"

Tokens = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SealedDevice:
    """A valid device as it is stored: `device` shows masks, `tokens` holds what they stand for by JSON pointer."""

    device: DeviceCreate
    tokens: Tokens


def to_pointer(path: Path) -> str:
    """RFC 6901."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)


def to_path(pointer: str) -> Path:
    """The opposite of `to_pointer`."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def seal(device: DeviceCreate, keys: SecretKeys, kept: Tokens | None = None) -> SealedDevice:
    """Encrypt the secrets of a device, those in `kept` apart: they stay as they are stored.

    Raises:
        ServiceUnavailable: there is a secret to encrypt and no key.
    """
    secrets = dict(find_secrets(device.driver_options, secret_places(OPTIONS[device.driver])))
    if not secrets:
        return SealedDevice(device, {})
    stored = kept or {}
    tokens = {
        pointer: stored[pointer] if pointer in stored else keys.encrypt(secret.get_secret_value())
        for pointer, secret in ((to_pointer(path), secret) for path, secret in secrets.items())
    }
    masked = with_values(device.driver_options, dict.fromkeys(secrets, SECRET_MASK))
    return SealedDevice(device.model_copy(update={"driver_options": masked}), tokens)


def keep_equal(device: DeviceCreate, tokens: Tokens, kept: Tokens, keys: SecretKeys) -> Tokens:
    """The tokens of `kept`, and those of `tokens` whose secrets the device gives once more."""
    given = find_secrets(device.driver_options, secret_places(OPTIONS[device.driver]))
    same = {
        pointer: tokens[pointer]
        for pointer, secret in ((to_pointer(path), secret) for path, secret in given)
        if pointer in tokens and _read_or_none(tokens[pointer], keys) == secret.get_secret_value()
    }
    return {**same, **kept}


def check_destination(before: Mapping[str, Any], device: DeviceCreate, kept: Tokens) -> None:
    """Keep stored secrets at the destination that they were given for.

    `before` is the stored device in wire form, `device` what becomes of it with the secrets in `kept` staying.

    Raises:
        InvalidInput: it would send them elsewhere; names each.
    """
    if not kept or before["driver"] not in OPTIONS:
        return
    new = _find_destination(device.driver, device.driver_options, device.ip_address)
    old = _find_destination(before["driver"], before["driver_options"], before["ip_address"])
    if old is not None and new == old:
        return
    why = "the stored options lead nowhere" if old is None or new is None else new.explain_change(old)
    errors = [
        FieldError(
            ".".join(("driver_options", *to_path(pointer))), f"give the secret again (null removes it), because {why}"
        )
        for pointer in kept
    ]
    raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)


def _find_destination(driver: str, options: Mapping[str, Any], ip_address: str) -> Destination | None:
    """None where the driver does not take these options, which are then not sent anywhere either."""
    shown = {path for path, _ in find_secrets(options, secret_places(OPTIONS[driver]))}
    opened = with_values(dict(options), dict.fromkeys(shown, _UNREADABLE))
    try:
        return parse_options(driver, opened).find_destination(ip_address)
    except ValueError:
        return None


def unseal(options: dict[str, Any], tokens: Tokens, keys: SecretKeys) -> dict[str, Any]:
    """Stored options with their secrets.

    Raises:
        DriverFault: a secret cannot be read.
    """
    return with_values(options, {to_path(pointer): keys.decrypt(token) for pointer, token in tokens.items()})


def fill_in_kept(
    driver: str, options: dict[str, Any], tokens: Tokens, keys: SecretKeys
) -> tuple[dict[str, Any], Tokens]:
    """Options as somebody gives them for a device of this driver that has secrets, and the tokens that stay.

    A secret stays where its mask is given, and where nothing is given unless the other options do not go with it (a
    community after a change to SNMPv3); null removes it. What cannot be read stays too.

    Raises:
        ValueError: there is no such driver.
    """
    places = secret_places(check_driver(driver))
    kept = {pointer: token for pointer, token in tokens.items() if _is_kept(options, to_path(pointer), places)}
    filled = _fill_in(options, kept, keys)
    masked = {to_pointer(path) for path, value in find_secrets(options, places) if value == SECRET_MASK}
    if masked >= kept.keys() or _is_valid(driver, filled):
        return filled, kept
    asked_for = {pointer: token for pointer, token in kept.items() if pointer in masked}
    without_others = _fill_in(options, asked_for, keys)
    return (without_others, asked_for) if _is_valid(driver, without_others) else (filled, kept)


def _fill_in(options: dict[str, Any], kept: Tokens, keys: SecretKeys) -> dict[str, Any]:
    secrets = {to_path(pointer): _read_or_none(token, keys) or _UNREADABLE for pointer, token in kept.items()}
    return with_values(options, secrets)


def _is_valid(driver: str, options: dict[str, Any]) -> bool:
    try:
        check_options(driver, options)
    except ValueError:
        return False
    return True


def _is_kept(options: object, path: Path, places: Places) -> bool:
    """Whether the options leave the stored secret of this path as it is."""
    if not is_place(path, places) or not isinstance(options, dict):
        return False
    *above, name = path
    for one in above:
        places = places.get(one, places.get(None, {}))
        # Secrets alone may be left out with the mapping that holds them; with anything else its absence is meant.
        holds_only_secrets = places.keys() == {None} and is_secret(places[None])
        options = options.get(one, {} if holds_only_secrets else None)
        if not isinstance(options, dict):
            return False
    return bool(options.get(name, SECRET_MASK) == SECRET_MASK)


def _read_or_none(token: str, keys: SecretKeys) -> str | None:
    try:
        return keys.decrypt(token)
    except DriverFault:
        return None
