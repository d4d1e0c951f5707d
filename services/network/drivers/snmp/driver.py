"""Driver `snmp`: a device that answers SNMP, from the counters of its interfaces."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from dashnet.errors import DeviceTimeout, DriverFault
from dashnet.reading import Reading, State
from services.network.counters.following import explain, follow
from services.network.counters.growth import TOO_FAST, is_line_speed_wrong
from services.network.counters.values import Sample, sum_speeds
from services.network.drivers.batches import Batches
from services.network.drivers.driver import DeviceReads, ReadLimits, Target
from services.network.drivers.facts import Facts
from services.network.drivers.host import Samples
from services.network.drivers.snmp.agents import IF_NUMBER, TABLE_CHANGE, Agent, uptime_seconds
from services.network.drivers.snmp.facts import read_facts
from services.network.drivers.snmp.options import SnmpOptions
from services.network.drivers.snmp.sizes import Sizes
from services.network.drivers.snmp.tables import Interface
from services.network.drivers.snmp.values import Value

if TYPE_CHECKING:
    from services.network.drivers.snmp.session import Session

logger = logging.getLogger(__name__)

NAME = "snmp"
# Agents keep their counters for some seconds before they look again, so over less a rate is luck.
SHORTEST_SECONDS = 5.0
# Replicas on several machines share samples, so it is the time of day.
_CLOCK = "utc"
_NO_INTERFACES = (
    "answers, but shows no interfaces: it has none, or does not let us see them (snmpd: a view such as systemonly)"
)
_NONE_UP = "answers, but none of its {count} interfaces is up"
_SPARE_AGENTS = 100
_Seen = tuple[Sequence[Interface], Mapping[str, Value]]


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

    def repeats_of(self, device_id: int) -> frozenset[str]:
        """Return the names of a device's interfaces that its total leaves out, as far as they are known."""
        agent = self._agents.get(device_id)
        return agent.repeats if agent else frozenset()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:
        """One reading per target; the samples of those read at the same time are fetched and kept at once."""
        self._forget_all_but(inventory)
        return await self._reads.read(targets)

    async def _read_one(self, target: Target) -> Reading:
        earlier = await self._earlier.ask(target.device_id, None)
        kept = frozenset(earlier.interfaces if earlier else ())
        async with self.ask(target) as (agent, session):
            head = await session.get([IF_NUMBER, TABLE_CHANGE])
            round_trip_seconds = session.round_trip_seconds
            try:
                seen = await agent.read_counters(session, head, kept, self._now())
            except DeviceTimeout as timeout:
                # It has answered just now, so it is up.
                error = f"answers, but not about its interfaces: {timeout.detail}"
                return Reading(target.device_id, State.UP, None, None, round_trip_seconds, datetime.now(UTC), error)
        followed = await self._follow(agent, seen, earlier)
        return _to_reading(agent, seen, followed, round_trip_seconds)

    async def _follow(self, agent: Agent, seen: _Seen, earlier: Sample | None) -> Sample:
        """Return the sample to show, and keep it for the next time."""
        interfaces, values = seen
        counters = {one.name: agent.widths.count(one, values) for one in interfaces}
        sample = Sample(_CLOCK, self._now(), counters, uptime_seconds(values))
        agent.widths.look_ahead(interfaces, earlier, sample)
        followed = follow(earlier, sample, SHORTEST_SECONDS, may_cache=True)
        if followed is not earlier:
            await self._taken.ask(agent.target.device_id, followed)
        return followed

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
            agent = self._agents[target.device_id] = Agent(target, Sizes())
        async with agent.lock:
            session = snmp_session.Session(await snmp_session.resolve(target.ip_address), options, agent.sizes)
            try:
                await session.open()
                yield agent, session
            finally:
                session.close()

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


def _to_reading(agent: Agent, seen: _Seen, followed: Sample, round_trip_seconds: float) -> Reading:
    interfaces, values = seen
    rates = {one.name: followed.rates_of(one.name) for one in interfaces}
    if any(its.reason == TOO_FAST and followed.doubts[name].excesses == 1 for name, its in rates.items()):
        # The line may have another speed by now: the next reading asks.
        agent.forget_tables()
    upload, download = sum_speeds(its for name, its in rates.items() if name not in agent.repeats)
    wrong = {name for name, doubt in followed.doubts.items() if is_line_speed_wrong(doubt)}
    return Reading(
        agent.target.device_id,
        State.UP,
        upload,
        download,
        round_trip_seconds,
        datetime.now(UTC),
        explain(followed, rates) if interfaces else _explain_none(agent),
        interfaces=[
            one.to_reading(values, rates[one.name], is_line_speed_wrong=one.name in wrong) for one in interfaces
        ],
    )


def _explain_none(agent: Agent) -> str:
    count = agent.tables.count if agent.tables else 0
    return _NONE_UP.format(count=count) if count else _NO_INTERFACES
