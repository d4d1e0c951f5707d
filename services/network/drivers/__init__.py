"""The drivers by name, and the check of a device's options against its driver."""

from typing import Any

from pydantic import ValidationError

from services.network.drivers import dns, host, http, icmp, simulated, tcp
from services.network.drivers.driver import DriverOptions

_MOST_FAULTS = 10
_MOST_CHARACTERS = 64

OPTIONS: dict[str, type[DriverOptions]] = {
    simulated.NAME: simulated.SimulatedOptions,
    host.NAME: host.HostOptions,
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
        ValueError: there is no such driver, or it does not take these options; the text names each.
    """
    options_type = check_driver(driver)
    try:
        return options_type.model_validate(options)
    except ValidationError as error:
        known = ", ".join(sorted(options_type.model_fields)) or "none"
        parts = error.errors(include_url=False, include_input=False)[:_MOST_FAULTS]
        faults = "; ".join(f"{'.'.join(map(str, part['loc']))[:_MOST_CHARACTERS]}: {part['msg']}" for part in parts)
        raise ValueError(f"driver {driver!r} does not take this: {faults} (its options: {known})") from None


def check_options(driver: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, normalised.

    Raises:
        ValueError: as `parse_options`.
    """
    normalised = parse_options(driver, options).model_dump(mode="json", exclude_unset=True)
    if _holds_nul(normalised):
        # Postgres has no place for it in JSON.
        raise ValueError("the NUL character is not allowed")
    return normalised


def _holds_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_holds_nul(part) for part in value)
    return isinstance(value, str) and "\0" in value
