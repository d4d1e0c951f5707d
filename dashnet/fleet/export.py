"""An inventory as a fleet: parents by name, secrets left out, in an order that does not depend on ids. Pure."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dashnet.secret_mask import SECRET_MASK

_Device = Mapping[str, Any]


def to_fleet(devices: Sequence[_Device]) -> Sequence[_Device]:
    """Devices as the network service answers them, in the fields of an export, by host name and then MAC address."""
    by_id = {device["id"]: device for device in devices}
    name_counts = Counter(device["host_name"] for device in devices)
    addresses = {_plain(device["mac_address"]) for device in devices if device["mac_address"]}

    def name_of(device: _Device) -> str:
        name: str = device["host_name"]
        # What could be read as the MAC address of a device would be.
        is_clear = name_counts[name] == 1 and _plain(name) not in addresses
        return name if is_clear else device["mac_address"] or name

    return [
        {
            **{name: device[name] for name in ("host_name", "mac_address", "ip_address", "device_type")},
            "operating_system": device["operating_system"],
            "driver": device["driver"],
            "driver_options": without_secrets(device["driver_options"]),
            "tags": device["tags"],
            "parent": name_of(by_id[device["parent_id"]]) if device["parent_id"] in by_id else None,
        }
        for device in sorted(devices, key=lambda device: (device["host_name"], device["mac_address"] or ""))
    ]


def _plain(address: str) -> str:
    return re.sub("[:.-]", "", address).upper()


def without_secrets(options: _Device) -> dict[str, Any]:
    """Driver options without what is a mask; an object that is left empty stays."""
    return {
        name: without_secrets(value) if isinstance(value, dict) else value
        for name, value in options.items()
        if value != SECRET_MASK
    }
