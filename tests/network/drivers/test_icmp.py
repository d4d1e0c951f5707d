"""Pings of this machine, and of a network in a namespace that loses and delays packets."""

import asyncio

import pytest
from pydantic import ValidationError

from dashnet.errors import DeviceTimeout
from dashnet.reading import State
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.icmp import IcmpDriver, IcmpOptions, mean_difference, to_reading
from services.network.drivers.names import Names
from tests.network.drivers.lonely import WITHOUT_RAW, needs_namespaces, read_alone
from tests.network.drivers.lonely_network import INTERFACE, Case

QUICK = {"interval_seconds": 0.02, "timeout_seconds": 0.5}


def make_target(address: str, device_id: int = 1, **options: float) -> Target:
    return Target(device_id, "Server", address, "icmp", IcmpOptions.model_validate({**QUICK, **options}), None)


@pytest.fixture
async def driver() -> IcmpDriver:
    """A driver that can open its sockets here; there are tests in a namespace for where it cannot."""
    driver = IcmpDriver(Names(), ReadLimits(500, 5))
    (reading,) = await driver.read([make_target("127.0.0.1", packets=1)], {})
    if reading.state is State.UNKNOWN:
        pytest.skip(f"no pings here: {reading.error}")
    return driver


@pytest.mark.parametrize("address", ["127.0.0.1", "127.45.67.89", "::1", "localhost"])
async def test_this_machine_answers_every_packet(driver: IcmpDriver, address: str) -> None:
    (reading,) = await driver.read([make_target(address)], {})
    if address == "::1" and "no route" in (reading.error or ""):
        pytest.skip("no IPv6 on this machine")
    assert (reading.state, reading.error, reading.loss_ratio) == (State.UP, None, 0.0)
    assert reading.round_trip_seconds is not None
    assert reading.jitter_seconds is not None
    assert 0 < reading.round_trip_seconds < 0.5
    assert 0 <= reading.jitter_seconds < 0.5


async def test_a_thousand_are_read_at_once_and_none_is_lost(driver: IcmpDriver) -> None:
    targets = [make_target(f"127.1.{n >> 8}.{n & 255}", n, packets=1, timeout_seconds=4) for n in range(1, 1001)]
    readings = await driver.read(targets, {})
    assert [reading.device_id for reading in readings] == list(range(1, 1001))
    assert {reading.state for reading in readings} == {State.UP}


async def test_a_reading_that_was_given_up_spoils_no_later_one(driver: IcmpDriver) -> None:
    """gufo-ping forgets the answers that come together with one to a ping that was cancelled."""
    given_up = asyncio.create_task(driver.read([make_target("127.0.0.9", n) for n in range(2, 40)], {}))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    given_up.cancel()
    readings = await driver.read([make_target("127.0.0.9", n) for n in range(40, 80)], {})
    assert {reading.loss_ratio for reading in readings} == {0.0}


async def test_a_name_that_nobody_knows_is_no_device_that_is_down(driver: IcmpDriver) -> None:
    (reading,) = await driver.read([make_target("no-such-host.invalid")], {})
    assert reading.state is State.UNKNOWN
    assert (reading.error or "").startswith("the name no-such-host.invalid c")


async def test_options_that_take_longer_than_a_reading_may_are_a_fault_of_ours() -> None:
    driver = IcmpDriver(Names(), ReadLimits(1, 3))
    (reading,) = await driver.read([make_target("127.0.0.1", packets=20, interval_seconds=0.1, timeout_seconds=2)], {})
    assert reading.state is State.UNKNOWN
    assert "come to 3.9 s, and a reading may take 3 s (DASHNET_DRIVER_TIMEOUT_SECONDS)" in (reading.error or "")


