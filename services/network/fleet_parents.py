"""Parents of a fleet by host name or MAC address, and the circles that they must not make. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from services.network.addresses import normalize_mac_address


class Member(NamedTuple):
    """A device that may be a parent; one that is about to be added has a negative id."""

    id: int
    host_name: str
    mac_address: str | None


class Parents:
    """Finds a device by its MAC address or by its host name, which the fleet's own devices have first."""

    def __init__(self, fleet: Iterable[Member], others: Iterable[Member]) -> None:
        self._macs: dict[str, int] = {}
        self._names: Sequence[dict[str, list[Member]]] = (defaultdict(list), defaultdict(list))
        for names, members in zip(self._names, (fleet, others), strict=True):
            for member in members:
                if member.mac_address is not None:
                    self._macs[member.mac_address] = member.id
                names[member.host_name].append(member)

    def find(self, name: str) -> int:
        """The id of the device of this MAC address, else of this host name.

        Raises:
            ValueError: there is none, or more than one.
        """
        mac_address = to_mac_address(name)
        if mac_address is not None and mac_address in self._macs:
            return self._macs[mac_address]
        found = next((names[name] for names in self._names if name in names), [])
        if not found:
            raise ValueError(f"no device has the host name or MAC address {name!r}")
        if len(found) > 1:
            addresses = ", ".join(member.mac_address or "one has none" for member in found[:3])
            more = ", ..." if len(found) > 3 else ""
            raise ValueError(
                f"{len(found)} devices have the host name {name!r}: name a MAC address ({addresses}{more})"
            )
        return found[0].id


def to_mac_address(name: str) -> str | None:
    """Return the MAC address that a name may be, as devices have it."""
    with suppress(ValueError):
        return normalize_mac_address(name)
    return None


def find_circles(parent_ids: Mapping[int, int | None]) -> Iterator[Sequence[int]]:
    """Every circle of devices that lie behind one another, each once."""
    done: set[int] = set()
    for start in parent_ids:
        line: dict[int, None] = {}
        one: int | None = start
        while one is not None and one not in done and one not in line:
            line[one] = None
            one = parent_ids.get(one)
        if one in line:
            ids = list(line)
            yield ids[ids.index(one) :]
        done.update(line)
