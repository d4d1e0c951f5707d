"""Which interfaces are made of others, so that a device's total counts each frame once. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

# IANA's ifType: other, PPP, virtual, multiplexor, tunnel, VLAN of layer 2 and 3.
_UPPER_TYPES = frozenset((1, 23, 53, 54, 131, 135, 136))
LOOPBACK_TYPE, TUNNEL_TYPE, VLAN_TYPE, BUNDLE_TYPE, BRIDGE_TYPE = 24, 131, 135, 161, 209

Below = Mapping[str, Collection[str]]


class Layer(IntEnum):
    """How far an interface is from the wire: frames of a higher one have passed a lower one."""

    PORT = 0
    BUNDLE = 1
    BRIDGE = 2
    UPPER = 3
    LOOPBACK = 4


@dataclass(frozen=True, slots=True)
class Link:
    """An interface as far as layers go.

    `is_port`: its type is one of wires, fibres or radio. `has_counters`: it counts octets, so a sum can rest on it.
    """

    name: str
    description: str = ""
    interface_type: int | None = None
    is_port: bool = True
    is_up: bool = True
    has_counters: bool = True


def _patterns(*pairs: tuple[Layer, str]) -> Sequence[tuple[Layer, re.Pattern[str]]]:
    return [(layer, re.compile(pattern, re.IGNORECASE)) for layer, pattern in pairs]


# The first that fits decides, so a VLAN of a bridge is a VLAN, and an aggregation of bridges a bundle.
_NAMES = _patterns(
    (Layer.LOOPBACK, r"lo\d*$|loopback"),
    (Layer.UPPER, r"(.*[^a-z])?(vlan|svi|irb|bvi|vlanif)([^a-z]|$)|vl\d+$|/common/"),
    (Layer.BUNDLE, r"(bond|team|lagg|lag|ae|reth|trk|trunk|po|bagg|bundle-ether)[ _-]?\d"),
    (Layer.BUNDLE, r"bond[-_]|port[ -]?channel|(bridge|route)-aggregation|eth-trunk|link aggregation"),
    (Layer.BRIDGE, r"(br|bridge|vmbr|virbr|lxcbr|lxdbr|xenbr|xapi|ovsbr|docker|cni|cbr|fwbr)[ _-]?\d|switch\d+$"),
    (Layer.BRIDGE, r"br[-._]|bridge|br(lan|trunk)?$|ovs-|docker_gwbridge|podman|weave$"),
    (Layer.UPPER, r"(veth|vnet|tap|vif|fwpr|fwln|cali|cilium|lxc|flannel|kube|macvtap|macvlan)"),
    (Layer.UPPER, r"(tun|utun|wg|ipsec|gre|gretap|erspan|sit|ip6tnl|ip6gre|ip_vti|ip6_vti|vti|xfrm|vxlan)[ _-]?\d"),
    (Layer.UPPER, r"(geneve|vtep|nve|l2tp|pptp|ovpn[cs]?|ppp|pppoe|pppoa|dialer|p?vpnr?|fptun|ifb|imq|dummy)[ _-]?\d"),
    (Layer.UPPER, r"(mon|hwsim|teql|nflog|pflog|pfsync|enc|gif|stf|awdl|llw|nu|null|vmk|vmnet)[ _-]?\d"),
    (Layer.UPPER, r"tunnel|wireguard|wg-|tailscale|zt\w{8}|(pppoe|ppp|l2tp|ovpn)-|vpn|openvpn|conn_to_|virtual-ppp"),
    (Layer.UPPER, r"doll$|eth_base\d*$|cpu interface|stack-port|vtss\.|w\d\d\.\d|t[cv]\d"),
)
_DESCRIPTIONS = _patterns(
    (Layer.BUNDLE, r".*module - trunk \d+$|link aggregation|port[ -]?channel"),
    (Layer.UPPER, r"virtual interface|cpu interface|.*\bvlan : "),
)
# The processor's side of a switch chip, which the frames of the chip's ports pass too.
_CHIP_PORT, _CHIP_CONDUIT = re.compile(r"(lan\d+|wan\d*)(@\w+)?$", re.IGNORECASE), re.compile(r"eth\d+$")
# A radio, and the wireless networks that it carries.
_RADIO, _RADIO_NETWORK = re.compile(r"wifi\d+$"), re.compile(r"(ath|wlan|ra|rai)\d")
# What stands between a name and what is added to it: eth0.20, eth0:1, Port1.90_ppp, vlan20@eth0.
_ADDED = re.compile(r"[.:_@]")
# Windows names what filters a card after the card: "Card-QoS Packet Scheduler-0000".
_FILTER = re.compile(r"-\d{4}$")


def layer_of(link: Link) -> Layer:
    """Return how far an interface is from the wire, by its type and its name."""
    by_name = _fit(_NAMES, link.name)
    if by_name is None and " " not in link.description:
        by_name = _fit(_NAMES, link.description)
    if by_name is None:
        by_name = _fit(_DESCRIPTIONS, link.description)
    if link.interface_type == LOOPBACK_TYPE:
        return Layer.LOOPBACK
    if link.interface_type in (BUNDLE_TYPE, BRIDGE_TYPE) and by_name is not Layer.UPPER:
        return Layer.BUNDLE if link.interface_type == BUNDLE_TYPE else Layer.BRIDGE
    if by_name is not None:
        return by_name
    return Layer.PORT if link.is_port and link.interface_type not in _UPPER_TYPES else Layer.UPPER


def _fit(patterns: Sequence[tuple[Layer, re.Pattern[str]]], text: str) -> Layer | None:
    return next((layer for layer, pattern in patterns if pattern.match(text)), None) if text else None


def find_repeats(links: Sequence[Link], chosen: Collection[str], below: Below | None = None) -> frozenset[str]:
    """Return those of the chosen interfaces whose frames others of them count already.

    `links` are all interfaces of the device. `below` is what the device itself says: by an interface's name those
    that it is made of. Where it says nothing, types and names decide.
    """
    layers = _layers(links)
    counted = {link.name for link in links if link.name in chosen and link.has_counters}
    beneath = _beneath(links, layers, below or {})
    repeats, staying = _split_bundles(links, layers, counted, beneath)
    order = {link.name: place for place, link in enumerate(links)}
    for name in counted - repeats - staying:
        lower = _descendants(name, beneath) & counted
        # Of a circle the first one stays.
        if any(order[one] < order[name] or name not in _descendants(one, beneath) for one in lower):
            repeats.add(name)
    return frozenset(repeats | _find_upper(links, layers, counted - repeats - staying, beneath))


def _split_bundles(
    links: Sequence[Link], layers: Mapping[str, Layer], counted: Collection[str], beneath: Below
) -> tuple[set[str], set[str]]:
    """Return what bundles and their members repeat, and the bundles that count for members that are not chosen."""
    repeats: set[str] = set()
    staying: set[str] = set()
    up = {link.name for link in links if link.is_up}
    for name in counted:
        members = set(beneath.get(name, ())) if layers[name] is Layer.BUNDLE else set()
        if members & up and members & up <= set(counted):
            repeats.add(name)
        elif members:
            staying.add(name)
            repeats |= members & set(counted)
    return repeats, staying - repeats


def _find_upper(
    links: Sequence[Link], layers: Mapping[str, Layer], counted: Collection[str], beneath: Below
) -> set[str]:
    """Return those above the lowest layer that is counted, as far as it is not known what they are made of."""
    lowest = min((layers[name] for name in counted), default=Layer.LOOPBACK)
    ports = {link.name for link in links if link.is_up and layers[link.name] is Layer.PORT and not beneath[link.name]}
    has_all_ports = ports <= set(counted)
    return {
        name
        for name in counted
        if lowest < layers[name] < Layer.LOOPBACK
        and not _stands_on_ports(name, layers, beneath)
        # A bundle without known members may be made of the ports that are not counted.
        and (has_all_ports or layers[name] is not Layer.BUNDLE)
    }


def _stands_on_ports(name: str, layers: Mapping[str, Layer], beneath: Below) -> bool:
    lower = _descendants(name, beneath)
    return bool(lower) and all(layers[one] is Layer.PORT for one in lower if not beneath.get(one))


def _layers(links: Sequence[Link]) -> dict[str, Layer]:
    layers = {link.name: layer_of(link) for link in links}
    if sum(1 for name in layers if _CHIP_PORT.match(name)) > 1:
        layers |= {name: Layer.UPPER for name in layers if _CHIP_CONDUIT.match(name)}
    if any(_RADIO_NETWORK.match(name) for name in layers):
        layers |= {name: Layer.UPPER for name in layers if _RADIO.match(name)}
    return layers


def _beneath(links: Sequence[Link], layers: Mapping[str, Layer], below: Below) -> dict[str, set[str]]:
    """Return what is known to lie beneath each interface: the device's word, and names that contain another's."""
    beneath = {
        # Agents that have it upside down are not believed.
        name: {one for one in lower if one in layers and one != name and layers[one] <= layers[name]}
        for name, lower in below.items()
        if name in layers
    }
    descriptions = {link.description: link.name for link in links if link.description}
    for link in links:
        lower = beneath.setdefault(link.name, set())
        lower.update(_named_after(link, layers, descriptions))
        if _CHIP_PORT.match(link.name):
            lower -= {one for one in lower if layers[one] is Layer.UPPER}
    return beneath


def _named_after(link: Link, names: Collection[str], descriptions: Mapping[str, str]) -> Iterator[str]:
    for added in _ADDED.finditer(link.name):
        first, rest = link.name[: added.start()], link.name[added.end() :]
        candidates = (first, rest) if added[0] == "@" else (first,)
        yield from (one for one in candidates if one in names and not one.isdigit())
    if _FILTER.search(link.description):
        starts = (link.description[: dash.start()] for dash in re.finditer("-", link.description))
        yield from (descriptions[start] for start in starts if start in descriptions)


def _descendants(name: str, beneath: Below) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        fresh = set(beneath.get(waiting.pop(), ())) - found
        found |= fresh
        waiting += fresh
    return found - {name}
