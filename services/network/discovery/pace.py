"""Work on many addresses, so many at the same time and so many a second at the most."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

_Item = TypeVar("_Item")


class Pace:
    """Lets so many a second through; who comes later waits. Nobody may catch up on time that passed unused."""

    def __init__(self, per_second: float) -> None:
        self._seconds = 1 / per_second
        self._next_at = 0.0

    async def wait(self) -> None:
        """Return when it is this one's turn."""
        now = asyncio.get_running_loop().time()
        at = max(self._next_at, now)
        self._next_at = at + self._seconds
        if at > now:
            await asyncio.sleep(at - now)


async def for_each(items: Iterable[_Item], work: Callable[[_Item], Awaitable[None]], concurrency: int) -> None:
    """Do `work` for each of the items; an error of one ends all."""
    waiting = iter(items)

    async def take_turns() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as workers:
        for _ in range(concurrency):
            workers.create_task(take_turns())
