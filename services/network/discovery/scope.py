"""Which addresses a discovery looks at. Pure."""

import ipaddress
from collections.abc import Sequence

MOST_ADDRESSES = 4096
# With so few host bits a network has no address of its own and none for all (RFC 3021).
_POINT_TO_POINT_BITS = 1

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REFUSED: Sequence[tuple[str, str]] = (
    ("0.0.0.0/8", "0.0.0.0/8 stands for no device"),
    ("169.254.0.0/16", "169.254.0.0/16 is link-local: its addresses mean nothing without an interface"),
    ("224.0.0.0/4", "224.0.0.0/4 is multicast: groups, not devices"),
    ("240.0.0.0/4", "240.0.0.0/4 is reserved, and its last address is everybody (broadcast)"),
    ("::/128", ":: stands for no device"),
    ("::ffff:0:0/96", "::ffff:0:0/96 is IPv4 in IPv6: write it as IPv4, such as 192.168.1.0/24"),
    ("ff00::/8", "ff00::/8 is multicast: groups, not devices"),
    ("fe80::/10", "fe80::/10 is link-local: its addresses mean nothing without an interface"),
)
_REFUSED_NETWORKS = [(ipaddress.ip_network(network), why) for network, why in _REFUSED]


def parse_network(text: str) -> _Network:
    """The network that `192.168.1.0/24` or a single address names, once it is one that can be discovered.

    Raises:
        ValueError: it is none, too large, or holds what is no device.
    """
    network = _parse(text)
    if network.num_addresses > MOST_ADDRESSES:
        longest = network.max_prefixlen - MOST_ADDRESSES.bit_length() + 1
        raise ValueError(
            f"{network} has {_count(network)} addresses, and a discovery looks at {MOST_ADDRESSES:,} at the most "
            f"(/{longest}): name a part of it"
        )
    for refused, why in _REFUSED_NETWORKS:
        if network.version == refused.version and network.overlaps(refused):
            raise ValueError(f"{network} cannot be discovered: {why}")
    return network


def _parse(text: str) -> _Network:
    text = text.strip()
    if "%" in text:
        raise ValueError("an address with a scope (%) is of one interface only; networks have none")
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        wider = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("neither a network such as 192.168.1.0/24 nor an address") from None
    raise ValueError(f"{text} is an address within a network: say {wider}, or the address without /{wider.prefixlen}")


def _count(network: _Network) -> str:
    bits = network.max_prefixlen - network.prefixlen
    return f"{network.num_addresses:,}" if bits <= 32 else f"2^{bits}"


def list_addresses(network: _Network) -> Sequence[str]:
    """Its addresses in order, but the network's own and the one for all of an IPv4 network of /30 or larger."""
    addresses: Sequence[_Address] = list(network)
    if network.version == 4 and network.max_prefixlen - network.prefixlen > _POINT_TO_POINT_BITS:
        addresses = addresses[1:-1]
    return [str(address) for address in addresses]
