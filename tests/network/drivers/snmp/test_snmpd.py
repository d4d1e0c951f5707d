"""Driver `snmp` against Debian's snmpd: both versions, right and wrong keys, restarts, and true traffic."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from dashnet.reading import Reading, State
from services.network.counters.clocks import FIRST
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.snmp.driver import SHORTEST_SECONDS, SnmpDriver
from services.network.drivers.snmp.options import SnmpOptions
from tests.network.drivers.memory_samples import MemorySamples
from tests.network.drivers.namespaces import make_cable, run_inside
from tests.network.drivers.snmpd import run_snmpd
from tests.ports import free_udp_port
from tests.servers import eventually

V2C = {"version": "2c", "community": "public"}
KEYS = {"auth_key": "sign-password", "priv_key": "crypt-password"}
V3 = {"version": "3", "user": "crypts", **KEYS}


@pytest.fixture(scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[int]:
    """The port of a running snmpd."""
    port = free_udp_port()
    with run_snmpd(tmp_path_factory.mktemp("snmpd"), port):
        await until_up(make_driver(), port)
        yield port


def make_driver() -> SnmpDriver:
    return SnmpDriver(MemorySamples(), ReadLimits(10, 10))


async def read(driver: SnmpDriver, port: int, **options: Any) -> Reading:
    given = {"port": port, "timeout_seconds": 0.5, "retries": 1, "interfaces": ["*"], **options}
    target = Target(1, "Server", "127.0.0.1", "snmp", SnmpOptions.model_validate(given), None)
    (reading,) = await driver.read([target], {1: target})
    return reading


async def until_up(driver: SnmpDriver, port: int, **options: Any) -> Reading:
    """Its reading once it answers."""

    async def read_up() -> list[Reading]:
        reading = await read(driver, port, **(options or V2C))
        return [reading] if reading.state is State.UP else []

    (reading,) = await eventually(read_up)
    return reading


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(V2C, id="2c"),
        pytest.param(V3, id="SHA-256 and AES-128"),
        pytest.param({"version": "3", "user": "old", "auth_protocol": "SHA1", **KEYS}, id="SHA-1 and AES-128"),
        pytest.param(
            {"version": "3", "user": "strong", "auth_protocol": "SHA512", "priv_protocol": "AES256", **KEYS},
            id="SHA-512 and AES-256",
        ),
        pytest.param(
            {"version": "3", "user": "stretched", "auth_protocol": "SHA1", "priv_protocol": "AES256", **KEYS},
            id="AES-256 with a stretched key",
        ),
        pytest.param({"version": "3", "user": "signs", "auth_key": KEYS["auth_key"]}, id="signed only"),
    ],
)
async def test_a_real_agent_is_read(port: int, options: dict[str, Any]) -> None:
    reading = await read(make_driver(), port, **options)
    assert (reading.state, reading.error) == (State.UP, FIRST)
    loopback = next(one for one in reading.interfaces if one.name == "lo")
    assert (loopback.state, loopback.interface_type) == (State.UP, 24)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"auth_key": "wrong-password"}, "refuses user crypts: it does not know the user, auth_key or auth_protocol"),
        ({"auth_protocol": "SHA512"}, "refuses user crypts: it does not know the user, auth_key or auth_protocol"),
        ({"user": "nobody"}, "refuses user nobody: it does not know the user"),
        ({"priv_key": None}, "or it asks for more (a priv_key, say)"),
        ({"priv_key": "wrong-password"}, "answers, but not to what user crypts encrypts: priv_key or priv_protocol"),
        ({"priv_protocol": "AES256"}, "answers, but not to what user crypts encrypts: priv_key or priv_protocol"),
    ],
)
async def test_wrong_credentials_are_a_fault_of_ours_that_names_the_option(
    port: int, wrong: dict[str, Any], error: str
) -> None:
    reading = await read(make_driver(), port, **{**V3, **wrong})
    assert reading.state is State.UNKNOWN
    assert reading.error is not None
    assert error in reading.error
    assert "password" not in reading.error


async def test_an_agent_that_shows_no_interfaces_is_up_and_says_what_is_missing(port: int) -> None:
    reading = await read(make_driver(), port, community="little", interfaces=None)
    assert (reading.state, reading.interfaces) == (State.UP, [])
    assert reading.error is not None
    assert "a view such as systemonly" in reading.error


async def test_a_wrong_community_gets_no_answer(port: int) -> None:
    reading = await read(make_driver(), port, community="wrong")
    assert reading.state is State.DOWN
    assert reading.error is not None
    assert "or the community is wrong" in reading.error


@pytest.mark.parametrize("options", [V2C, V3], ids=["2c", "3"])
async def test_an_agent_that_is_stopped_is_down_and_back_at_once_when_it_is_back(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    driver, port = make_driver(), free_udp_port()
    with run_snmpd(tmp_path, port):
        await until_up(driver, port, **options)
    assert (await read(driver, port, **options)).state is State.DOWN
    with run_snmpd(tmp_path, port):
        reading = await until_up(driver, port, **options)
    assert [one.upload_speed for one in reading.interfaces] == [None] * len(reading.interfaces)


async def test_the_rates_are_those_of_the_traffic_within_two_percent(tmp_path: Path) -> None:
    """Datagrams of known length over a cable between two namespaces: all that the interface carries."""
    port = free_udp_port()
    with make_cable() as cable, run_snmpd(tmp_path, port, ("ip", "netns", "exec", cable.near)):

        async def poll() -> tuple[Reading, float, int]:
            driver = make_driver()
            await until_up(driver, port, **V2C)
            started = time.monotonic()
            first = await read(driver, port, **V2C)
            sent = await send_datagrams(4000, 1400)
            await asyncio.sleep(SHORTEST_SECONDS + 0.5 - (time.monotonic() - started))
            seconds = time.monotonic() - started
            assert first.state is State.UP
            return await read(driver, port, **V2C), seconds, sent

        reading, seconds, sent = await asyncio.to_thread(run_inside, cable.near, poll)
    interface = next(one for one in reading.interfaces if one.name == "cable0")
    assert interface.upload_speed == pytest.approx(sent * 8 / seconds / 1e6, rel=0.02)
    # Nobody listens there, which the far end says now and then.
    assert interface.download_speed == pytest.approx(0, abs=0.02)


async def send_datagrams(number: int, length: int) -> int:
    """Send them to the far end at a pace that no buffer loses; the bytes that go over the cable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for sent in range(number):
            sender.sendto(b"x" * length, ("198.18.0.2", 9))
            if sent % 100 == 0:
                await asyncio.sleep(0.01)
    # Ethernet, IPv4 and UDP add a header each.
    return number * (length + 14 + 20 + 8)
