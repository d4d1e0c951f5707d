"""How a command that runs on and on ends: in order at a signal, quietly when nobody reads it any more."""

import asyncio
import os
import select
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_POLL_SECONDS = 0.5


class _Ending:
    """Why the block is to end."""

    def __init__(self, task: "asyncio.Task[object]") -> None:
        self._task = task
        self.exit_code: int | None = None

    def begin(self, exit_code: int) -> None:
        """Cancel the block, once."""
        if self.exit_code is None:
            self.exit_code = exit_code
            self._task.cancel()


@asynccontextmanager
async def end_quietly() -> AsyncIterator[None]:
    """Run the block; SIGTERM and SIGHUP cancel it, so that it can put the terminal back, and so does a closed pipe.

    Raises:
        SystemExit: after one of these signals, with the code that a shell would give.
    """
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("not within a task")
    loop, ending = asyncio.get_running_loop(), _Ending(task)
    signals = (signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, ending.begin, 128 + number)
    looking = asyncio.create_task(_look_for_reader(ending))
    try:
        yield
    except BrokenPipeError:
        ending.exit_code = 0
    except asyncio.CancelledError:
        if ending.exit_code is None:
            raise
        task.uncancel()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    if ending.exit_code == 0:
        _discard_output()
    elif ending.exit_code is not None:
        sys.exit(ending.exit_code)


async def _look_for_reader(ending: _Ending) -> None:
    """A write would find the closed pipe too, but only when there is something to write."""
    descriptor = _stdout_pipe()
    if descriptor is None:
        return
    poll = select.poll()
    poll.register(descriptor, 0)
    while True:
        if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
            ending.begin(0)
            return
        await asyncio.sleep(_POLL_SECONDS)


def _stdout_pipe() -> int | None:
    try:
        descriptor = sys.stdout.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):
        return None
    return descriptor if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def _discard_output() -> None:
    """What is still buffered goes nowhere, instead of failing again when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
