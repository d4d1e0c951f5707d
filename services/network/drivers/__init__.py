"""The drivers by name, and the check of a device's options against its driver."""

from typing import Any

from pydantic import ValidationError

from services.network.drivers import host, simulated
from services.network.drivers.driver import DriverOptions

OPTIONS: dict[str, type[DriverOptions]] = {
    simulated.NAME: simulated.SimulatedOptions,
    host.NAME: host.HostOptions,
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
        faults = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise ValueError(f"driver {driver!r} does not take this: {faults} (its options: {known})") from None


def check_options(driver: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, normalised.

    Raises:
        ValueError: as `parse_options`.
    """
    return parse_options(driver, options).model_dump(mode="json", exclude_unset=True)
