"""Which interfaces of this machine are made of others; on Linux from /sys, elsewhere by their names."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from services.network.drivers.layers import (
    BRIDGE_TYPE,
    BUNDLE_TYPE,
    TUNNEL_TYPE,
    VLAN_TYPE,
    Link,
    find_repeats,
)

_NETWORK, _LOWER = Path("/sys/class/net"), "lower_"
_DEVICE_TYPES = {
    "bridge": BRIDGE_TYPE,
    "bond": BUNDLE_TYPE,
    "team": BUNDLE_TYPE,
    "vlan": VLAN_TYPE,
    "vxlan": TUNNEL_TYPE,
}
# Linux's types of devices (if_arp.h): PPP, tunnels of IP in IP, without a header, GRE.
_TUNNELS = frozenset((512, 768, 769, 776, 778, 823, 65534))


def find_own_repeats(chosen: Collection[str]) -> frozenset[str]:
    """Return those of this machine's chosen interfaces whose frames other chosen ones count already."""
    seen = psutil.net_if_stats()
    names = [*seen, *(name for name in chosen if name not in seen)]
    links = [Link(name, interface_type=_type_of(name), is_up=name in seen and seen[name].isup) for name in names]
    return find_repeats(links, chosen, {name: _list_lower(name) for name in names})


def _list_lower(name: str) -> Sequence[str]:
    """Return what Linux says an interface is made of: a bond's or a bridge's members, the port of a VLAN."""
    with suppress(OSError):
        return [one.name.removeprefix(_LOWER) for one in (_NETWORK / name).glob(f"{_LOWER}*")]
    return ()


def _type_of(name: str) -> int | None:
    """Return the number of IANA's ifType of an interface, where Linux tells it from a port."""
    with suppress(OSError):
        folder = _NETWORK / name
        kinds = dict(line.split("=", 1) for line in (folder / "uevent").read_text().splitlines() if "=" in line)
        is_tunnel = (folder / "tun_flags").exists() or int((folder / "type").read_text()) in _TUNNELS
        return _DEVICE_TYPES.get(kinds.get("DEVTYPE", ""), TUNNEL_TYPE if is_tunnel else None)
    return None
