"""A small simulated network that agents show: a router, switches behind it, and devices behind those."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.network.demo_agents.ber import (
    COUNTER32,
    COUNTER64,
    GAUGE32,
    TIME_TICKS,
    Oid,
    Value,
    name,
    octets,
    text,
    to_oid,
    whole,
)
from services.network.simulation import Fleet, observe

_LINE_SPEED = 1000
_SYSTEM, _IF_TABLE, _IF_X_TABLE = "1.3.6.1.2.1.1", "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1"
_ENTITY, _ARP = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.4.22.1"
_LLDP_LOCAL, _LLDP_REMOTE, _LLDP_ADDRESS = "1.0.8802.1.1.2.1.3", "1.0.8802.1.1.2.1.4.1.1", "1.0.8802.1.1.2.1.4.2.1"
_MAC_SUBTYPE, _IPV4_FAMILY, _CHASSIS, _ETHERNET, _DYNAMIC = 4, 1, 3, 6, 3
_LOW = 2**32
_BEHIND_A_SWITCH = 8
# What a device calls itself, its system, and the layers that it serves (RFC 1213).
_KINDS = (
    ("router", "Linux 6.12", 0b0100_1110),
    ("switch", "Linux 6.6", 0b0000_0010),
    ("access point", "Linux 5.15", 0b0000_0010),
    ("printer", "Linux 4.19", 0b0100_1000),
    ("server", "Linux 6.12", 0b0100_1000),
    ("nas", "Linux 5.10", 0b0100_1000),
)
_PORTS = {"router": 4, "switch": 10}


@dataclass
class Agent:
    """One device: its place in the network, and what its interfaces have counted since the start."""

    number: int
    kind: str
    system: str
    services: int
    uplink: int | None
    received: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    is_up: list[bool] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it answers: 127.0.0.2 and so on."""
        return f"127.0.0.{self.number + 2}"

    @property
    def host_name(self) -> str:
        """Its sysName."""
        return f"demo-{self.kind.replace(' ', '-')}-{self.number + 1}"

    def hardware_address(self, port: int = 0) -> bytes:
        """Of an interface; the device's own is that of the first. 02 marks an address that no manufacturer gave."""
        return bytes((0x02, 0xDA, 0x5E, 0xA6, self.number, port))


def plan_agents(count: int) -> list[Agent]:
    """A router, a switch behind it for each eight further devices, and those."""
    agents: list[Agent] = []
    switch = 0
    for number in range(count):
        if number == 0:
            kind, uplink = 0, None
        elif (number - 1) % (_BEHIND_A_SWITCH + 1) == 0:
            kind, uplink, switch = 1, 0, number
        else:
            kind, uplink = 2 + number % 4, switch
        agents.append(Agent(number, *_KINDS[kind], uplink))
    for agent in agents:
        ports = _PORTS.get(agent.kind, 1)
        agent.received, agent.sent, agent.is_up = [0.0] * ports, [0.0] * ports, [True] * ports
    return agents


