"""Which of a device's interfaces to keep: those that the options name, or the physical ones that are up."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from dashnet.errors import DriverFault
from services.network.drivers.snmp.options import MOST_INTERFACES, SnmpOptions
from services.network.drivers.snmp.tables import Interface

_LOOPBACK = 24
_ANY = "*"
_MOST_LISTED = 20


def choose_interfaces(
    interfaces: Sequence[Interface], options: SnmpOptions, kept: frozenset[str], before: Mapping[str, int]
) -> Sequence[Interface]:
    """Return those that the options name, or the physical ones that are up; none only where the device has none.

    `kept` are names that were read before: without a choice they stay when they go down. `before` is what each had
    counted when the tables were last read, which shows the busiest; none the first time.

    Raises:
        DriverFault: the options name none of those there are.
    """
    if options.chooses_by_itself:
        chosen = _choose_usual(interfaces, kept)
    else:
        chosen = [one for one in interfaces if _is_named(one, options)]
        if not chosen and (interfaces or _ANY not in (options.interfaces or ())):
            there = ", ".join(one.name for one in interfaces[:_MOST_LISTED]) or "none"
            raise DriverFault(f"the device has no interface that the options name; it has: {there}")
    if options.busiest is not None:
        busiest = sorted(chosen, key=lambda one: (one.octets or 0) - before.get(one.name, 0), reverse=True)[
            : options.busiest
        ]
        chosen = sorted(busiest, key=lambda one: one.index)
    return chosen[:MOST_INTERFACES]


def _choose_usual(interfaces: Sequence[Interface], kept: frozenset[str]) -> Sequence[Interface]:
    present = [one for one in interfaces if one.is_enabled and (one.is_up or one.name in kept)]
    physical = [one for one in present if one.is_physical]
    return physical or [one for one in present if one.interface_type != _LOOPBACK] or present


def _is_named(interface: Interface, options: SnmpOptions) -> bool:
    return (
        _matches(interface.name, options.interfaces)
        or (interface.alias is not None and _matches(interface.alias, options.interface_aliases))
        or interface.interface_type in (options.interface_types or ())
    )


def _matches(name: str, patterns: Sequence[str] | None) -> bool:
    """A name with a bracket in it is itself before it is a pattern."""
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns or ())
