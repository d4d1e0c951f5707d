from dataclasses import replace
from pathlib import Path

import pytest

from dashnet.errors import DeviceTimeout
from services.network.demo_agents.ber import Value, name, text, whole
from services.network.drivers.facts import Facts
from services.network.drivers.snmp.options import SnmpOptions
from tests.network.drivers.agent import Interface, run_agent
from tests.network.drivers.polls import Poller
from tests.network.drivers.snmp.test_snmpd import make_driver, until_up
from tests.network.drivers.snmpd import run_snmpd
from tests.ports import free_udp_port

ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
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


async def test_a_chassis_that_names_its_software_gives_the_version() -> None:
    facts = await describe(
        {
            SYS_OBJECT_ID: name("1.3.6.1.4.1.25461.2.3.54"),
            f"{ENTITY}.5.1": CHASSIS,
            f"{ENTITY}.10.1": text("10.1.14-h6"),
            f"{ENTITY}.13.1": text("PA-440"),
        }
    )
    assert (facts.vendor, facts.model, facts.operating_system) == ("Palo Alto Networks", "PA-440", "PAN-OS 10.1.14-h6")


@pytest.mark.parametrize(("software", "firmware", "system"), [("4.1.6", "2.0", "4.1.6"), ("", "2.28f", "2.28f")])
async def test_the_revision_is_that_of_the_software_else_of_the_firmware(
    software: str, firmware: str, system: str
) -> None:
    facts = await describe(
        {
            SYS_OBJECT_ID: name("1.3.6.1.4.1.171.1"),
            f"{ENTITY}.5.1": CHASSIS,
            f"{ENTITY}.9.1": text(firmware),
            f"{ENTITY}.10.1": text(software),
            f"{ENTITY}.11.1": text("S1"),
        }
    )
    assert facts.operating_system == f"Firmware {system}"


async def test_without_a_chassis_the_outermost_entity_counts() -> None:
    facts = await describe(
        {
            f"{ENTITY}.4.1": whole(0),
            f"{ENTITY}.11.1": text("SERIAL"),
            f"{ENTITY}.4.2": whole(1),
            f"{ENTITY}.11.2": text("OF A PART"),
        }
    )
    assert facts.serial == "SERIAL"


async def test_a_table_of_serials_alone_is_read() -> None:
    assert (await describe({f"{ENTITY}.11.1": text("SERIAL")})).serial == "SERIAL"


@pytest.mark.parametrize(
    ("serial", "model"),
    [("System MAC: a8-f7-e0-00-64-6a", "4.4.2"), ("A8:F7:E0:00:64:6A", "N/A"), ("", "Not Specified"), ("0000", "None")],
)
async def test_what_is_no_serial_and_no_model_is_none(serial: str, model: str) -> None:
    facts = await describe({f"{ENTITY}.5.1": CHASSIS, f"{ENTITY}.11.1": text(serial), f"{ENTITY}.13.1": text(model)})
    assert (facts.serial, facts.model) == (None, None)


async def test_a_maker_that_is_the_model_is_none() -> None:
    facts = await describe({f"{ENTITY}.5.1": CHASSIS, f"{ENTITY}.12.1": text("M800"), f"{ENTITY}.13.1": text("M800")})
    assert (facts.vendor, facts.model) == (None, "M800")


async def test_a_printer_is_asked_for_its_own_tables() -> None:
    facts = await describe(
        {
            SYS_OBJECT_ID: name("1.3.6.1.4.1.1248.1.1"),
            "1.3.6.1.2.1.43.5.1.1.17.1": text("X3B8022793"),
            "1.3.6.1.2.1.25.3.2.1.3.1": text("EPSON WF-C5790 series"),
        }
    )
    assert (facts.device_type, facts.model, facts.serial) == ("Printer", "WF-C5790", "X3B8022793")


async def test_a_ups_is_asked_for_its_own_tables() -> None:
    facts = await describe({SYS_OBJECT_ID: name("1.3.6.1.4.1.705.1"), "1.3.6.1.2.1.33.1.1.2.0": text("5PX 3000")})
    assert (facts.vendor, facts.device_type, facts.model) == ("Eaton", "UPS", "5PX 3000")


async def test_a_description_is_searched_in_its_first_thousand_characters() -> None:
    facts = await describe({"1.3.6.1.2.1.1.1.0": text("x" * 1000 + " Cisco IOS Software, Version 15.2")})
    assert facts.operating_system == "Linux"


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
