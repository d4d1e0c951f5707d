"""The drivers by name, and the check of a device's options against its driver."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from dashnet.secret_mask import SECRET_MASK
from services.network.drivers import dns, host, http, icmp, simulated, tcp
from services.network.drivers.driver import DriverOptions
from services.network.drivers.secret_places import find_secrets, secret_places, with_values, without
from services.network.drivers.secret_words import blot_out_values
from services.network.drivers.snmp import driver as snmp
from services.network.drivers.snmp.options import SnmpOptions

_MOST_FAULTS = 10
_MOST_CHARACTERS = 64

OPTIONS: dict[str, type[DriverOptions]] = {
    simulated.NAME: simulated.SimulatedOptions,
    host.NAME: host.HostOptions,
    snmp.NAME: SnmpOptions,
    icmp.NAME: icmp.IcmpOptions,
    tcp.NAME: tcp.TcpOptions,
    http.NAME: http.HttpOptions,
    dns.NAME: dns.DnsOptions,
}


def check_driver(driver: str) -> type[DriverOptions]:
    """The options type of the driver of this name.

    Raises:
        ValueError: there is none.
    """
    if driver not in OPTIONS:
        raise ValueError(f"there is no driver {driver!r}; there are: {', '.join(sorted(OPTIONS))}")
    return OPTIONS[driver]


def parse_options(driver: str, options: dict[str, Any]) -> DriverOptions:
    """A device's options as its driver wants them.

    Raises:
        ValueError: there is no such driver, or it does not take these options; the text names each, and no secret.
    """
    options_type = check_driver(driver)
    places = secret_places(options_type)
    for path, value in find_secrets(options, places):
        if value == SECRET_MASK:
            raise ValueError(f"{'.'.join(path)}: {SECRET_MASK} stands for a stored secret, and there is none")
    try:
        return options_type.model_validate(options)
    except ValidationError as error:
        known = ", ".join(sorted(options_type.model_fields)) or "none"
        parts = error.errors(include_url=False, include_input=False)[:_MOST_FAULTS]
        faults = "; ".join(f"{'.'.join(map(str, part['loc']))[:_MOST_CHARACTERS]}: {part['msg']}" for part in parts)
        faults = blot_out_values(faults, options, places)
        raise ValueError(f"driver {driver!r} does not take this: {faults} (its options: {known})") from None


def check_options(driver: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, normalised; each secret is a `SecretStr`, and one that is null is left out.

    Raises:
        ValueError: as `parse_options`.
    """
    places = secret_places(check_driver(driver))
    given = without(options, {path for path, secret in find_secrets(options, places) if secret is None})
    parsed = parse_options(driver, given)
    normalised = parsed.model_dump(mode="json", exclude_unset=True)
    secrets = dict(find_secrets(parsed.model_dump(exclude_unset=True), places))
    plain = without(normalised, set(secrets))
    if _any_text(plain, lambda text: "\0" in text) or any("\0" in one.get_secret_value() for one in secrets.values()):
        # Postgres has no place for it in JSON.
        raise ValueError("the NUL character is not allowed")
    if _any_text(plain, lambda text: text == SECRET_MASK):
        raise ValueError(f"{SECRET_MASK} stands for a stored secret, and this option is none")
    return with_values(normalised, secrets) if secrets else normalised


def _any_text(value: object, test: Callable[[str], bool]) -> bool:
    if isinstance(value, dict):
        return any(_any_text(part, test) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_any_text(part, test) for part in value)
    return isinstance(value, str) and test(value)
