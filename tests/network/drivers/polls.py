"""A driver `snmp` on a clock of the test's own, and the devices it reads."""

from typing import Any, Protocol

from dashnet.reading import InterfaceReading, Reading
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.snmp.driver import SnmpDriver
from services.network.drivers.snmp.options import SnmpOptions
from tests.network.drivers.memory_samples import MemorySamples

TIMEOUT_SECONDS = 0.2


class Played(Protocol):
    """An agent on a port of 127.0.0.1."""

    @property
    def port(self) -> int:
        """Where it answers."""
        ...

    def tick(self, seconds: float) -> None:
        """Let its clock go on."""
        ...


class Poller:
    """Reads one agent, minute by minute, without waiting for the minutes."""

    def __init__(self, agent: Played, **options: Any) -> None:
        self.agent = agent
        self.options = options
        self.now = 1_000_000.0
        self.samples = MemorySamples()
        self.driver = SnmpDriver(self.samples, ReadLimits(100, 10), lambda: self.now)

    def target(self, device_id: int = 1, **options: Any) -> Target:
        """The agent as a device."""
        given = {"community": "public", "port": self.agent.port, "timeout_seconds": TIMEOUT_SECONDS, "retries": 1}
        chosen = SnmpOptions.model_validate({**given, **self.options, **options})
        return Target(device_id, "Switch", "127.0.0.1", "snmp", chosen, None)

    @property
    def repeats(self) -> frozenset[str]:
        """The interfaces that the device's total leaves out."""
        return self.driver.repeats_of(1)

    async def read(self) -> Reading:
        """The agent now."""
        (reading,) = await self.driver.read([self.target()], {1: self.target()})
        return reading

    async def read_after(self, seconds: float = 60.0) -> Reading:
        """The agent after so much time, for both of us."""
        self.now += seconds
        self.agent.tick(seconds)
        return await self.read()

    async def read_interfaces_after(self, seconds: float = 60.0) -> dict[str, InterfaceReading]:
        """As `read_after`: its interfaces by their names."""
        return {one.name: one for one in (await self.read_after(seconds)).interfaces}