class Network:
    """Agents whose interfaces carry what the simulation says that they carry; counters only grow."""

    def __init__(self, count: int, seed: int) -> None:
        self.agents = plan_agents(count)
        places = [(agent, port) for agent in self.agents for port in range(len(agent.sent))]
        self._places = places
        size = len(places)
        self._fleet = Fleet.of(
            range(1, size + 1), [seed] * size, [None] * size, [True] * size, [(float(_LINE_SPEED),) * 2] * size
        )

    def carry(self, at_seconds: int, seconds: float) -> None:
        """Let time go on: what is carried at this moment is carried for so long."""
        seen = observe(self._fleet, at_seconds)
        for place, (agent, port) in enumerate(self._places):
            # The first interface is the way to the agent itself, which answers.
            agent.is_up[port] = port == 0 or bool(seen.up[place])
            agent.sent[port] += float(seen.upload_speed[place]) * 125_000 * seconds
            agent.received[port] += float(seen.download_speed[place]) * 125_000 * seconds

    def mib(self, agent: Agent, uptime_seconds: float) -> Mapping[Oid, Value]:
        """Every object of an agent now."""
        objects = {
            **dict(_system(agent, uptime_seconds)),
            **dict(_interfaces(agent)),
            **dict(self._neighbours(agent)),
        }
        return {to_oid(oid): value for oid, value in objects.items()}

    def _neighbours(self, agent: Agent) -> Iterator[tuple[str, Value]]:
        """LLDP's tables, and the router's ARP table."""
        yield f"{_LLDP_LOCAL}.1.0", whole(_MAC_SUBTYPE)
        yield f"{_LLDP_LOCAL}.2.0", octets(agent.hardware_address())
        beside = [one for one in self.agents if one.uplink == agent.number or one.number == agent.uplink]
        for index, other in enumerate(beside, start=1):
            row = f"0.{min(index, len(agent.sent))}.{index}"
            yield f"{_LLDP_REMOTE}.4.{row}", whole(_MAC_SUBTYPE)
            yield f"{_LLDP_REMOTE}.5.{row}", octets(other.hardware_address())
            yield f"{_LLDP_REMOTE}.9.{row}", text(other.host_name)
            yield f"{_LLDP_ADDRESS}.3.{row}.{_IPV4_FAMILY}.4.{other.address}", whole(2)
        for other in self.agents if agent.number == 0 else ():
            row = f"1.{other.address}"
            yield f"{_ARP}.2.{row}", octets(other.hardware_address())
            yield f"{_ARP}.4.{row}", whole(_DYNAMIC)


def _system(agent: Agent, uptime_seconds: float) -> Iterator[tuple[str, Value]]:
    values: Sequence[Value] = (
        text(f"{agent.system.replace(' ', f' {agent.host_name} ')} simulated {agent.kind} (dashnet demo agents)"),
        name("1.3.6.1.4.1.8072.3.2.10"),
        whole(int(uptime_seconds * 100) % _LOW, TIME_TICKS),
        text("nobody"),
        text(agent.host_name),
        text("this machine"),
        whole(agent.services),
    )
    yield from ((f"{_SYSTEM}.{number}.0", value) for number, value in enumerate(values, start=1))
    yield f"{_ENTITY}.5.1", whole(_CHASSIS)
    yield f"{_ENTITY}.11.1", text(f"DEMO{agent.number + 1:04}")
    yield f"{_ENTITY}.12.1", text("Dashnet")
    yield f"{_ENTITY}.13.1", text(f"Demo {agent.kind}")


def _interfaces(agent: Agent) -> Iterator[tuple[str, Value]]:
    yield "1.3.6.1.2.1.2.1.0", whole(len(agent.sent))
    for port, (received, sent, is_up) in enumerate(zip(agent.received, agent.sent, agent.is_up, strict=True)):
        plain = {
            2: text(f"Simulated Ethernet {port}"),
            3: whole(_ETHERNET),
            5: whole(_LINE_SPEED * 10**6, GAUGE32),
            6: octets(agent.hardware_address(port)),
            7: whole(1),
            8: whole(1 if is_up else 2),
            10: whole(int(received) % _LOW, COUNTER32),
            13: whole(0, COUNTER32),
            14: whole(0, COUNTER32),
            16: whole(int(sent) % _LOW, COUNTER32),
            19: whole(0, COUNTER32),
            20: whole(0, COUNTER32),
        }
        extended = {
            1: text(f"eth{port}"),
            6: whole(int(received), COUNTER64),
            10: whole(int(sent), COUNTER64),
            15: whole(_LINE_SPEED, GAUGE32),
            17: whole(1),
            18: text("uplink" if port == 0 else ""),
            19: whole(0, TIME_TICKS),
        }
        yield from ((f"{_IF_TABLE}.{column}.{port + 1}", value) for column, value in plain.items())
        yield from ((f"{_IF_X_TABLE}.{column}.{port + 1}", value) for column, value in extended.items())
