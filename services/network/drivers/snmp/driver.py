"""Driver `snmp`: a device that answers SNMP 2c or 3, from the counters of its interfaces."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from dashnet.errors import DeviceTimeout, DriverFault
from dashnet.reading import Reading, State
from services.network.counters import NO_RATES, Sample, follow, sum_speeds
from services.network.drivers.batches import Batches
from services.network.drivers.driver import DeviceReads, ReadLimits, Target
from services.network.drivers.facts import Facts
from services.network.drivers.host import Samples
from services.network.drivers.snmp.facts import read_facts
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.tables import Interface, Value, choose_interfaces, read_interfaces, to_count

if TYPE_CHECKING:
    from services.network.drivers.snmp.session import Session, Sizes

logger = logging.getLogger(__name__)

NAME = "snmp"
# Agents keep their counters for some seconds before they look again, so over less a rate is luck.
SHORTEST_SECONDS = 5.0
# How long a device's tables are believed, where it does not say itself that they changed.
TABLES_SECONDS = 600.0
_SYS_UPTIME, _IF_NUMBER, _TABLE_CHANGE = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.1.0", "1.3.6.1.2.1.31.1.5.0"
# Replicas on several machines share samples, so it is the time of day.
_CLOCK = "utc"
_NO_INTERFACES = (
    "answers, but shows no interface that is up: perhaps it does not let us see them (snmpd: a view such as systemonly)"
)
_GOLDEN_RATIO = 0.618034
_SPARE_AGENTS = 100


@dataclass(frozen=True, slots=True)
class Tables:
    """What was last read of a device's tables: the interfaces to keep, and how to tell that they are of old."""

    chosen: Sequence[Interface]
    octets: Mapping[str, int]
    signs: tuple[Value, Value]
    uptime_seconds: float | None
    read_at_seconds: float


@dataclass(slots=True)
class Agent:
    """What this process remembers of one device between readings. The lock holds the device to one request."""

    target: Target
    sizes: "Sizes"
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    tables: Tables | None = None


