"""What lies behind what: the tree that grows from the gateway along the cables that devices tell of. Pure."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.network.discovery.snmp_tables import Neighbour

_ROUTERS = {"Router", "Firewall"}


@dataclass(frozen=True, slots=True)
class Place:
    """A device that was found, as its neighbours may name it, in the order of addresses."""

    address: str
    mac_addresses: Sequence[str]
    system_name: str | None
    device_type: str | None
    neighbours: Sequence[Neighbour] = ()


def find_parents(places: Sequence[Place], gateways: Iterable[str]) -> Mapping[str, str]:
    """The address of each device's parent, by its own address; no circles. A device that nobody tells of has none.

    The tree begins at a gateway of this machine, else at a router, else at the device with most neighbours.
    """
    cables = _find_cables(places)
    firsts = set(gateways)

    def rank(place: Place) -> tuple[bool, bool, int]:
        return place.address not in firsts, place.device_type not in _ROUTERS, -len(cables[place.address])

    parents: dict[str, str] = {}
    seen: set[str] = set()
    for root in sorted(places, key=rank):
        if root.address in seen:
            continue
        seen.add(root.address)
        waiting = deque([root.address])
        while waiting:
            parent = waiting.popleft()
            for child in cables[parent]:
                if child not in seen:
                    seen.add(child)
                    parents[child] = parent
                    waiting.append(child)
    return parents


def _find_cables(places: Sequence[Place]) -> Mapping[str, Sequence[str]]:
    """Who is beside whom, both ways; what is told by one end counts."""
    macs = {mac: place.address for place in reversed(places) for mac in place.mac_addresses}
    addresses = {place.address for place in places}
    names = _by_name(places)
    cables: dict[str, dict[str, None]] = defaultdict(dict)
    for place in places:
        for neighbour in place.neighbours:
            other = macs.get(neighbour.mac_address or "")
            if other is None and neighbour.address in addresses:
                other = neighbour.address
            other = other or names.get(neighbour.name or "") or names.get((neighbour.name or "").partition(".")[0])
            if other is not None and other != place.address:
                cables[place.address][other] = None
                cables[other][place.address] = None
    return defaultdict(list, {address: list(others) for address, others in cables.items()})


def _by_name(places: Sequence[Place]) -> Mapping[str, str]:
    """Addresses by system name, of names that only one device has."""
    found: dict[str, str] = {}
    often: set[str] = set()
    for place in places:
        if place.system_name and found.setdefault(place.system_name, place.address) != place.address:
            often.add(place.system_name)
    return {name: address for name, address in found.items() if name not in often}
