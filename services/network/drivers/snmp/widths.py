"""Which octet counters of an interface live: those of 64 bits, or the 32-bit ones beside them."""

from collections.abc import Iterable, Mapping

from services.network.counters.values import Counters, Sample
from services.network.drivers.snmp.tables import Interface, Pair
from services.network.drivers.snmp.values import Value

# Two counters of one answer may be some packets apart.
_SLACK_BYTES = 10_000
_NOTHING: Pair = (None, None)


class Widths:
    """Finds the 64-bit counters of one device that stand still while those of 32 bits grow.

    Both are asked for where the wide ones read 0 or have not moved, which costs an idle interface two objects more.
    """

    def __init__(self) -> None:
        self._dead: set[str] = set()
        self._doubtful: set[str] = set()
        self._compared: dict[str, tuple[Pair, Pair]] = {}

    def begin(self, interfaces: Iterable[Interface]) -> None:
        """Look closely at all interfaces once, and forget those that are gone."""
        wide = {one.name for one in interfaces if one.octet_bits == 64}
        self._dead &= wide
        self._compared = {name: octets for name, octets in self._compared.items() if name in wide}
        self._doubtful = {one.name for one in interfaces if one.octet_bits == 64 and one.is_up} | self._dead

    def is_doubtful(self, interface: Interface) -> bool:
        """Return whether both kinds of counters are to be asked for."""
        return interface.name in self._doubtful

    def count(self, interface: Interface, values: Mapping[str, Value]) -> Counters:
        """Return the counters of an interface in an answer, octets from those that live."""
        if interface.name in self._doubtful:
            self._compare(interface.name, interface.octet_pairs(values))
        return interface.to_counters(values, 32 if interface.name in self._dead else interface.octet_bits)

    def _compare(self, name: str, seen: tuple[Pair, Pair]) -> None:
        before = self._compared.get(name, (_NOTHING, _NOTHING))
        self._compared[name] = seen
        directions = list(zip(before, seen, strict=True))
        if any(_is_dead(*pairs) for pairs in directions):
            self._dead.add(name)
        elif any(_is_alive(*pairs) for pairs in directions):
            self._dead.discard(name)

    def look_ahead(self, interfaces: Iterable[Interface], earlier: Sample | None, later: Sample) -> None:
        """Choose the interfaces to look at closely the next time: those with a wide counter that did not move."""
        before = earlier.interfaces if earlier else {}
        quiet = {
            one.name
            for one in interfaces
            if one.octet_bits == 64 and one.is_up and _is_quiet(before.get(one.name), later.interfaces.get(one.name))
        }
        self._doubtful = quiet | self._dead


def _is_dead(before: Pair, after: Pair) -> bool:
    (wide_before, narrow_before), (wide, narrow) = before, after
    if not narrow:
        return False
    if not wide:
        return True
    return wide == wide_before and narrow_before is not None and (narrow - narrow_before) % 2**32 > _SLACK_BYTES


def _is_alive(before: Pair, after: Pair) -> bool:
    return before[0] is not None and after[0] is not None and after[0] > before[0]


def _is_quiet(before: Counters | None, after: Counters | None) -> bool:
    if after is None:
        return False
    if not after.octets_in or not after.octets_out:
        return True
    return before is not None and (before.octets_in == after.octets_in or before.octets_out == after.octets_out)
