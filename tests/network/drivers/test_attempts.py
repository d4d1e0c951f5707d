"""The next address early: attempts that hang, fail and succeed, on events instead of clocks."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from dashnet.errors import DeviceFailure, DriverError, DriverFault
from services.network.drivers.attempts import connect_early

FAILURE, FAULT = DeviceFailure("refuses"), DriverFault("no route")


async def _hang(address: str) -> str:
    await asyncio.Event().wait()
    return address


async def _connect(address: str) -> str:
    return address


def _fail(error: Exception) -> Callable[[str], Awaitable[str]]:
    async def fail(address: str) -> str:
        raise error

    return fail


def _by_address(*behaviours: Callable[[str], Awaitable[str]]) -> Callable[[str], Awaitable[str]]:
    return lambda address: behaviours[int(address)](address)


@pytest.mark.parametrize(
    ("behaviours", "connected"),
    [
        ((_connect,), "0"),
        ((_connect, _hang), "0"),
        ((_hang, _connect), "1"),
        ((_fail(FAILURE), _connect), "1"),
        ((_fail(FAULT), _hang, _connect), "2"),
        ((_hang, _fail(FAILURE), _hang, _connect), "3"),
    ],
)
async def test_an_address_that_hangs_or_fails_gives_way_to_the_next(
    behaviours: tuple[Callable[[str], Awaitable[str]], ...], connected: str
) -> None:
    addresses = [str(number) for number in range(len(behaviours))]
    assert await connect_early(addresses, _by_address(*behaviours), 2) == connected


async def test_an_early_attempt_that_comes_about_late_still_counts() -> None:
    others_failed = asyncio.Event()

    async def come_late(address: str) -> str:
        await others_failed.wait()
        return address

    async def fail(address: str) -> str:
        others_failed.set()
        raise FAILURE

    assert await connect_early(["0", "1"], _by_address(come_late, fail), 2) == "0"


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ((FAILURE, FAULT), FAILURE),
        ((FAULT, FAILURE), FAILURE),
        ((FAULT, FAULT), FAULT),
        ((FAILURE, RuntimeError("bug"), FAILURE), RuntimeError),
    ],
)
async def test_where_all_fail_the_device_is_told_before_this_machine_and_a_bug_before_both(
    errors: tuple[Exception, ...], told: DriverError | type[Exception]
) -> None:
    addresses = [str(number) for number in range(len(errors))]
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one is what this is about
        await connect_early(addresses, _by_address(*map(_fail, errors)), 2)
    assert raised.value is told or isinstance(raised.value, RuntimeError)


async def test_attempts_that_are_not_needed_have_ended_and_their_connections_are_closed() -> None:
    started: list[asyncio.Task[str] | None] = []
    closed: list[str] = []

    async def connect_despite_all(address: str) -> str:
        started.append(asyncio.current_task())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            # Connected at the very moment.
            return address
        raise AssertionError

    assert await connect_early(["0", "1"], _by_address(connect_despite_all, _connect), 2, closed.append) == "1"
    assert closed == ["0"]
    assert all(task is not None and task.done() for task in started)


async def test_who_gives_up_leaves_no_attempt_behind() -> None:
    begun, ended = asyncio.Event(), []

    async def hang(address: str) -> str:
        begun.set()
        try:
            return await _hang(address)
        finally:
            ended.append(address)

    attempts = asyncio.create_task(connect_early(["0", "1"], hang, 60))
    await begun.wait()
    attempts.cancel()
    await asyncio.gather(attempts, return_exceptions=True)
    assert ended == ["0"]
