"""What a run found, seen with the inventory: what is known already, and a device to add for each of the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from services.network.discovery.models import FoundDevice, ProposedDevice

_Device = Mapping[str, Any]
_Found = Mapping[str, Any]
_MOST_NAME = 255
# Not answered: it is part of the proposal.
_INNER = {"driver_options"}


@dataclass(frozen=True, slots=True)
class _Known:
    """Devices of the inventory by address; of several the one that was added first."""

    by_mac: Mapping[str, _Device]
    by_address: Mapping[str, _Device]

    @classmethod
    def among(cls, devices: Iterable[_Device], found: Sequence[_Found]) -> "_Known":
        macs, addresses = ({one[name] for one in found} for name in ("mac_address", "address"))
        by_mac: dict[str, _Device] = {}
        by_address: dict[str, _Device] = {}
        for device in devices:
            if device["mac_address"] in macs:
                by_mac[device["mac_address"]] = device
            if device["ip_address"] in addresses:
                by_address.setdefault(device["ip_address"], device)
        return cls(by_mac, by_address)

    def find(self, one: _Found) -> _Device | None:
        return self.by_mac.get(one["mac_address"]) or self.by_address.get(one["address"])


def describe_found(found: Sequence[_Found], devices: Iterable[_Device]) -> Sequence[FoundDevice]:
    """Each finding with its known device and a proposal, in the order of addresses.

    No two proposals have the same `mac_address`.
    """
    found = sorted(found, key=lambda one: int(ip_address(one["address"])))
    known = _Known.among(devices, found)
    identifiers = _identify(found, known)
    return [
        FoundDevice(
            **{name: value for name, value in one.items() if name not in _INNER},
            known_device_id=device["id"] if (device := known.find(one)) else None,
            proposal=_propose(one, identifiers),
        )
        for one in found
    ]


def _identify(found: Sequence[_Found], known: _Known) -> Mapping[str, str]:
    """The MAC address in the inventory, or the one to add under, by address."""
    identifiers: dict[str, str] = {}
    taken: set[str] = set()
    for one in found:
        device = known.find(one)
        own = device["mac_address"] if device else one["mac_address"]
        # A device with several addresses shows the same MAC address at each.
        identifier = own if own and own not in taken else f"address-{one['address']}"
        taken.add(identifier)
        identifiers[one["address"]] = identifier
    return identifiers


def _propose(one: _Found, identifiers: Mapping[str, str]) -> ProposedDevice:
    driver, options = "icmp", {}
    if one["credential"] is not None:
        driver, options = "snmp", one["driver_options"]
    elif one["tcp_port"] is not None:
        driver, options = "tcp", {"port": one["tcp_port"]}
    return ProposedDevice(
        host_name=(one["system_name"] or one["name"] or one["address"])[:_MOST_NAME],
        mac_address=identifiers[one["address"]],
        ip_address=one["address"],
        device_type=one["device_type"] or "Other",
        operating_system=one["operating_system"] or "",
        driver=driver,
        driver_options=options,
        parent=identifiers.get(one["parent_address"] or ""),
    )
