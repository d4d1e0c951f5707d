import asyncio
from collections.abc import Mapping

import pytest

from dashnet.errors import DriverFault
from services.network.drivers.batches import Batches


class Sender:
    """Doubles what is asked, once it may."""

    def __init__(self) -> None:
        self.sent: list[dict[int, int]] = []
        self.release = asyncio.Event()
        self.release.set()
        self.fault: Exception | None = None

    async def send(self, asked: Mapping[int, int]) -> Mapping[int, int]:
        self.sent.append(dict(asked))
        await self.release.wait()
        if self.fault:
            raise self.fault
        return {device_id: value * 2 for device_id, value in asked.items() if value}


@pytest.fixture
def sender() -> Sender:
    return Sender()


async def test_what_is_asked_at_the_same_time_is_one_request(sender: Sender) -> None:
    batches = Batches(sender.send)
    assert await asyncio.gather(*(batches.ask(number, number) for number in range(4))) == [None, 2, 4, 6]
    assert sender.sent == [{0: 0, 1: 1, 2: 2, 3: 3}]


async def test_while_one_is_on_its_way_the_next_gathers(sender: Sender) -> None:
    batches = Batches(sender.send)
    sender.release.clear()
    first = asyncio.create_task(batches.ask(1, 1))
    while not sender.sent:  # noqa: ASYNC110 - of another task
        await asyncio.sleep(0)
    others = [asyncio.create_task(batches.ask(number, number)) for number in (2, 3)]
    await asyncio.sleep(0)
    sender.release.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6]
    assert sender.sent == [{1: 1}, {2: 2, 3: 3}]


async def test_the_fault_of_a_request_is_that_of_all_in_it_and_the_next_goes_well(sender: Sender) -> None:
    batches = Batches(sender.send)
    sender.fault = DriverFault("out of reach")
    results = await asyncio.gather(batches.ask(1, 1), batches.ask(2, 2), return_exceptions=True)
    assert [str(result) for result in results] == ["out of reach"] * 2
    sender.fault = None
    assert await batches.ask(1, 1) == 2


async def test_who_gives_up_does_not_take_the_answer_from_others(sender: Sender) -> None:
    batches = Batches(sender.send)
    sender.release.clear()
    leaving, staying = asyncio.create_task(batches.ask(1, 1)), asyncio.create_task(batches.ask(2, 2))
    while not sender.sent:  # noqa: ASYNC110 - of another task
        await asyncio.sleep(0)
    leaving.cancel()
    sender.release.set()
    assert await staying == 4


async def test_two_that_ask_for_one_device_share_its_answer(sender: Sender) -> None:
    batches = Batches(sender.send)
    answers = await asyncio.gather(batches.ask(1, 5), batches.ask(1, 7))
    assert list(answers) == [14, 14]


async def test_what_is_wrong_for_one_device_is_raised_for_that_one_alone() -> None:
    async def send(asked: Mapping[int, int]) -> Mapping[int, int]:
        return {device_id: 10 // value for device_id, value in asked.items()}

    batches = Batches(send)
    results = await asyncio.gather(*(batches.ask(number, number - 2) for number in range(5)), return_exceptions=True)
    assert [results[0], results[1], results[3], results[4]] == [-5, -10, 10, 5]
    assert isinstance(results[2], ZeroDivisionError)
