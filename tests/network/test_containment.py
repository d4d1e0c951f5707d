import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dashnet.errors import DeviceTimeout, DriverFault
from dashnet.reading import Reading, State
from services.network.containment import Containment
from services.network.drivers.driver import DriverOptions, Target
from services.network.drivers.facts import Facts

FAULT = "internal fault of driver test; see the network service's log"
TARGETS = [Target(number, "Server", "127.0.0.1", "test", DriverOptions(), None) for number in range(1, 6)]


def up(device_id: int) -> Reading:
    return Reading(device_id, State.UP, 1.0, 2.0, 0.5, datetime.now(UTC))


class Scripted:
    """A driver that returns what `answer` makes of the ids it is asked for."""

    name = "test"

    def __init__(self, answer: Callable[[Sequence[int]], Any]) -> None:
        self.answer = answer
        self.asked: list[Sequence[int]] = []

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        ids = [target.device_id for target in targets]
        self.asked.append(ids)
        return self.answer(ids)  # type: ignore[no-any-return]  # right or wrong, as each test wants it


async def read(answer: Callable[[Sequence[int]], Any]) -> list[State]:
    readings = await Containment(300).read(Scripted(answer), TARGETS, {})
    assert all(readings[one].error == FAULT for one in readings if readings[one].state is State.UNKNOWN)
    return [readings[target.device_id].state for target in TARGETS]


OTHERS = [State.UP, State.UP, State.UNKNOWN, State.UP, State.UP]
BAD = {
    "nothing": None,
    "another type": "up",
    "not a number": replace(up(3), upload_speed=float("nan")),
    "infinite": replace(up(3), download_speed=float("-inf")),
    "infinite round trip": replace(up(3), round_trip_seconds=float("inf")),
    "beyond JSON": replace(up(3), upload_speed=10**400),
    "a text for a number": replace(up(3), loss_ratio="half"),  # type: ignore[arg-type]  # the fault
    "no state": replace(up(3), state=None),  # type: ignore[arg-type]  # the fault
    "no time": replace(up(3), read_at="now"),  # type: ignore[arg-type]  # the fault
    "an error that is no text": replace(up(3), error=7),  # type: ignore[arg-type]  # the fault
    "interfaces that are none": replace(up(3), interfaces=[7]),  # type: ignore[list-item]  # the fault
    "of another device": up(1),
    "of a device that there is not": up(99),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
async def test_a_wrong_return_value_for_one_device_costs_no_other_its_reading(bad: object) -> None:
    assert await read(lambda ids: [bad if one == 3 else up(one) for one in ids]) == OTHERS


async def test_a_device_that_is_left_out_is_unknown() -> None:
    assert await read(lambda ids: [up(one) for one in ids if one != 3]) == OTHERS


@pytest.mark.parametrize("whole", [None, 7, "up", {}, []])
async def test_what_are_no_readings_at_all_is_a_fault_of_each_device(whole: object) -> None:
    assert await read(lambda _: whole) == [State.UNKNOWN] * 5


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError, SystemExit, RecursionError])
async def test_where_a_driver_fails_as_a_whole_the_bad_device_is_found_and_the_others_are_read(
    error: type[BaseException],
) -> None:
    def fail(ids: Sequence[int]) -> Sequence[Reading]:
        if 3 in ids:
            raise error
        return [up(one) for one in ids]

    assert await read(fail) == OTHERS


async def test_a_driver_that_fails_for_all_is_not_called_without_end() -> None:
    driver = Scripted(lambda _: 1 / 0)
    many = [replace(TARGETS[0], device_id=number) for number in range(1000)]
    readings = await Containment(300).read(driver, many, {})
    assert {reading.error for reading in readings.values()} == {FAULT}
    assert (len(readings), len(driver.asked) <= 128) == (1000, True)


class Stubborn:
    """Goes on when it is cancelled, until it is released."""

    name = "test"

    def __init__(self) -> None:
        self.calls = 0
        self.release = asyncio.Event()

    async def read(self, targets: Sequence[Target], inventory: Mapping[int, Target]) -> Sequence[Reading]:  # noqa: ARG002
        self.calls += 1
        while not self.release.is_set():
            with suppress(asyncio.CancelledError):
                await self.release.wait()
        return [up(target.device_id) for target in targets]


async def test_a_driver_that_hangs_is_left_behind_and_called_again_only_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.network.containment.GRACE_SECONDS", 0.01)
    containment, driver = Containment(0.01), Stubborn()
    for _ in range(10):
        readings = await containment.read(driver, TARGETS, {})
        assert {reading.error for reading in readings.values()} == {FAULT}
    assert driver.calls == 4
    driver.release.set()


async def test_an_error_in_words_that_cannot_be_stored_is_cleaned_and_keeps_its_state() -> None:
    bad = replace(up(3), state=State.DOWN, error="a\0b\udcff\ud800" + 2000 * "c")
    readings = await Containment(300).read(
        Scripted(lambda ids: [bad if one == 3 else up(one) for one in ids]), TARGETS, {}
    )
    assert (readings[3].state, readings[3].error) == (State.DOWN, "a\ufffdb\ufffd\ufffd" + 995 * "c")


class Talker:
    """A driver that is asked for facts."""

    def __init__(self, answer: Callable[[], Facts]) -> None:
        self._answer = answer

    async def describe(self, target: Target) -> Facts:  # noqa: ARG002
        return self._answer()


async def test_facts_are_cleaned_of_what_cannot_be_stored() -> None:
    facts = await Containment(300).describe(Talker(lambda: Facts("a\udc00", uptime_seconds=1.5)), TARGETS[0])
    assert (facts.system_name, facts.uptime_seconds, facts.vendor) == ("a\ufffd", 1.5, None)


@pytest.mark.parametrize("error", [ValueError(), ExceptionGroup("two", [ValueError()]), asyncio.CancelledError()])
async def test_what_a_driver_raises_when_it_is_asked_for_facts_is_our_fault(error: BaseException) -> None:
    def fail() -> Facts:
        raise error

    with pytest.raises(DriverFault, match=FAULT):
        await Containment(300).describe(Talker(fail), TARGETS[0])


async def test_what_a_device_does_when_it_is_asked_for_facts_stays_what_it_is() -> None:
    def fail() -> Facts:
        raise DeviceTimeout("no answer")

    with pytest.raises(DeviceTimeout, match="no answer"):
        await Containment(300).describe(Talker(fail), TARGETS[0])
