from dataclasses import replace
from pathlib import Path

import pytest

from dashnet.errors import DeviceTimeout
from services.network.demo_agents.ber import Value, text, whole
from services.network.drivers.facts import Facts
from services.network.drivers.snmp.options import SnmpOptions
from tests.network.drivers.agent import Interface, run_agent
from tests.network.drivers.polls import Poller
from tests.network.drivers.snmp.test_snmpd import make_driver, until_up
from tests.network.drivers.snmpd import run_snmpd
from tests.ports import free_udp_port

ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
CHASSIS, MODULE, STACK = whole(3), whole(9), whole(11)


async def describe(overrides: dict[str, Value | None]) -> Facts:
    async with run_agent(Interface("eth0"), overrides=overrides) as agent:
        poller = Poller(agent)
        return await poller.driver.describe(poller.target())


async def test_the_system_group_is_told() -> None:
    facts = await describe({"1.3.6.1.2.1.1.6.0": text("cellar"), "1.3.6.1.2.1.1.4.0": text("anna@example.org")})
    assert facts == Facts(
        system_name="agent",
        description="Test agent",
        object_id="1.3.6.1.4.1.8072.3.2.10",
        location="cellar",
        contact="anna@example.org",
        uptime_seconds=1000.0,
        operating_system="Linux",
    )


async def test_model_and_serial_are_those_of_the_chassis() -> None:
    facts = await describe(
        {
            f"{ENTITY}.5.1": MODULE,
            f"{ENTITY}.11.1": text("of a module"),
            f"{ENTITY}.5.1001": CHASSIS,
            f"{ENTITY}.11.1001": text("FOC1234X0AB"),
            f"{ENTITY}.12.1001": text("Cisco"),
            f"{ENTITY}.13.1001": text("WS-C2960X-24TS-L"),
        }
    )
    assert (facts.vendor, facts.model, facts.serial) == ("Cisco", "WS-C2960X-24TS-L", "FOC1234X0AB")


async def test_of_a_stack_the_first_chassis_that_says_anything_counts() -> None:
    facts = await describe(
        {
            f"{ENTITY}.5.1": STACK,
            f"{ENTITY}.5.2": CHASSIS,
            f"{ENTITY}.11.2": text(""),
            f"{ENTITY}.5.3": CHASSIS,
            f"{ENTITY}.11.3": text("SECOND"),
        }
    )
    assert facts.serial == "SECOND"


async def test_a_silent_device_tells_nothing() -> None:
    async with run_agent(is_silent=True) as agent:
        poller = Poller(agent, retries=0)
        with pytest.raises(DeviceTimeout, match="no answer from"):
            await poller.driver.describe(poller.target())


async def test_a_real_agent_tells_its_name_and_system(tmp_path: Path) -> None:
    port, driver = free_udp_port(), make_driver()
    with run_snmpd(tmp_path, port):
        await until_up(driver, port)
        async with run_agent() as agent:
            target = Poller(agent).target()
        options = SnmpOptions.model_validate({"community": "public", "port": port})
        facts = await driver.describe(replace(target, options=options))
    assert facts.system_name == "tester"
    assert facts.operating_system is not None
    assert facts.operating_system.startswith("Linux ")
    assert facts.device_type == "Server"
