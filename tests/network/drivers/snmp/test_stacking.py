from typing import Any

import pytest

from services.network.demo_agents.ber import Value, whole
from services.network.drivers.snmp.stacking import parse_below
from tests.network.drivers.agent import Interface, run_agent
from tests.network.drivers.polls import Poller

STACK, ATTACHED = "1.3.6.1.2.1.31.1.2.1.3", "1.2.840.10006.300.43.1.2.1.1.13"
NAMES = {1: "x1", 2: "x2", 3: "upper"}


@pytest.mark.parametrize(
    ("stack", "attached", "below"),
    [
        ({(3, 1): 1, (3, 2): 1}, {}, {"upper": {"x1", "x2"}}),
        pytest.param({(0, 3): 1, (1, 0): 1}, {}, {}, id="ends of the stack"),
        pytest.param({(3, 1): 2}, {}, {}, id="not active"),
        pytest.param({(3, 9): 1, (9, 1): 1, (3,): 1, (3, 1, 2): 1}, {}, {}, id="unknown rows"),
        pytest.param({}, {1: 3, 2: 3}, {"upper": {"x1", "x2"}}, id="attached to a bundle"),
        pytest.param({}, {1: 0, 2: 2, 3: b"x"}, {}, id="attached to none or itself"),
    ],
)
def test_tables_say_what_interfaces_are_made_of(stack: Any, attached: Any, below: Any) -> None:
    assert parse_below(NAMES, stack, attached) == below


async def total(*interfaces: Interface, overrides: Any = None, **options: Any) -> float | None:
    """The device's download where each interface receives 8 Mbit/s for each `1` of its octets."""
    async with run_agent(*interfaces, overrides=overrides or {}) as agent:
        poller = Poller(agent, **options)
        await poller.read()
        for interface in interfaces:
            interface.octets_in += interface.octets_in * 60_000_000
        reading = await poller.read_after()
        assert len(reading.interfaces) == len(interfaces)
        return reading.download_speed


NAS = (("eth0", 1), ("eth1", 1), ("bond0", 2), ("bond0.20", 1), ("br0", 2))


async def test_a_nas_that_calls_everything_a_port_counts_its_ports() -> None:
    assert await total(*(Interface(name, count) for name, count in NAS)) == 16.0


async def test_interfaces_that_are_chosen_stay_series_while_the_sum_counts_once() -> None:
    names = [name for name, _ in NAS]
    assert await total(*(Interface(name, count) for name, count in NAS), interfaces=names) == 16.0


async def test_without_their_ports_the_bundle_counts() -> None:
    assert await total(Interface("bond0", 2), Interface("bond0.20", 1), Interface("br0", 2)) == 16.0


async def test_a_stack_of_interfaces_counts_its_lowest() -> None:
    overrides = {f"{STACK}.3.1": whole(1), f"{STACK}.3.2": whole(1)}
    assert await total(Interface("x1", 1), Interface("x2", 1), Interface("office", 2), overrides=overrides) == 16.0


async def test_a_bundle_of_the_lag_mib_counts_its_ports() -> None:
    overrides = {f"{ATTACHED}.1": whole(3), f"{ATTACHED}.2": whole(3)}
    bundle = Interface("office", 2, kind=161)
    assert await total(Interface("x1", 1), Interface("x2", 1), bundle, overrides=overrides, interfaces=["*"]) == 16.0


async def test_an_agent_that_breaks_at_these_tables_loses_them_alone() -> None:
    async with run_agent(Interface("eth0"), Interface("bond0")) as agent:
        agent.overrides = {f"{STACK}.2.1": Value(0x50, b"xx")}
        reading = await Poller(agent).read()
    assert [one.name for one in reading.interfaces] == ["eth0", "bond0"]