class SnmpDriver:
    """Reads devices by SNMP; rates are means since the last sample, by the device's own clock."""

    name = NAME

    def __init__(self, samples: Samples, limits: ReadLimits, now: Callable[[], float] = time.time) -> None:
        self._earlier: Batches[None, Sample] = Batches(lambda asked: samples.get(list(asked)))
        self._taken: Batches[Sample, None] = Batches(partial(_keep, samples))
        self._limits = limits
        self._reads = DeviceReads(self._read_one, limits)
        self._now = now
        self._agents: dict[int, Agent] = {}

    @property
    def remembered(self) -> set[int]:
        """The devices of which anything is remembered between readings."""
        return set(self._agents)

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:
        """One reading per target; the samples of those read at the same time are fetched and kept at once."""
        self._forget_all_but(inventory)
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        earlier = await self._earlier.ask(target.device_id, None)
        async with self.ask(target) as (agent, session):
            head = await session.get([_IF_NUMBER, _TABLE_CHANGE])
            round_trip_seconds = session.round_trip_seconds
            try:
                interfaces, values = await self._read_counters(agent, session, head, earlier)
            except DeviceTimeout as timeout:
                # It has answered just now, so it is up.
                error = f"answers, but not about its interfaces: {timeout.detail}"
                return Reading(target.device_id, State.UP, 0.0, 0.0, round_trip_seconds, datetime.now(UTC), error)
        counters = {one.name: one.to_counters(values) for one in interfaces}
        sample = Sample(_CLOCK, self._now(), counters, _uptime_seconds(values))
        followed = follow(earlier, sample, SHORTEST_SECONDS)
        if followed is not earlier:
            await self._taken.ask(target.device_id, followed)
        rates = [followed.rates.get(one.name, NO_RATES) for one in interfaces]
        upload, download = sum_speeds(rates)
        return Reading(
            target.device_id,
            State.UP,
            upload,
            download,
            round_trip_seconds,
            datetime.now(UTC),
            None if interfaces else _NO_INTERFACES,
            interfaces=[one.to_reading(values, its) for one, its in zip(interfaces, rates, strict=True)],
        )

    async def _read_counters(
        self, agent: Agent, session: "Session", head: Mapping[str, Value], earlier: Sample | None
    ) -> tuple[Sequence[Interface], Mapping[str, Value]]:
        """The interfaces to keep, and the values of their objects; the tables are read anew where they changed."""
        kept = frozenset(earlier.interfaces if earlier else ())
        if not self._is_current(agent, head):
            await self._read_tables(agent, session, head, kept)
        values = await _read_values(agent, session)
        if not all(one.is_same(values) for one in _chosen(agent)):
            await self._read_tables(agent, session, head, kept)
            values = await _read_values(agent, session)
        return [one for one in _chosen(agent) if one.is_same(values)], values

    async def describe(self, target: Target) -> Facts:
        """What the device says of itself now.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: not to this user or these keys, or no address.
        """
        try:
            async with asyncio.timeout(self._limits.timeout_seconds), self.ask(target) as (_, session):
                return await read_facts(session)
        except TimeoutError as error:
            raise DeviceTimeout(f"no answer within {self._limits.timeout_seconds:g} s") from error

    @asynccontextmanager
    async def ask(self, target: Target) -> AsyncIterator[tuple[Agent, "Session"]]:
        """An open session with a device, alone with it.

        Raises:
            DeviceTimeout: no answer.
            DriverFault: not to this user or these keys, no address, or there is no SNMP on this platform.
        """
        try:
            from services.network.drivers.snmp import session as snmp_session
        except ImportError as error:
            raise DriverFault("there is no SNMP on this platform: gufo-snmp has no wheel for it") from error
        options = target.options
        assert isinstance(options, SnmpOptions)
        agent = self._agents.get(target.device_id)
        if agent is None or (agent.target.ip_address, agent.target.options) != (target.ip_address, options):
            agent = self._agents[target.device_id] = Agent(target, snmp_session.Sizes())
        async with agent.lock:
            session = snmp_session.Session(await snmp_session.resolve(target.ip_address), options, agent.sizes)
            await session.open()
            yield agent, session

    def _is_current(self, agent: Agent, head: Mapping[str, Value]) -> bool:
        """Whether the tables that are remembered may still be believed; each device's end at a time of their own."""
        tables = agent.tables
        if tables is None or tables.signs != _signs(head):
            return False
        if (_uptime_seconds(head) or 0) < (tables.uptime_seconds or 0):
            return False
        spread = 0.75 + agent.target.device_id * _GOLDEN_RATIO % 1 / 2
        return 0 <= self._now() - tables.read_at_seconds < TABLES_SECONDS * spread

    async def _read_tables(
        self, agent: Agent, session: "Session", head: Mapping[str, Value], kept: frozenset[str]
    ) -> None:
        agent.sizes.reset()
        interfaces = await read_interfaces(session)
        before = agent.tables.octets if agent.tables else {}
        options = agent.target.options
        assert isinstance(options, SnmpOptions)
        chosen = choose_interfaces(interfaces, options, kept, before)
        octets = {one.name: one.octets for one in interfaces} if options.busiest is not None else {}
        agent.tables = Tables(chosen, octets, _signs(head), _uptime_seconds(head), self._now())

    def _forget_all_but(self, inventory: Mapping[int, Target]) -> None:
        if len(self._agents) > len(inventory) + _SPARE_AGENTS:
            self._agents = {device_id: agent for device_id, agent in self._agents.items() if device_id in inventory}


async def _keep(samples: Samples, taken: Mapping[int, Sample]) -> Mapping[int, None]:
    """Without these the next rates are of a longer time, which is no reason to spoil a reading."""
    try:
        await samples.put(taken)
    except DriverFault as fault:
        logger.warning("samples not kept devices=%d error=%s", len(taken), fault.detail)
    return {}


def _chosen(agent: Agent) -> Sequence[Interface]:
    return agent.tables.chosen if agent.tables else ()


async def _read_values(agent: Agent, session: "Session") -> Mapping[str, Value]:
    return await session.get([oid for one in _chosen(agent) for oid in one.oids()])


def _signs(head: Mapping[str, Value]) -> tuple[Value, Value]:
    return head.get(_IF_NUMBER), head.get(_TABLE_CHANGE)


def _uptime_seconds(values: Mapping[str, Value]) -> float | None:
    hundredths = to_count(values.get(_SYS_UPTIME))
    return None if hundredths is None else hundredths / 100
