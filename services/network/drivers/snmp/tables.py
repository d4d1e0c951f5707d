"""A device's interface tables (IF-MIB): which interfaces there are, which of them to keep, and their counters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol

from dashnet.errors import DriverFault
from dashnet.reading import InterfaceReading, State
from services.network.counters import Counters, Rates
from services.network.drivers.snmp.options import MOST_INTERFACES, SnmpOptions

Value = None | str | bytes | int | float

_TABLE, _X_TABLE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_DESCR, _TYPE, _SPEED = f"{_TABLE}.2", f"{_TABLE}.3", f"{_TABLE}.5"
_ADMIN_STATUS, _OPER_STATUS = f"{_TABLE}.7", f"{_TABLE}.8"
_IN_OCTETS, _OUT_OCTETS = f"{_TABLE}.10", f"{_TABLE}.16"
_IN_DISCARDS, _IN_ERRORS, _OUT_DISCARDS, _OUT_ERRORS = (f"{_TABLE}.{column}" for column in (13, 14, 19, 20))
_NAME, _HC_IN_OCTETS, _HC_OUT_OCTETS = f"{_X_TABLE}.1", f"{_X_TABLE}.6", f"{_X_TABLE}.10"
_HIGH_SPEED, _CONNECTOR, _ALIAS = f"{_X_TABLE}.15", f"{_X_TABLE}.17", f"{_X_TABLE}.18"
_DISCONTINUITY = f"{_X_TABLE}.19"
_WALKED = (
    *(_TYPE, _DESCR, _SPEED, _ADMIN_STATUS, _OPER_STATUS),
    *(_NAME, _HC_IN_OCTETS, _HC_OUT_OCTETS, _HIGH_SPEED, _CONNECTOR, _ALIAS),
)
_COUNTED = (_IN_ERRORS, _OUT_ERRORS, _IN_DISCARDS, _OUT_DISCARDS, _DISCONTINUITY, _OPER_STATUS)

_UP, _UNKNOWN_STATUS, _NO_CONNECTOR, _LOOPBACK = 1, 4, 2, 24
# IANA's ifType: Ethernet and its forerunners, token ring, FDDI, serial lines, ISDN trunks, DSL, cable, fibre, radio.
_PHYSICAL = frozenset(
    (
        *(6, 7, 9, 15, 18, 22, 26, 30, 32, 37, 39, 45, 46, 56, 62, 69, 71, 94, 95, 96, 97, 117, 127, 168, 169, 188),
        *(195, 199, 230, 238, 243, 244, 250, 251),
    )
)
_LARGEST_COUNTER = 2**64 - 1
_MOST_LISTED = 20


class Session(Protocol):
    """What is asked of a device here."""

    async def get(self, oids: Sequence[str]) -> dict[str, Value]:
        """The values of those of these objects that there are, and the uptime."""
        ...

    async def walk(self, column: str) -> dict[int, Value]:
        """A column of a table, by its index."""
        ...


@dataclass(frozen=True, slots=True)
class Interface:
    """A row of the tables. `name` is unique within the device; `label` is what it was made of, in column `labelled_by`.

    `octets` is what it had counted when it was seen, `octet_bits` how wide those counters are.
    """

    index: int
    name: str
    label: Value
    labelled_by: str
    alias: str | None
    interface_type: int | None
    line_speed: float | None
    octets: int
    octet_bits: int
    is_enabled: bool
    is_up: bool
    is_physical: bool

    def oids(self) -> list[str]:
        """What to ask for at each reading."""
        octets = (_HC_IN_OCTETS, _HC_OUT_OCTETS) if self.octet_bits == 64 else (_IN_OCTETS, _OUT_OCTETS)
        return [f"{column}.{self.index}" for column in (self.labelled_by, *octets, *_COUNTED)]

    def is_same(self, values: Mapping[str, Value]) -> bool:
        """Whether this number still is this interface."""
        return values.get(f"{self.labelled_by}.{self.index}") == self.label

    def to_counters(self, values: Mapping[str, Value]) -> Counters:
        """Its counters in an answer."""
        octets = (_HC_IN_OCTETS, _HC_OUT_OCTETS) if self.octet_bits == 64 else (_IN_OCTETS, _OUT_OCTETS)
        octets_in, octets_out = (to_count(values.get(f"{column}.{self.index}")) for column in octets)
        return Counters(
            octets_in=octets_in,
            octets_out=octets_out,
            errors_in=to_count(values.get(f"{_IN_ERRORS}.{self.index}")),
            errors_out=to_count(values.get(f"{_OUT_ERRORS}.{self.index}")),
            discards_in=to_count(values.get(f"{_IN_DISCARDS}.{self.index}")),
            discards_out=to_count(values.get(f"{_OUT_DISCARDS}.{self.index}")),
            octet_bits=self.octet_bits,
            line_speed=self.line_speed,
            epoch=f"{self.index}/{to_count(values.get(f'{_DISCONTINUITY}.{self.index}')) or 0}",
        )

    def to_reading(self, values: Mapping[str, Value], rates: Rates) -> InterfaceReading:
        """Its state in an answer, with these rates."""
        status = to_count(values.get(f"{_OPER_STATUS}.{self.index}"))
        state = State.DOWN
        if status in (None, _UNKNOWN_STATUS):
            state = State.UNKNOWN
        elif status == _UP:
            state = State.UP
        return InterfaceReading(
            name=self.name,
            state=state,
            alias=self.alias,
            interface_type=self.interface_type,
            line_speed=self.line_speed,
            upload_speed=rates.upload_speed,
            download_speed=rates.download_speed,
            errors_in=rates.errors_in,
            errors_out=rates.errors_out,
            discards_in=rates.discards_in,
            discards_out=rates.discards_out,
        )


async def read_interfaces(session: Session) -> Sequence[Interface]:
    """All interfaces of a device, in the order of their numbers.

    Raises:
        DriverError: as the session does.
    """
    columns = {column: await session.walk(column) for column in _WALKED}
    plain: dict[str, dict[int, Value]] = {_IN_OCTETS: {}, _OUT_OCTETS: {}}
    if not columns[_HC_IN_OCTETS].keys() >= columns[_TYPE].keys():
        plain = {column: await session.walk(column) for column in plain}
    indexes = sorted(columns[_TYPE].keys() | columns[_DESCR].keys() | columns[_NAME].keys())
    names = Counter(columns[_NAME].values())
    labels = {index: _label(columns, index, names) for index in indexes}
    often = Counter(to_text(label) for _, label in labels.values())
    return [_to_interface({**columns, **plain}, index, labels[index], often) for index in indexes]


def _label(columns: Mapping[str, Mapping[int, Value]], index: int, names: Mapping[Value, int]) -> tuple[str, Value]:
    """The column that names an interface, and the name; ifDescr where ifName is empty or not its own."""
    name = columns[_NAME].get(index)
    is_own = bool(to_text(name)) and names[name] == 1
    return (_NAME, name) if is_own or index not in columns[_DESCR] else (_DESCR, columns[_DESCR][index])


def _to_interface(
    columns: Mapping[str, Mapping[int, Value]], index: int, label: tuple[str, Value], often: Mapping[str, int]
) -> Interface:
    name = to_text(label[1])
    wide = [to_count(columns[column].get(index)) for column in (_HC_IN_OCTETS, _HC_OUT_OCTETS)]
    narrow = [to_count(columns[column].get(index)) for column in (_IN_OCTETS, _OUT_OCTETS)]
    is_wide = None not in wide
    interface_type = to_count(columns[_TYPE].get(index))
    return Interface(
        index=index,
        name=name if name and often[name] == 1 else f"{name}#{index}",
        label=label[1],
        labelled_by=label[0],
        alias=to_text(columns[_ALIAS].get(index)) or None,
        interface_type=interface_type,
        line_speed=_line_speed(columns[_HIGH_SPEED].get(index), columns[_SPEED].get(index)),
        octets=sum(count or 0 for count in (wide if is_wide else narrow)),
        octet_bits=64 if is_wide else 32,
        is_enabled=columns[_ADMIN_STATUS].get(index, _UP) == _UP,
        is_up=columns[_OPER_STATUS].get(index) == _UP,
        is_physical=interface_type in _PHYSICAL and columns[_CONNECTOR].get(index) != _NO_CONNECTOR,
    )


def choose_interfaces(
    interfaces: Sequence[Interface], options: SnmpOptions, kept: frozenset[str], before: Mapping[str, int]
) -> Sequence[Interface]:
    """Those that the options name, or the physical ones that are up.

    `kept` are names that were read before: without a choice they stay when they go down. `before` is what each had
    counted when the tables were last read, by which the busiest are told; none the first time.

    Raises:
        DriverFault: the options name none of those there are.
    """
    if options.chooses_by_itself:
        chosen = _choose_usual(interfaces, kept)
    else:
        chosen = [one for one in interfaces if _is_named(one, options)]
        if not chosen:
            there = ", ".join(one.name for one in interfaces[:_MOST_LISTED]) or "none"
            raise DriverFault(f"the device has no interface that the options name; it has: {there}")
    if options.busiest is not None:
        busiest = sorted(chosen, key=lambda one: one.octets - before.get(one.name, 0), reverse=True)[: options.busiest]
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


def _line_speed(high: Value, low: Value) -> float | None:
    """Mbit/s; ifSpeed is bits per second, and all ones where they do not fit."""
    if to_count(high):
        return float(to_count(high) or 0)
    bits = to_count(low)
    return bits / 1_000_000 if bits and bits < 2**32 - 1 else None


def to_count(value: Value) -> int | None:
    """A whole number that a counter can have; null for anything else that a device may say."""
    return value if isinstance(value, int) and 0 <= value <= _LARGEST_COUNTER else None


def to_text(value: Value) -> str:
    """Text without what cannot be shown; empty for anything else that a device may say."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return "".join(one for one in value if one.isprintable()).strip()[:255] if isinstance(value, str) else ""
