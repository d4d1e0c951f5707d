import asyncio
import time
from dataclasses import replace

import httpx
import psutil
import pytest

from dashnet.errors import DriverFault
from dashnet.reading import Reading, State
from services.network.counters.clocks import FIRST
from services.network.counters.values import Counters, Rates, Sample
from services.network.drivers.driver import ReadLimits, Target
from services.network.drivers.host import HostDriver, HostOptions, take_sample
from services.network.drivers.own_layers import find_own_repeats
from tests.factories import make_device
from tests.network.drivers.memory_samples import MemorySamples
from tests.servers import eventually

MEGABYTE = 1_000_000
# lo on Linux, lo0 on BSD and macOS.
LOOPBACK = min(name for name in psutil.net_if_addrs() if name.startswith("lo"))


def target(device_id: int = 1, interfaces: list[str] | None = None) -> Target:
    return Target(device_id, "Server", "127.0.0.1", "host", HostOptions(interfaces=interfaces), None)


@pytest.fixture
def samples() -> MemorySamples:
    return MemorySamples()


@pytest.fixture
def driver(samples: MemorySamples) -> HostDriver:
    return HostDriver(samples, ReadLimits(10, 5))


async def read(driver: HostDriver, target: Target) -> Reading:
    (reading,) = await driver.read([target], {})
    return reading


async def send_over_loopback(megabytes: int) -> None:
    """Real traffic: so many megabytes through a TCP connection of this machine with itself."""
    received = asyncio.Event()

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(MEGABYTE):
            pass
        writer.close()
        received.set()

    server = await asyncio.start_server(drop, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(megabytes):
        writer.write(b"x" * MEGABYTE)
        await writer.drain()
    writer.close()
    await received.wait()
    server.close()


async def test_the_first_reading_is_up_without_traffic(driver: HostDriver) -> None:
    reading = await read(driver, target())
    assert (reading.state, reading.upload_speed, reading.download_speed) == (State.UP, None, None)
    assert reading.error == FIRST


async def test_the_rate_is_that_of_the_traffic(driver: HostDriver) -> None:
    """Other tests share the loopback interface: above is allowed what the counters saw besides ours."""
    loopback = target(interfaces=[LOOPBACK])
    await read(driver, loopback)
    began, before = time.monotonic(), psutil.net_io_counters(pernic=True)[LOOPBACK].bytes_sent
    await send_over_loopback(50)

    async def read_traffic() -> list[Reading]:
        return [reading for reading in await driver.read([loopback], {}) if reading.upload_speed]

    (reading,) = await eventually(read_traffic)
    seconds, after = time.monotonic() - began, psutil.net_io_counters(pernic=True)[LOOPBACK].bytes_sent
    assert reading.upload_speed is not None
    ours, everything = 50 * 8 / seconds, (after - before) * 8 / seconds / MEGABYTE
    assert ours * 0.95 <= reading.upload_speed <= everything * 1.05
    assert reading.download_speed == pytest.approx(reading.upload_speed, rel=0.05)


async def test_each_interface_is_a_series_of_its_own_and_the_device_the_sum_of_its_ports(driver: HostDriver) -> None:
    everything = target(interfaces=sorted(psutil.net_if_addrs()))
    await read(driver, everything)
    await send_over_loopback(5)

    async def read_traffic() -> list[Reading]:
        return [reading for reading in await driver.read([everything], {}) if reading.upload_speed]

    (reading,) = await eventually(read_traffic)
    by_name = {one.name: one for one in reading.interfaces}
    assert list(by_name) == sorted(psutil.net_if_addrs())
    repeats = find_own_repeats(by_name)
    once = [one.upload_speed or 0 for name, one in by_name.items() if name not in repeats]
    assert reading.upload_speed == pytest.approx(sum(once))
    assert (by_name[LOOPBACK].state, by_name[LOOPBACK].interface_type) == (State.UP, 24)
    assert (by_name[LOOPBACK].errors_in, by_name[LOOPBACK].discards_out) == (0.0, 0.0)


async def test_the_first_reading_knows_its_interfaces_without_rates(driver: HostDriver) -> None:
    (interface,) = (await read(driver, target(interfaces=[LOOPBACK]))).interfaces
    assert (interface.name, interface.state, interface.upload_speed, interface.errors_in) == (
        LOOPBACK,
        State.UP,
        None,
        None,
    )


async def test_two_reads_within_a_second_share_one_rate(driver: HostDriver, samples: MemorySamples) -> None:
    just_now = replace(take_sample([LOOPBACK]), rates={LOOPBACK: Rates(3.0, 4.0)})
    samples.by_device[1] = just_now
    reading = await read(driver, target(interfaces=[LOOPBACK]))
    assert (reading.upload_speed, reading.download_speed) == (3.0, 4.0)
    assert samples.by_device[1] is just_now


async def test_a_sample_of_another_boot_gives_no_rate(driver: HostDriver, samples: MemorySamples) -> None:
    samples.by_device[1] = Sample("another/boot", 0.0, {LOOPBACK: Counters(0, 0)}, None, {LOOPBACK: Rates(3.0, 4.0)})
    reading = await read(driver, target(interfaces=[LOOPBACK]))
    assert (reading.state, reading.upload_speed, reading.error) == (State.UP, None, FIRST)
    assert samples.by_device[1].clock == take_sample(None).clock


async def test_two_devices_on_one_machine_have_samples_of_their_own(driver: HostDriver, samples: MemorySamples) -> None:
    await driver.read([target(1), target(2, [LOOPBACK])], {})
    assert samples.by_device.keys() == {1, 2}


async def test_an_unknown_interface_is_unknown_and_those_there_are_listed(driver: HostDriver) -> None:
    reading = await read(driver, target(interfaces=[LOOPBACK, "carrier-pigeon0"]))
    assert reading.state is State.UNKNOWN
    assert reading.error is not None
    assert reading.error.startswith("no interface carrier-pigeon0 on this machine; it has: ")
    assert LOOPBACK in reading.error.split("it has: ")[1].split(", ")


def test_an_interface_that_is_named_twice_counts_once() -> None:
    assert list(take_sample([LOOPBACK, LOOPBACK]).interfaces) == [LOOPBACK]


def test_an_unknown_interface_raises_a_driver_fault() -> None:
    with pytest.raises(DriverFault):
        take_sample(["carrier-pigeon0"])


def test_samples_of_one_boot_share_a_clock_that_goes_forward() -> None:
    first, second = take_sample(None), take_sample(None)
    assert first.clock == second.clock
    assert first.at_seconds <= second.at_seconds


async def test_the_service_reads_this_machine(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=make_device(driver="host", driver_options={"interfaces": [LOOPBACK]}))
    await network.get("/devices/")
    await send_over_loopback(5)

    async def read_traffic() -> bool:
        return ((await network.get("/devices/1")).json()["upload_speed"] or 0.0) > 1.0

    assert await eventually(read_traffic)
