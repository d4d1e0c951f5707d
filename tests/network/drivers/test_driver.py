import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from dashnet.errors import DeviceTimeout, DriverFault
from dashnet.reading import Reading, State
from services.network.drivers.driver import DriverOptions, ReadLimits, Target, read_each
from tests.servers import eventually

LIMITS = ReadLimits(concurrency=2, timeout_seconds=10)


def target(device_id: int) -> Target:
    return Target(device_id, "Server", "127.0.0.1", "test", DriverOptions(), None)


def up(target: Target) -> Reading:
    return Reading(target.device_id, State.UP, 1.0, 2.0, None, datetime.now(UTC))


def raising(error: Exception) -> Callable[[Target], Awaitable[Reading]]:
    async def read_one(target: Target) -> Reading:
        raise error

    return read_one


async def test_readings_come_in_the_order_of_targets_whichever_is_first() -> None:
    second_is_read = asyncio.Event()

    async def read_one(target: Target) -> Reading:
        await (second_is_read.wait() if target.device_id == 1 else asyncio.sleep(0))
        second_is_read.set()
        return up(target)

    readings = await read_each(read_one, [target(1), target(2)], LIMITS)
    assert [reading.device_id for reading in readings] == [1, 2]


async def test_a_device_that_times_out_is_down() -> None:
    (reading,) = await read_each(raising(DeviceTimeout("no echo in 2 s")), [target(1)], LIMITS)
    assert (reading.state, reading.error) == (State.DOWN, "no echo in 2 s")


async def test_a_fault_on_our_side_is_unknown() -> None:
    (reading,) = await read_each(raising(DriverFault("no permission")), [target(1)], LIMITS)
    assert (reading.state, reading.error, reading.upload_speed) == (State.UNKNOWN, "no permission", 0.0)


async def test_a_bug_of_ours_surfaces() -> None:
    with pytest.raises(ZeroDivisionError):
        await read_each(raising(ZeroDivisionError()), [target(1)], LIMITS)


async def test_a_device_that_never_answers_is_down_after_the_limit_and_delays_no_other() -> None:
    async def read_one(target: Target) -> Reading:
        await (asyncio.Event().wait() if target.device_id == 1 else asyncio.sleep(0))
        return up(target)

    readings = await read_each(read_one, [target(1), target(2)], ReadLimits(2, 0.05))
    assert [reading.state for reading in readings] == [State.DOWN, State.UP]
    assert readings[0].error == "no answer within 0.05 s"


async def test_no_more_devices_are_read_at_the_same_time_than_the_limit() -> None:
    begun: list[int] = []
    release = asyncio.Event()

    async def read_one(target: Target) -> Reading:
        begun.append(target.device_id)
        await release.wait()
        return up(target)

    async def are_two_begun() -> bool:
        return begun == [0, 1]

    reading = asyncio.create_task(read_each(read_one, [target(number) for number in range(5)], LIMITS))
    await eventually(are_two_begun)
    release.set()
    assert len(await reading) == 5
