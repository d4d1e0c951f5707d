"""What a device's tables tell of its neighbours (ARP, LLDP, CDP), and its own MAC addresses. Parsers are pure."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from services.network.drivers.snmp.values import Value, to_text

Index = tuple[int, ...]
Rows = Mapping[Index, Value]

_PHYSICAL_ADDRESS, _BRIDGE_ADDRESS = "1.3.6.1.2.1.2.2.1.6", "1.3.6.1.2.1.17.1.1.0"
_OLD_ARP, _ARP = "1.3.6.1.2.1.4.22.1.2", "1.3.6.1.2.1.4.35.1.4"
_LLDP = "1.0.8802.1.1.2.1.4"
_LLDP_KIND, _LLDP_CHASSIS, _LLDP_NAME = (f"{_LLDP}.1.1.{column}" for column in (4, 5, 9))
_LLDP_ADDRESS = f"{_LLDP}.2.1.3"
_CDP_ADDRESS, _CDP_NAME = "1.3.6.1.4.1.9.9.23.1.2.1.1.4", "1.3.6.1.4.1.9.9.23.1.2.1.1.6"
_MAC_CHASSIS, _ADDRESS_CHASSIS = 4, 5
# Of address families, in IANA's numbers and in InetAddressType, which agree here.
_IPV4, _IPV6 = 1, 2
_BYTES = {_IPV4: 4, _IPV6: 16}
# The index of LLDP's tables: a time, a port of this device, a number.
_LLDP_INDEX = 3


class Session(Protocol):
    """What is asked of a device here."""

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """The values of those of these objects that there are."""
        ...

    async def walk_rows(self, column: str) -> dict[Index, Value]:
        """A column of a table by its indexes."""
        ...


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who a device says is at the other end of a cable, as far as it says so."""

    mac_address: str | None = None
    address: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A device's own MAC addresses (its first is the bridge's, where it is one), its ARP table, its neighbours."""

    mac_addresses: Sequence[str] = ()
    arp: Mapping[str, str] = field(default_factory=dict)
    neighbours: Sequence[Neighbour] = ()


async def read_surroundings(session: Session) -> Surroundings:
    """Ask a device.

    Raises:
        DriverError: as the session does.
    """
    bridge = to_mac((await session.get([_BRIDGE_ADDRESS])).get(_BRIDGE_ADDRESS))
    interfaces = [to_mac(value) for _, value in sorted((await session.walk_rows(_PHYSICAL_ADDRESS)).items())]
    arp = parse_arp(await session.walk_rows(_OLD_ARP), await session.walk_rows(_ARP))
    lldp = [await session.walk_rows(column) for column in (_LLDP_KIND, _LLDP_CHASSIS, _LLDP_NAME, _LLDP_ADDRESS)]
    cdp = [await session.walk_rows(column) for column in (_CDP_ADDRESS, _CDP_NAME)]
    own = dict.fromkeys(mac for mac in (bridge, *interfaces) if mac)
    return Surroundings([*own], arp, [*parse_lldp(*lldp), *parse_cdp(*cdp)])


def to_mac(value: Value) -> str | None:
    """`00:1B:44:11:3A:B7` of six bytes that are a device's own; null for anything else, groups and zeros too."""
    if not isinstance(value, bytes) or len(value) != 6 or not any(value) or value[0] & 1:
        return None
    return value.hex(":").upper()


def to_address(content: Sequence[int]) -> str | None:
    """An IPv4 or IPv6 address of its bytes."""
    with suppress(ValueError):
        if len(content) in _BYTES.values():
            return str(ipaddress.ip_address(bytes(content)))
    return None


def parse_arp(old: Rows, new: Rows) -> Mapping[str, str]:
    """MAC addresses by address, of ipNetToMediaTable and ipNetToPhysicalTable, which has IPv6 too."""
    found = {}
    for index, value in old.items():
        address, mac = to_address(index[1:]), to_mac(value)
        if address and mac:
            found[address] = mac
    for index, value in new.items():
        family, length = index[1:3] if len(index) > 3 else (0, 0)
        address, mac = to_address(index[3:]), to_mac(value)
        if address and mac and _BYTES.get(family) == length:
            found[address] = mac
    return found


def parse_lldp(kinds: Rows, chassis: Rows, names: Rows, addresses: Rows) -> Iterator[Neighbour]:
    """LLDP's remote systems with their first management addresses."""
    managed: dict[Index, str] = {}
    for index in addresses:
        key, rest = index[:_LLDP_INDEX], index[_LLDP_INDEX:]
        if len(rest) > 2 and (address := to_address(rest[2:])):
            managed.setdefault(key, address)
    for index in {**chassis, **names}:
        identifier, kind = chassis.get(index), kinds.get(index)
        mac = to_mac(identifier) if kind == _MAC_CHASSIS else None
        address = managed.get(index)
        if address is None and kind == _ADDRESS_CHASSIS and isinstance(identifier, bytes):
            # The first byte tells the family.
            address = to_address(identifier[1:])
        yield Neighbour(mac, address, to_text(names.get(index)) or None)


def parse_cdp(addresses: Rows, names: Rows) -> Iterator[Neighbour]:
    """Cisco's neighbours; a device names itself with its domain, or its serial in brackets."""
    for index in {**addresses, **names}:
        value = addresses.get(index)
        name = to_text(names.get(index)).split("(")[0]
        yield Neighbour(None, to_address(value) if isinstance(value, bytes) else None, name or None)
