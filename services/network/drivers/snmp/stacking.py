"""What a device says its interfaces are made of: IF-MIB's ifStackTable, and the LAG-MIB of IEEE 802.3ad."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from dashnet.errors import DeviceTimeout
from services.network.drivers.layers import Below, Link, find_repeats
from services.network.drivers.snmp.tables import PORT_TYPES, Interface
from services.network.drivers.snmp.values import Session, Value

_STACK_STATUS = "1.3.6.1.2.1.31.1.2.1.3"
_ATTACHED_BUNDLE = "1.2.840.10006.300.43.1.2.1.1.13"
_ACTIVE = 1


async def read_repeats(
    session: Session, interfaces: Sequence[Interface], chosen: Sequence[Interface]
) -> frozenset[str]:
    """Return the names of those chosen interfaces whose frames other chosen ones count already.

    Raises:
        DriverFault: as the session does.
    """
    if len(chosen) < 2:
        return frozenset()
    below: Below = {}
    # An agent that is silent about these tables costs them alone: names and types are left.
    with suppress(DeviceTimeout):
        stack, attached = await session.walk_rows(_STACK_STATUS), await session.walk(_ATTACHED_BUNDLE)
        below = parse_below({one.index: one.name for one in interfaces}, stack, attached)
    return find_repeats([to_link(one) for one in interfaces], {one.name for one in chosen}, below)


def parse_below(
    names: Mapping[int, str], stack: Mapping[tuple[int, ...], Value], attached: Mapping[int, Value]
) -> Below:
    """Return by an interface's name the names of those that it is made of; rows of unknown interfaces are left out."""
    pairs = [index for index, status in stack.items() if len(index) == 2 and status == _ACTIVE]
    pairs += [(bundle, port) for port, bundle in attached.items() if isinstance(bundle, int)]
    below: dict[str, set[str]] = {}
    for upper, lower in pairs:
        if upper in names and lower in names and upper != lower:
            below.setdefault(names[upper], set()).add(names[lower])
    return below


def to_link(interface: Interface) -> Link:
    """Return an interface as far as layers go."""
    return Link(
        interface.name,
        interface.description,
        interface.interface_type,
        is_port=interface.interface_type in PORT_TYPES,
        is_up=interface.is_up,
        has_counters=interface.octets is not None,
    )