@needs_namespaces
async def test_loss_median_and_jitter_are_those_of_the_network() -> None:
    case = Case("icmp", "192.0.2.7", {"packets": 5, **QUICK}, [0.03, None, 0.05, 0.05, None])
    (reading,) = await read_alone(case)
    assert (reading["state"], reading["error"], reading["loss_ratio"]) == ("up", None, pytest.approx(0.4))
    assert reading["round_trip_seconds"] == pytest.approx(0.05, abs=0.02)
    assert reading["jitter_seconds"] == pytest.approx(0.01, abs=0.008)


@needs_namespaces
async def test_one_answer_is_enough_to_be_up_and_too_few_for_jitter() -> None:
    (reading,) = await read_alone(Case("icmp", "192.0.2.7", {"packets": 3, **QUICK}, [None, None, 0.0]))
    assert (reading["state"], reading["loss_ratio"], reading["jitter_seconds"]) == ("up", pytest.approx(2 / 3), None)


@needs_namespaces
async def test_a_device_that_answers_nothing_is_down_after_its_own_time() -> None:
    (reading,) = await read_alone(Case("icmp", "192.0.2.7", {"packets": 2, **QUICK}, [None, None]))
    assert (reading["state"], reading["error"]) == ("down", "no answer to 2 packets within 0.5 s")
    assert 0.5 <= reading["took_seconds"] < 2


@needs_namespaces
async def test_an_answer_that_comes_too_late_is_a_lost_one_and_none_to_a_later_packet() -> None:
    case = Case("icmp", "192.0.2.7", {"packets": 1, "timeout_seconds": 0.2}, [0.3, 0.1], between=["sleep 0"])
    first, second = await read_alone(case)
    assert first["state"] == "down"
    assert second["round_trip_seconds"] == pytest.approx(0.1, abs=0.05)


@needs_namespaces
async def test_a_cable_that_is_pulled_is_seen_within_one_reading_and_told_as_what_it_is() -> None:
    """Here it is our own cable: that says nothing about the device."""
    case = Case("icmp", "192.0.2.7", {"packets": 2, **QUICK}, between=[f"ip link set {INTERFACE} down"])
    first, second = await read_alone(case)
    assert (first["state"], second["state"]) == ("up", "unknown")
    assert second["error"] == "192.0.2.7 cannot be reached from this machine: Network is unreachable"


@needs_namespaces
async def test_without_permission_the_state_is_unknown_and_the_error_says_what_to_do() -> None:
    (reading,) = await read_alone(Case("icmp", "127.0.0.1", QUICK, has_interface=False), *WITHOUT_RAW)
    assert reading["state"] == "unknown"
    assert "sysctl -w net.ipv4.ping_group_range='0 2147483647'" in reading["error"]


@needs_namespaces
async def test_an_unprivileged_process_pings_where_the_system_allows() -> None:
    allow = ["sh -c 'echo 0 0 > /proc/sys/net/ipv4/ping_group_range'"]
    (reading,) = await read_alone(Case("icmp", "127.0.0.1", QUICK, has_interface=False, before=allow), *WITHOUT_RAW)
    assert (reading["state"], reading["loss_ratio"]) == ("up", 0.0)


def test_figures_of_a_reading() -> None:
    reading = to_reading(1, [0.3, None, 0.1, 0.2], 2)
    assert (reading.round_trip_seconds, reading.loss_ratio) == (0.2, 0.25)
    assert reading.jitter_seconds == pytest.approx(0.15)


def test_no_answer_at_all_is_no_reading() -> None:
    with pytest.raises(DeviceTimeout, match="no answer to 2 packets within 2 s"):
        to_reading(1, [None, None], 2)


def test_jitter_needs_two() -> None:
    assert (mean_difference([]), mean_difference([0.1]), mean_difference([0.1, 0.1])) == (None, None, 0.0)


@pytest.mark.parametrize(
    "options", [{"packets": 0}, {"packets": 21}, {"interval_seconds": 0}, {"timeout_seconds": 11}, {"size_bytes": 20}]
)
def test_options_out_of_bounds_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        IcmpOptions.model_validate(options)
