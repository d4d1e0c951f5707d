"""Runs the processes of one stack: started in order, kept alive, stopped in the opposite order."""

import asyncio
import logging
import time
from collections.abc import Callable

from dashnet.embedded.folders import StateFolders
from dashnet.embedded.keeper import Keeper
from dashnet.embedded.specs import ProcessSpec

logger = logging.getLogger(__name__)


class Supervisor:
    """Owner of all processes; whoever makes one must `stop` it, however starting went.

    `say` gets one line for each process that became ready or was stopped.
    """

    def __init__(self, folders: StateFolders, say: Callable[[str], None]) -> None:
        self._folders = folders
        self._say = say
        self._keepers: list[Keeper] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, *specs: ProcessSpec) -> None:
        """Start these at the same time, after all that were started before; return when all are ready.

        Raises:
            StackError: one does not start.
        """
        keepers = [Keeper(spec, self._folders) for spec in specs]
        self._keepers.extend(keepers)
        starts = [asyncio.create_task(self._start_one(keeper)) for keeper in keepers]
        try:
            await asyncio.gather(*starts)
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def wait(self) -> None:
        """Run until cancelled; it ends by itself only by an error of ours in keeping a process alive."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Stop all, the last started first; safe to call at any time."""
        while self._keepers:
            keeper = self._keepers[-1]
            started = time.monotonic()
            orderly = await keeper.stop()
            self._keepers.pop()
            took = f"{time.monotonic() - started:.1f} s"
            if orderly:
                self._say(f"  {keeper.spec.name:<9} stopped after {took}")
            else:
                logger.warning("process did not stop in time and was killed name=%s", keeper.spec.name)
                self._say(f"  {keeper.spec.name:<9} killed after {took}")

    def kill(self) -> None:
        """Kill all at once; `stop`, which must run too, then finds nothing left to wait for."""
        for keeper in self._keepers:
            keeper.kill()

    def pids(self) -> dict[str, int]:
        """The process ids by name, of those that run now."""
        running = {keeper.spec.name: keeper.child for keeper in self._keepers}
        return {name: child.process.pid for name, child in running.items() if child is not None and child.is_running}

    async def _start_one(self, keeper: Keeper) -> None:
        started = time.monotonic()
        self._tasks.add(await keeper.start())
        version = f" ({keeper.spec.version})" if keeper.spec.version else ""
        self._say(f"  {keeper.spec.name:<9} ready after {time.monotonic() - started:.1f} s{version}")
