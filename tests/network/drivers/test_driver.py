import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashnet.errors import DeviceFailure, DeviceTimeout, DriverFault
from dashnet.reading import Reading, State
from services.network.drivers.driver import DeviceReads, DriverOptions, ReadLimits, Target
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

    readings = await DeviceReads(read_one, LIMITS).read([target(1), target(2)])
    assert [reading.device_id for reading in readings] == [1, 2]


async def test_a_device_that_times_out_is_down() -> None:
    (reading,) = await DeviceReads(raising(DeviceTimeout("no echo in 2 s")), LIMITS).read([target(1)])
    assert (reading.state, reading.error) == (State.DOWN, "no echo in 2 s")


async def test_a_device_that_answers_otherwise_than_it_should_is_down() -> None:
    (reading,) = await DeviceReads(raising(DeviceFailure("port 22 refuses connections")), LIMITS).read([target(1)])
    assert (reading.state, reading.error) == (State.DOWN, "port 22 refuses connections")


async def test_a_fault_on_our_side_is_unknown() -> None:
    (reading,) = await DeviceReads(raising(DriverFault("no permission")), LIMITS).read([target(1)])
    assert (reading.state, reading.error, reading.upload_speed) == (State.UNKNOWN, "no permission", None)


class Panic(BaseException):
    """As bindings to Rust raise theirs."""


def recurse(depth: int) -> int:
    return recurse(depth + 1) + 1


