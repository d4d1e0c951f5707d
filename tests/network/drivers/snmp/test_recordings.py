"""Recorded walks of real devices; they lie beside the checkout where tests may use them, and skip elsewhere."""

import re
from collections.abc import Mapping, Sequence

import pytest

from dashnet.reading import Reading, State
from services.network.drivers.facts import Facts
from services.network.drivers.snmp.values import to_text
from tests.network.drivers.polls import Poller
from tests.network.drivers.recordings import FOLDER, NAMES, expected, play

pytestmark = pytest.mark.skipif(not NAMES, reason=f"no recordings in {FOLDER.name} beside the checkout")

# What the total of the default choice is the sum of.
PORTS = {
    "airos-af-ltu": "ath0#4 ath0#9",
    "barracudangfirewall": "p1 p3 p4",
    "drac_r640": "eth0 eth2 eth3",
    "dsm": "eth0 eth1",
    "edgeos": "eth6 eth7",
    "edgeswitch_us-8": "eth0",
    "f5_ve": "1.1 1.2 1.3 mgmt",
    "nimbleos": "eth0a eth0b i1 tg1a tg1b",
    "opengear_cm71xx": "eth0 eth1",
    "openwrt": "lan1 lan2 lan3 lan4 wan wlan0 wlan1",
    "polycomLens_studioxc50": "eth0",
    "qnap": "eth0",
    "truenas": "cxl0 em0",
    "truenas-scale_25x": "eno1np0 eno2np1",
    "unifi_nanohd": "eth0 ra0 ra1 rai0 rai1",
    "vmware-esxi": "vmnic4 vmnic5",
}
# By their own MIB alone.
NOT_IN_IF_MIB = re.compile(r"fpc\d\.vcp-")
MADE_OF_PORTS = re.compile(r"(bond|br|vlan|vl|lagg|team|po|port-channel |tun|ppp)\d|br-", re.IGNORECASE)


async def read_twice(recording: str, interfaces: list[str] | None) -> tuple[Reading, list[str]]:
    """The second reading after a minute, and the names of what its total counts."""
    async with play(recording) as player:
        poller = Poller(player, timeout_seconds=5.0, retries=3, interfaces=interfaces)
        await poller.read()
        reading = await poller.read_after()
        names = [one.name for one in reading.interfaces if one.upload_speed is not None]
        return reading, [name for name in names if name not in poller.repeats]


@pytest.mark.parametrize(("recording", "ports"), PORTS.items())
async def test_a_total_is_the_sum_of_the_ports(recording: str, ports: str) -> None:
    reading, counted = await read_twice(recording, None)
    assert sorted(counted) == ports.split()
    assert (reading.upload_speed, reading.download_speed) == (len(counted), 2 * len(counted))


@pytest.mark.parametrize("recording", NAMES)
async def test_no_frame_counts_twice_and_no_interface_is_lost(recording: str) -> None:
    reading, counted = await read_twice(recording, ["*"])
    assert reading.state is State.UP
    assert reading.download_speed == (pytest.approx(2 * len(counted)) if counted else None)
    assert [name for name in counted if name.rpartition(".")[0] in counted] == []
    assert [name for name in counted if MADE_OF_PORTS.match(name)] == []
    assert [names for names in _expected_names(recording) if not names & _names(reading)] == []


def _expected_names(recording: str) -> Sequence[set[str]]:
    """The names that each port may have: ifName, and ifDescr where that is not its own."""
    ports = expected()[recording].get("ports") or []
    names = [{to_text(one.get("ifName")), to_text(one.get("ifDescr"))} for one in ports]
    return [some for some in names if not any(NOT_IN_IF_MIB.match(name) for name in some)]


def _names(reading: Reading) -> set[str]:
    return {name for one in reading.interfaces for name in (one.name, one.name.partition("#")[0])}


async def read_facts(recording: str) -> Facts:
    """What a recorded device says of itself."""
    async with play(recording) as player:
        poller = Poller(player, timeout_seconds=5.0, retries=3)
        return await poller.driver.describe(poller.target())


async def read_all_facts() -> Mapping[str, Facts]:
    """What all recorded devices say, by recording."""
    return {recording: await read_facts(recording) for recording in NAMES}


# Of 108 recordings; what only makers' own MIBs say is not asked for.
LEAST = {"vendor": 96, "model": 59, "serial": 20, "operating_system": 71, "device_type": 61}
LEAST_VERSIONS = 54


async def test_so_much_is_known_of_the_recorded_devices_and_no_serial_is_wrong() -> None:
    facts = await read_all_facts()
    serials = {name: expected()[name]["device"].get("serial") for name in NAMES}
    known = {name for name in NAMES if facts[name].serial and serials[name]}
    assert [name for name in known if facts[name].serial != serials[name]] == []
    reached = {field: sum(1 for one in facts.values() if getattr(one, field)) for field in LEAST}
    assert {field: reached[field] for field in LEAST if reached[field] < LEAST[field]} == {}


async def test_the_version_is_the_one_that_is_known() -> None:
    facts = await read_all_facts()
    versions = {name: expected()[name]["device"].get("version") for name in NAMES}
    right = [name for name, version in versions.items() if version and _is_in(facts[name].operating_system, version)]
    assert len(right) >= LEAST_VERSIONS


def _is_in(system: str | None, version: str) -> bool:
    numbers = re.findall(r"\d+\.\d[\w.()-]*", version)
    return system is not None and any(number in system or system.split(" ")[-1] in number for number in numbers)
