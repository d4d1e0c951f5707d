"""Keeps one process alive: starts it, waits until it is ready, starts it again when it dies or hangs."""

import asyncio
import logging
import random
import time

from dashnet.embedded.child import Child, start_child
from dashnet.embedded.folders import StateFolders
from dashnet.embedded.log_files import cut_log
from dashnet.embedded.specs import ProcessSpec
from dashnet.errors import StackError
from dashnet.liveness import LOOK_EVERY_SECONDS, Silence

logger = logging.getLogger(__name__)

_FIRST_DELAY_SECONDS = 0.25
_LONGEST_DELAY_SECONDS = 10.0
_STEADY_SECONDS = 30
_DEATHS_BEFORE_READY = 3
_POLL_SECONDS = 0.05
_CHECK_TIMEOUT_SECONDS = 35
_CANCEL_TIMEOUT_SECONDS = 0.1


def restart_delay_seconds(deaths: int, luck: float) -> float:
    """How long to wait after so many deaths in a row: twice as long each time, less up to a half by `luck` (0 to 1)."""
    # The exponent is bounded because a float is.
    longest = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0 ** min(deaths - 1, 16))
    return longest * (0.5 + luck / 2)


class Keeper:
    """Owner of one process and of the task that watches it."""

    def __init__(self, spec: ProcessSpec, folders: StateFolders) -> None:
        self.spec = spec
        self.child: Child | None = None
        self._folders = folders
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def start(self) -> asyncio.Task[None]:
        """Start the process and wait until it is ready; the task that keeps it alive from then on.

        Raises:
            StackError: it died several times, or was not ready in time.
        """
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")
        ready = asyncio.create_task(self._ready.wait())
        try:
            # `_keep` itself ends in time, because each of its tries does.
            await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._task.done():
            self._task.result()
        return self._task

    async def stop(self) -> bool:
        """Stop watching, then stop the process; false where it had to be killed."""
        self._is_stopping = True
        # One cancel may be lost: asyncio.wait_for of Python 3.11, with which redis-py sends, swallows one that comes
        # as it completes (https://github.com/python/cpython/issues/86296).
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_CANCEL_TIMEOUT_SECONDS)
        return await self.child.stop() if self.child is not None else True

    def kill(self) -> None:
        """Stop watching and kill the process at once; `stop` must follow."""
        self._is_stopping = True
        if self._task is not None:
            self._task.cancel()
        if self.child is not None:
            self.child.kill()

    async def _keep(self) -> None:
        deaths = 0
        while not self._is_stopping:
            started = time.monotonic()
            end = await self._run_once()
            ran_seconds = time.monotonic() - started
            if self._is_stopping:
                return
            deaths = 1 if ran_seconds >= _STEADY_SECONDS and self._ready.is_set() else deaths + 1
            if not self._ready.is_set() and deaths >= _DEATHS_BEFORE_READY:
                raise StackError(f"{self.spec.name} does not start: {end}. Its log: {self._log_path()}")
            delay = restart_delay_seconds(deaths, random.random())
            logger.warning(
                "process ended name=%s ran_seconds=%.1f restart_in_seconds=%.1f %s",
                *(self.spec.name, ran_seconds, delay, end),
            )
            await asyncio.sleep(delay)

    async def _run_once(self) -> str:
        """Start it, wait until it ends; how it ended."""
        try:
            self.child = child = await start_child(self.spec, self._folders)
        except (OSError, TimeoutError) as error:
            return f"could not be started: {error!r}"
        if await self._became_ready(child):
            self._tell_ready()
            await self._watch(child)
        elif child.is_running:
            await child.stop()
            waited = f"not ready within {self.spec.ready_timeout_seconds:g} s"
            if not self._ready.is_set():
                raise StackError(f"{self.spec.name} was {waited}: {child.last_lines()} Its log: {self._log_path()}")
            return f"{waited} {child.describe_end()}"
        return child.describe_end()

    async def _watch(self, child: Child) -> None:
        """Return when the process has ended; one that hangs is killed. Its log is kept short meanwhile."""
        silence = Silence()
        while not await child.wait_at_most(LOOK_EVERY_SECONDS):
            await asyncio.to_thread(cut_log, child.log)
            if self.spec.look is not None and silence.is_hung_after(await asyncio.to_thread(self.spec.look)):
                logger.error("process is silent and is killed name=%s pid=%d", self.spec.name, child.process.pid)
                child.kill()
                await child.wait()
                return

    async def _became_ready(self, child: Child) -> bool:
        deadline = time.monotonic() + self.spec.ready_timeout_seconds
        while time.monotonic() < deadline and child.is_running:
            if await self._is_ready():
                return True
            await child.wait_at_most(_POLL_SECONDS)
        return False

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_SECONDS):
                return await self.spec.is_ready()
        except TimeoutError:
            return False

    def _tell_ready(self) -> None:
        if self._ready.is_set():
            logger.warning("process is back name=%s", self.spec.name)
        self._ready.set()

    def _log_path(self) -> str:
        return str(self._folders.logs / f"{self.spec.name}.log")