FAULTS = [
    ZeroDivisionError(),
    ExceptionGroup("two", [ValueError(), LookupError()]),
    asyncio.CancelledError(),
    TimeoutError(),
    SystemExit(1),
    Panic(),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
async def test_whatever_is_raised_for_one_device_makes_that_one_unknown_and_no_other(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async def read_one(target: Target) -> Reading:
        if target.device_id == 2:
            raise error
        return up(target)

    readings = await DeviceReads(read_one, LIMITS).read([target(1), target(2), target(3)])
    assert [reading.state for reading in readings] == [State.UP, State.UNKNOWN, State.UP]
    assert readings[1].error == "internal fault of driver test; see the network service's log"
    assert f"{type(error).__name__}" in caplog.text


async def test_endless_recursion_is_contained_too() -> None:
    async def read_one(target: Target) -> Reading:
        return up(target) if target.device_id == 1 else replace(up(target), loss_ratio=recurse(0))

    readings = await DeviceReads(read_one, LIMITS).read([target(1), target(2)])
    assert [reading.state for reading in readings] == [State.UP, State.UNKNOWN]


async def test_a_fault_is_logged_once_and_again_after_the_device_was_read(caplog: pytest.LogCaptureFixture) -> None:
    is_broken = [True, True, False, True]

    async def read_one(target: Target) -> Reading:
        return up(target) if not is_broken.pop() else up(None)  # type: ignore[arg-type]  # the fault

    reads = DeviceReads(read_one, LIMITS)
    for logged in (1, 1, 2, 2):
        await reads.read([target(1)])
        assert caplog.text.count("internal fault device=1 driver=test") == logged


async def test_what_is_no_reading_is_a_fault_of_that_device() -> None:
    async def read_one(target: Target) -> Reading:
        return up(target) if target.device_id == 1 else None  # type: ignore[return-value]  # the fault

    readings = await DeviceReads(read_one, LIMITS).read([target(1), target(2)])
    assert [reading.state for reading in readings] == [State.UP, State.UNKNOWN]


class Stubborn:
    """Goes on when it is cancelled, until it is released."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.release = asyncio.Event()

    async def read_one(self, target: Target) -> Reading:
        self.begun.append(target.device_id)
        while target.device_id == 1 and not self.release.is_set():
            with suppress(asyncio.CancelledError):
                await self.release.wait()
        return up(target)


async def test_a_reading_that_swallows_its_cancellation_delays_no_other_and_takes_nobodys_turn() -> None:
    stubborn = Stubborn()
    reads = DeviceReads(stubborn.read_one, ReadLimits(concurrency=1, timeout_seconds=0.05, deadline_seconds=300))
    readings = await reads.read([target(1), target(2)])
    assert [reading.state for reading in readings] == [State.UNKNOWN, State.UP]
    stubborn.release.set()


async def test_such_a_device_is_not_read_again_until_its_reading_has_ended() -> None:
    stubborn = Stubborn()
    reads = DeviceReads(stubborn.read_one, ReadLimits(concurrency=1, timeout_seconds=0.05, deadline_seconds=300))
    await reads.read([target(1)])
    assert (await reads.read([target(1)]))[0].state is State.UNKNOWN
    assert stubborn.begun == [1]
    stubborn.release.set()

    async def is_read() -> bool:
        return (await reads.read([target(1)]))[0].state is State.UP

    await eventually(is_read)


async def test_one_that_swallows_its_cancellation_at_the_deadline_is_left_behind() -> None:
    stubborn = Stubborn()
    reads = DeviceReads(stubborn.read_one, ReadLimits(concurrency=1, timeout_seconds=300, deadline_seconds=0.05))
    late, waiting = await reads.read([target(1), target(2)])
    assert (late.state, waiting.state) == (State.UNKNOWN, State.UNKNOWN)
    assert (await reads.read([target(2)]))[0].state is State.UP
    stubborn.release.set()


async def test_a_device_that_never_answers_is_down_after_the_limit_and_delays_no_other() -> None:
    async def read_one(target: Target) -> Reading:
        await (asyncio.Event().wait() if target.device_id == 1 else asyncio.sleep(0))
        return up(target)

    readings = await DeviceReads(read_one, ReadLimits(2, 0.05)).read([target(1), target(2)])
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

    reading = asyncio.create_task(DeviceReads(read_one, LIMITS).read([target(number) for number in range(5)]))
    await eventually(are_two_begun)
    release.set()
    assert len(await reading) == 5


class Bell:
    """A stand-in for devices that answer when they are told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.running = 0
        self.most_running = 0
        self.release = asyncio.Event()

    async def read_one(self, target: Target) -> Reading:
        self.begun.append(target.device_id)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.release.wait()
        finally:
            self.running -= 1
        return up(target)

    async def until_begun(self, count: int) -> None:
        async def are_begun() -> bool:
            return len(self.begun) >= count

        await eventually(are_begun)


async def test_two_who_ask_for_a_device_at_the_same_time_get_the_same_reading() -> None:
    bell = Bell()
    reads = DeviceReads(bell.read_one, LIMITS)
    first, second = asyncio.create_task(reads.read([target(1)])), asyncio.create_task(reads.read([target(1)]))
    await bell.until_begun(1)
    bell.release.set()
    assert (await first)[0] is (await second)[0]
    assert bell.begun == [1]


async def test_a_reading_that_has_ended_is_not_given_to_who_asks_later() -> None:
    """Not even while the first to ask still waits for another device."""
    bell = Bell()
    silent = asyncio.Event()

    async def read_one(target: Target) -> Reading:
        await (silent.wait() if target.device_id == 2 else asyncio.sleep(0))
        return await bell.read_one(target)

    bell.release.set()
    reads = DeviceReads(read_one, LIMITS)
    waiting = asyncio.create_task(reads.read([target(1), target(2)]))
    await bell.until_begun(1)
    await reads.read([target(1)])
    assert bell.begun == [1, 1]
    silent.set()
    await waiting


async def test_a_device_that_was_edited_meanwhile_is_read_anew_but_not_at_the_same_time() -> None:
    bell = Bell()
    reads = DeviceReads(bell.read_one, LIMITS)
    before = asyncio.create_task(reads.read([target(1)]))
    await bell.until_begun(1)
    after = asyncio.create_task(reads.read([replace(target(1), ip_address="127.0.0.2")]))
    await asyncio.sleep(0)
    bell.release.set()
    assert (await before)[0] is not (await after)[0]
    assert (bell.begun, bell.most_running) == ([1, 1], 1)


async def test_who_gives_up_ends_what_nobody_else_waits_for() -> None:
    bell = Bell()
    reads = DeviceReads(bell.read_one, LIMITS)
    alone, shared = (
        asyncio.create_task(reads.read([target(1), target(2)])),
        asyncio.create_task(reads.read([target(2)])),
    )
    await bell.until_begun(2)
    alone.cancel()
    await asyncio.wait([alone])
    assert bell.running == 1
    bell.release.set()
    assert (await shared)[0].state is State.UP


async def test_the_limit_of_devices_at_the_same_time_holds_for_all_who_ask() -> None:
    bell = Bell()
    reads = DeviceReads(bell.read_one, LIMITS)
    asked = [asyncio.create_task(reads.read([target(3 * n), target(3 * n + 1), target(3 * n + 2)])) for n in range(4)]
    await bell.until_begun(2)
    bell.release.set()
    await asyncio.gather(*asked)
    assert (len(bell.begun), bell.most_running) == (12, 2)


async def test_at_the_deadline_a_device_is_unknown_and_told_apart_from_down() -> None:
    """The first was being read, the second still waited for its turn."""
    reads = DeviceReads(Bell().read_one, ReadLimits(concurrency=1, timeout_seconds=10, deadline_seconds=0.1))
    being_read, waiting = await reads.read([target(1), target(2)])
    assert (being_read.state, waiting.state) == (State.UNKNOWN, State.UNKNOWN)
    assert being_read.error == "not read in time: 0.1 s were over before it had answered"
    assert waiting.error == (
        "not read in time: 0.1 s were over before its turn came; 1 devices are read at the same time"
    )


async def test_nothing_goes_on_after_the_deadline_and_the_log_tells_how_many_are_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bell = Bell()
    await DeviceReads(bell.read_one, ReadLimits(2, 10, deadline_seconds=0.05)).read([target(1), target(2)])
    assert bell.running == 0
    assert "devices not read in time driver=test count=2" in caplog.text


async def test_who_was_late_comes_first_and_who_was_silent_last() -> None:
    begun: list[int] = []
    late = {3}

    async def read_one(target: Target) -> Reading:
        begun.append(target.device_id)
        if target.device_id == 1:
            raise DeviceTimeout("no echo")
        await (asyncio.Event().wait() if target.device_id in late else asyncio.sleep(0))
        return up(target)

    targets = [target(1), target(2), target(3)]
    reads = DeviceReads(read_one, ReadLimits(concurrency=1, timeout_seconds=10, deadline_seconds=0.1))
    await reads.read(targets)
    late.clear()
    await reads.read(targets)
    await reads.read(targets)
    assert begun == [1, 2, 3, 3, 2, 1, 2, 3, 1]
