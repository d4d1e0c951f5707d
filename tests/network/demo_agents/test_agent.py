"""The demo's agents, asked by the driver that asks real ones, by net-snmp's own tools, and with garbage."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dashnet.errors import DashnetError
from dashnet.reading import State
from services.network.demo_agents.agent import MOST_BYTES, answer
from services.network.demo_agents.main import run_agents
from services.network.demo_agents.network import Network
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.snmp.driver import SnmpDriver
from services.network.drivers.snmp.options import SnmpOptions
from tests.network.drivers.memory_samples import MemorySamples
from tests.ports import free_udp_port
from tests.processes import killed_at_end

FIRST_READING = "first reading: rates come with the next one"

COUNT = 12


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a dozen agents."""
    port = free_udp_port()
    async with run_agents(COUNT, port, "public", 2020):
        yield port


def make_target(number: int, port: int) -> Target:
    options = SnmpOptions.model_validate({"community": "public", "port": port, "timeout_seconds": 1})
    return Target(number, "Other", f"127.0.0.{number + 1}", "snmp", options, None)


async def test_the_driver_reads_them_all(port: int) -> None:
    targets = {number: make_target(number, port) for number in range(1, COUNT + 1)}
    readings = await SnmpDriver(MemorySamples(), ReadLimits(20, 10)).read([*targets.values()], targets)
    assert {(reading.state, reading.error) for reading in readings} == {(State.UP, FIRST_READING)}
    assert [one.name for one in readings[0].interfaces] == ["eth0", "eth1", "eth2", "eth3"]


async def test_they_tell_what_they_are(port: int) -> None:
    facts = await SnmpDriver(MemorySamples(), ReadLimits(20, 10)).describe(make_target(2, port))
    assert (facts.system_name, facts.serial, facts.operating_system) == ("demo-switch-2", "DEMO0002", "Linux 6.6")
    assert facts.device_type == "Switch"


def test_counters_are_those_of_the_simulation_and_only_grow() -> None:
    network, again = Network(COUNT, 7), Network(COUNT, 7)
    for second in range(1_700_000_000, 1_700_000_010):
        before = [*network.agents[1].received]
        network.carry(second, 1.0)
        again.carry(second, 1.0)
        assert all(after > earlier for after, earlier in zip(network.agents[1].received, before, strict=True))
    assert network.agents == again.agents


async def test_net_snmp_walks_them_to_the_end(port: int, tmp_path: Path) -> None:
    program = shutil.which("snmpbulkwalk")
    if program is None:
        pytest.skip("no program snmpbulkwalk (on Debian: apt-get install snmp)")
    command = [program, "-v2c", "-cpublic", "-On", "-m", "", f"127.0.0.3:{port}", "1"]
    environment = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(tmp_path)}
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=20, env=environment)
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("Created directory: ")]
    assert (done.returncode, complaints) == (0, [])
    lines = [line for line in done.stdout.splitlines() if line.startswith(".1.")]
    assert "No more variables left" in lines.pop()
    rows = [line.split(" ", 1)[0] for line in lines]
    assert len(rows) == len(set(rows)) > 200


def test_nothing_makes_an_agent_fail_or_answer_too_much() -> None:
    """Garbage, other versions, cut and changed messages: silence or an answer that fits into a frame."""
    network = Network(COUNT, 7)
    mib, chance = network.mib(network.agents[1], 1.0), random.Random(1)
    bulk = bytes.fromhex("302502010104067075626c6963a51802017b020100027f0000300d300b06072b060102010101000500")
    get = bytes.fromhex("302602010104067075626c6963a01902017b020100020100300e300c06082b060102010105000500")
    whole = answer(get, b"public", mib)
    assert whole is not None
    assert b"demo-switch-2" in whole
    assert answer(get.replace(b"public", b"secret"), b"public", mib) is None
    for _ in range(3000):
        message = bytearray(chance.choice((bulk, get)))
        message[chance.randrange(len(message))] = chance.randrange(256)
        got = answer(bytes(message[: chance.randrange(1, len(message) + 1)]), b"public", mib)
        assert got is None or len(got) <= MOST_BYTES


async def test_a_port_that_is_taken_is_told(port: int) -> None:
    with pytest.raises(DashnetError, match=rf"no agent on 127\.0\.0\.2 port {port}: .*perhaps others run already"):
        async with run_agents(1, port, "public", 1):
            pass


def test_the_command_says_how_to_find_them_and_ends_at_ctrl_c() -> None:
    words = [sys.executable, "-m", "dashnet.cli", "demo", "agents", "--count", "3", "--port", str(free_udp_port())]
    with killed_at_end(subprocess.Popen(words, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGINT)
        code = process.wait(20)
    assert (code, lines[0].startswith("3 agents answer SNMP 2c on 127.0.0.2 to 127.0.0.4, port ")) == (0, True)
    assert "dashnet discover 127.0.0.0/28 --community public --port " in lines[1]
