"""Where a redirect must not lead: into the link itself, or into this stack."""

import ipaddress
import socket
from collections.abc import Collection, Sequence

from dashnet.errors import DeviceFailure, DriverError
from services.network.drivers.http.addresses import PageAddress
from services.network.drivers.names import Names

# A service of this stack: the host it is reached at, and its port.
Endpoint = tuple[str, int]
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

# Clouds answer there with secrets of the machine, beside 169.254.169.254 which is link-local.
_METADATA = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Guard:
    """Knows the stack's own services; asks for each redirect, with the addresses that would be connected to."""

    def __init__(self, names: Names, own: Collection[Endpoint]) -> None:
        self._names = names
        self._own = own

    async def check(self, page: PageAddress, addresses: Sequence[str], first: PageAddress) -> None:
        """See that a redirect may be followed; to the host and port that the user gave it may in any case.

        Raises:
            DeviceFailure: it leads to a link-local address, the metadata of a cloud, or a service of this stack.
        """
        for address in addresses:
            if page.host != first.host and is_link_local(address):
                raise DeviceFailure(f"redirects to the link-local address {address}, which is not followed")
        hosts = [host for host, port in self._own if port == page.port]
        if (page.host, page.port) == (first.host, first.port):
            return
        if hosts and await self._is_own(hosts, addresses):
            raise DeviceFailure(f"redirects to port {page.port} of this stack, which is not followed")

    async def _is_own(self, hosts: Sequence[str], addresses: Sequence[str]) -> bool:
        if any(map(is_of_this_machine, addresses)) and any([await self._is_here(host) for host in hosts]):
            return True
        found = [await self._resolve(host) for host in hosts]
        return any(_unwrap(address) in map(_unwrap, one) for address in addresses for one in found)

    async def _is_here(self, host: str) -> bool:
        return any(map(is_of_this_machine, await self._resolve(host)))

    async def _resolve(self, host: str) -> Sequence[str]:
        try:
            return await self._names.resolve(host)
        except DriverError:
            return []


def is_link_local(address: str) -> bool:
    """Whether an IP address is link-local or the metadata of a cloud, however it is wrapped."""
    ip = _unwrap(address)
    return ip.is_link_local or ip in _METADATA


def is_of_this_machine(address: str) -> bool:
    """Whether an IP address is one of this machine's own: a socket can be bound to it."""
    ip = _unwrap(address)
    if ip.is_loopback or ip.is_unspecified:
        return True
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(ip), 0))
        except OSError:
            return False
    return True


def _unwrap(address: str) -> _Ip:
    """The IPv4 address in an IPv6 one that only carries it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
