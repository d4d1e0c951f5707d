"""What this process remembers of a device between readings: its tables, and how much it answers at once."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from services.network.drivers.driver import Target
from services.network.drivers.snmp.choice import choose_interfaces
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.sizes import Sizes
from services.network.drivers.snmp.stacking import read_repeats
from services.network.drivers.snmp.tables import Interface, read_interfaces
from services.network.drivers.snmp.values import Value, to_count
from services.network.drivers.snmp.widths import Widths

if TYPE_CHECKING:
    from services.network.drivers.snmp.session import Session

# How long a device's tables are believed, where it does not say itself that they changed.
TABLES_SECONDS = 600.0
_SYS_UPTIME, IF_NUMBER, TABLE_CHANGE = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.1.0", "1.3.6.1.2.1.31.1.5.0"
_GOLDEN_RATIO = 0.618034

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Tables:
    """What was last read of a device's tables.

    `chosen` are the interfaces to keep, of `count`; the device's total leaves out those whose names are `repeats`.
    `octets` is what each had counted, where the busiest are asked for. `signs` and `uptime_seconds` show that the
    tables changed.
    """

    chosen: Sequence[Interface]
    repeats: frozenset[str]
    count: int
    octets: Mapping[str, int]
    signs: tuple[Value, Value]
    uptime_seconds: float | None
    read_at_seconds: float


@dataclass(slots=True)
class Agent:
    """One device. The lock holds it to one request at a time."""

    target: Target
    sizes: Sizes
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tables: Tables | None = None
    widths: Widths = field(default_factory=Widths)

    @property
    def chosen(self) -> Sequence[Interface]:
        """The interfaces to keep, as far as they are known."""
        return self.tables.chosen if self.tables else ()

    @property
    def repeats(self) -> frozenset[str]:
        """The names of interfaces whose frames others count already."""
        return self.tables.repeats if self.tables else frozenset()

    def forget_tables(self) -> None:
        """Have the tables read anew by the next reading."""
        if self.tables:
            self.tables = replace(self.tables, read_at_seconds=-math.inf)

    async def read_counters(
        self, session: "Session", head: Values, kept: frozenset[str], now: float
    ) -> tuple[Sequence[Interface], Values]:
        """Return the interfaces to keep, and the values of their objects; read the tables anew where they changed.

        Raises:
            DriverError: as the session does, or no interface is named by the options.
        """
        if not self._is_current(head, now):
            await self._read_tables(session, head, kept, now)
        values = await self._read_values(session)
        if not all(one.is_same(values) for one in self.chosen):
            await self._read_tables(session, head, kept, now)
            values = await self._read_values(session)
        return [one for one in self.chosen if one.is_same(values)], values

    async def _read_values(self, session: "Session") -> Values:
        is_doubtful = self.widths.is_doubtful
        return await session.get([oid for one in self.chosen for oid in one.oids(with_narrow=is_doubtful(one))])

    def _is_current(self, head: Values, now: float) -> bool:
        """Return whether the tables may still be believed; each device's end at a time of their own."""
        tables = self.tables
        if tables is None or tables.signs != _signs(head):
            return False
        if (uptime_seconds(head) or 0) < (tables.uptime_seconds or 0):
            return False
        spread = 0.75 + self.target.device_id * _GOLDEN_RATIO % 1 / 2
        return 0 <= now - tables.read_at_seconds < TABLES_SECONDS * spread

    async def _read_tables(self, session: "Session", head: Values, kept: frozenset[str], now: float) -> None:
        self.sizes.reset()
        interfaces = await read_interfaces(session)
        options = self.target.options
        assert isinstance(options, SnmpOptions)
        chosen = choose_interfaces(interfaces, options, kept, self.tables.octets if self.tables else {})
        repeats = await read_repeats(session, interfaces, chosen)
        octets = {one.name: one.octets or 0 for one in interfaces} if options.busiest is not None else {}
        self.tables = Tables(chosen, repeats, len(interfaces), octets, _signs(head), uptime_seconds(head), now)
        self.widths.begin(chosen)


def uptime_seconds(values: Values) -> float | None:
    """Return a device's uptime in an answer, null where it has none."""
    hundredths = to_count(values.get(_SYS_UPTIME))
    return None if hundredths is None else hundredths / 100


def _signs(head: Values) -> tuple[Value, Value]:
    return head.get(IF_NUMBER), head.get(TABLE_CHANGE)
