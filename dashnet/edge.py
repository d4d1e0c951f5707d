"""Which devices the totals of a network add up: those at its edge, real and simulated ones apart. Pure."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

SIMULATED = "simulated"
# Drivers that count what a device sends and receives; the others only ask whether it answers.
TRAFFIC_DRIVERS = frozenset({"host", SIMULATED, "snmp"})
UPLINK_TAG = "uplink"


class NetworkKind(StrEnum):
    """The devices that are counted together. `all` holds every device, and traffic only from before kinds were kept."""

    REAL = "real"
    SIMULATED = "simulated"
    ALL = "all"


class Place(NamedTuple):
    """Where a device stands in the network, and how it is read."""

    device_id: int
    driver: str
    parent_id: int | None
    is_uplink: bool

    @property
    def kind(self) -> NetworkKind:
        """Whether it is real or simulated."""
        return kind_of(self.driver)

    @property
    def counts_traffic(self) -> bool:
        """Whether its driver counts what it sends and receives."""
        return self.driver in TRAFFIC_DRIVERS


def kind_of(driver: str) -> NetworkKind:
    """Return whether devices with this driver are real or simulated."""
    return NetworkKind.SIMULATED if driver == SIMULATED else NetworkKind.REAL


def choose_kind(drivers: Iterable[str]) -> NetworkKind:
    """Return the kind that is meant where none is named: simulated if every device is, else real."""
    kinds = {kind_of(driver) for driver in drivers}
    return NetworkKind.SIMULATED if kinds == {NetworkKind.SIMULATED} else NetworkKind.REAL


def to_places(devices: Iterable[Mapping[str, Any]]) -> list[Place]:
    """Return the places of devices in their wire form."""
    return [
        Place(device["id"], device["driver"], device["parent_id"], UPLINK_TAG in device["tags"]) for device in devices
    ]


def find_edge(places: Iterable[Place]) -> frozenset[int]:
    """Return the ids of the devices whose traffic is the network's, of each kind.

    These are the devices tagged `uplink`; where no device of a kind is, those with no other above them that counts
    traffic. A device of another kind, or one that counts none, neither counts nor hides what is below it.
    """
    by_id = {place.device_id: place for place in places}
    counting = [place for place in by_id.values() if place.counts_traffic]
    marked = {place.kind for place in counting if place.is_uplink}
    above: dict[int, frozenset[NetworkKind]] = {}
    return frozenset(
        place.device_id
        for place in counting
        if (place.is_uplink if place.kind in marked else place.kind not in _kinds_above(place, by_id, above))
    )


def _kinds_above(
    place: Place, by_id: Mapping[int, Place], above: dict[int, frozenset[NetworkKind]]
) -> frozenset[NetworkKind]:
    """Return the kinds that count traffic somewhere above; `above` remembers it for whoever shares the way up."""
    way: dict[int, Place] = {}
    here: Place | None = place
    # A circle ends where it began.
    while here is not None and here.device_id not in above and here.device_id not in way:
        way[here.device_id] = here
        here = by_id.get(here.parent_id) if here.parent_id is not None else None
    for device_id, one in reversed(way.items()):
        parent = by_id.get(one.parent_id) if one.parent_id is not None else None
        kinds = above.get(parent.device_id, frozenset()) if parent else frozenset()
        above[device_id] = kinds | {parent.kind} if parent and parent.counts_traffic else kinds
    return above[place.device_id]
