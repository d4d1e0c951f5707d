"""So many at the same time, so many a second."""

import asyncio

import pytest

from services.network.discovery.pace import Pace, for_each


async def test_no_more_than_so_many_go_through_in_a_second() -> None:
    pace, loop = Pace(200), asyncio.get_running_loop()
    began = loop.time()
    await for_each(range(61), lambda _: pace.wait(), 20)
    assert loop.time() - began >= 60 / 200


async def test_each_is_worked_on_once_and_never_more_at_the_same_time() -> None:
    seen: list[int] = []
    busy, most = 0, 0

    async def work(item: int) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0)
        seen.append(item)
        busy -= 1

    await for_each(range(50), work, 7)
    assert (sorted(seen), most) == (list(range(50)), 7)
    await for_each([], work, 0)


async def test_an_error_ends_all() -> None:
    async def fail(item: int) -> None:
        raise ValueError(item)

    with pytest.RaisesGroup(ValueError, ValueError):
        await for_each(range(9), fail, 2)
