"""A device's interface tables (IF-MIB): which interfaces there are, and their counters."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashnet.reading import InterfaceReading, State
from services.network.counters.values import Counters, Rates
from services.network.drivers.snmp.values import Session, Value, to_count, to_text

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

_UP, _DOWN, _UNKNOWN_STATUS, _NO_CONNECTOR = 1, 2, 4, 2
# IANA's ifType: Ethernet and its forerunners, token ring, FDDI, serial lines, ISDN trunks, DSL, cable, fibre, radio.
PORT_TYPES = frozenset(
    (
        *(6, 7, 9, 15, 18, 22, 26, 30, 32, 37, 39, 45, 46, 56, 62, 69, 71, 94, 95, 96, 97, 117, 127, 168, 169, 188),
        *(195, 199, 230, 238, 243, 244, 250, 251),
    )
)
_LARGEST_GAUGE = 2**32 - 1
# ifHighSpeed is Mbit/s; more than this means bits per second.
_FASTEST_SPEED = 1_600_000
# No line is slower in bits per second, so a smaller number that both columns share is Mbit/s.
_SLOWEST_BITS = 9600


# The 64-bit counter of one direction, and the 32-bit one; null where there is none in an answer.
Pair = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Interface:
    """A row of the tables. `name` is unique within the device; `label` is what it was made of, in column `labelled_by`.

    `octets` is what it had counted when it was seen (null: nothing, and not 0), `octet_bits` how wide those counters
    are.
    """

    index: int
    name: str
    label: Value
    labelled_by: str
    description: str
    alias: str | None
    interface_type: int | None
    line_speed: float | None
    octets: int | None
    octet_bits: int
    is_enabled: bool
    is_up: bool
    is_physical: bool

    def oids(self, *, with_narrow: bool = False) -> list[str]:
        """Return what to ask for at each reading; `with_narrow`: 32-bit octet counters beside those of 64 bits."""
        octets = (_HC_IN_OCTETS, _HC_OUT_OCTETS) if self.octet_bits == 64 else (_IN_OCTETS, _OUT_OCTETS)
        more = (_IN_OCTETS, _OUT_OCTETS) if with_narrow else ()
        return [f"{column}.{self.index}" for column in (self.labelled_by, *octets, *more, *_COUNTED)]

    def is_same(self, values: Mapping[str, Value]) -> bool:
        """Whether this number still is this interface."""
        return values.get(f"{self.labelled_by}.{self.index}") == self.label

    def octet_pairs(self, values: Mapping[str, Value]) -> tuple[Pair, Pair]:
        """Return both kinds of its octet counters in an answer, received and sent."""
        wide_in, wide_out, narrow_in, narrow_out = (
            to_count(values.get(f"{column}.{self.index}"))
            for column in (_HC_IN_OCTETS, _HC_OUT_OCTETS, _IN_OCTETS, _OUT_OCTETS)
        )
        return (wide_in, narrow_in), (wide_out, narrow_out)

    def to_counters(self, values: Mapping[str, Value], octet_bits: int) -> Counters:
        """Return its counters in an answer, octets from those of so many bits."""
        octets = (_HC_IN_OCTETS, _HC_OUT_OCTETS) if octet_bits == 64 else (_IN_OCTETS, _OUT_OCTETS)
        octets_in, octets_out = (to_count(values.get(f"{column}.{self.index}")) for column in octets)
        return Counters(
            octets_in=octets_in,
            octets_out=octets_out,
            errors_in=to_count(values.get(f"{_IN_ERRORS}.{self.index}")),
            errors_out=to_count(values.get(f"{_OUT_ERRORS}.{self.index}")),
            discards_in=to_count(values.get(f"{_IN_DISCARDS}.{self.index}")),
            discards_out=to_count(values.get(f"{_OUT_DISCARDS}.{self.index}")),
            octet_bits=octet_bits,
            # Interfaces without a line of their own, such as tunnels, often carry more than they say.
            line_speed=self.line_speed if self.is_physical else None,
            epoch=f"{self.index}/{to_count(values.get(f'{_DISCONTINUITY}.{self.index}')) or 0}",
        )

    def to_reading(
        self, values: Mapping[str, Value], rates: Rates, *, is_line_speed_wrong: bool = False
    ) -> InterfaceReading:
        """Return its state in an answer, with these rates."""
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
            line_speed=None if is_line_speed_wrong else self.line_speed,
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
    wide = columns[_HC_IN_OCTETS]
    if not wide.keys() >= columns[_TYPE].keys() or not any(wide.values()):
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
    has_narrow = None not in narrow
    octets = [count for count in (wide if is_wide and (any(wide) or not has_narrow) else narrow) if count is not None]
    interface_type = to_count(columns[_TYPE].get(index))
    return Interface(
        index=index,
        name=name if name and often[name] == 1 else f"{name}#{index}",
        label=label[1],
        labelled_by=label[0],
        description=to_text(columns[_DESCR].get(index)),
        alias=to_text(columns[_ALIAS].get(index)) or None,
        interface_type=interface_type,
        line_speed=to_line_speed(columns[_HIGH_SPEED].get(index), columns[_SPEED].get(index)),
        octets=sum(octets) if octets else None,
        octet_bits=64 if is_wide else 32,
        is_enabled=columns[_ADMIN_STATUS].get(index) != _DOWN,
        is_up=columns[_OPER_STATUS].get(index) == _UP,
        is_physical=interface_type in PORT_TYPES and columns[_CONNECTOR].get(index) != _NO_CONNECTOR,
    )


def to_line_speed(high: Value, low: Value) -> float | None:
    """Return Mbit/s from ifHighSpeed and ifSpeed, null where neither says anything that can be believed.

    ifHighSpeed is Mbit/s, but some agents put the number of ifSpeed there, which is bits per second. ifSpeed is all
    ones where it does not fit; some agents make ifHighSpeed of that.
    """
    fast, bits = to_count(high) or 0, to_count(low) or 0
    if bits >= _LARGEST_GAUGE:
        bits = 0
    if fast >= _LARGEST_GAUGE or (not bits and fast in (_LARGEST_GAUGE // 10**6, _LARGEST_GAUGE // 10**6 + 1)):
        fast = 0
    if fast and (fast > _FASTEST_SPEED or (fast == bits and bits >= _SLOWEST_BITS)):
        fast, bits = 0, fast
    return float(fast) if fast else bits / 1_000_000 if bits else None
