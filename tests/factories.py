"""Devices for tests, each with a MAC address of its own, and bodies that are only large."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

_numbers = itertools.count(1)


def make_device(**fields: Any) -> dict[str, Any]:
    """A body for POST /devices/: a simulated device unless told otherwise."""
    number = next(_numbers)
    return {
        "host_name": f"device-{number}",
        "mac_address": f"02:00:00:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}",
        "ip_address": f"10.1.{number >> 8 & 255}.{number & 255}",
        "device_type": "Laptop",
        "operating_system": "Debian 13",
        **fields,
    }


async def blanks(mebibytes: int) -> AsyncIterator[bytes]:
    """A body that is made while it is sent, of unannounced length unless a header tells it."""
    mebibyte = b" " * (1 << 20)
    for _ in range(mebibytes):
        yield mebibyte
