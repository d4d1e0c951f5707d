"""Ending a background task for certain."""

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.5


async def cancel_and_wait(task: asyncio.Task[Any]) -> None:
    """Cancel until the task has ended.

    Once is not enough on Python 3.11, where `asyncio.wait_for` can swallow a cancellation that meets its result
    (https://github.com/python/cpython/issues/86296).
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_AGAIN_SECONDS)
