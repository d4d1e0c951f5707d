"""Child processes of a backup or restore: what they say is kept, and none outlives the block it runs in."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from dashnet.errors import BackupError

_STDERR_LINES = 40
_STOP_SECONDS = 5


class Child:
    """One running program."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._listening = asyncio.create_task(self._listen())

    @property
    def output(self) -> asyncio.StreamReader:
        """What it writes, where `stdout=PIPE` was asked for."""
        if self._process.stdout is None:
            raise RuntimeError("its output goes elsewhere")
        return self._process.stdout

    @property
    def last_words(self) -> str:
        """The end of what it said on stderr, in one line."""
        return " ".join(line.strip() for line in self._stderr if line.strip())[-2000:] or "it said nothing"

    async def write(self, chunk: bytes) -> None:
        """Hand it some input; one that is gone takes none, and its exit code tells why."""
        if self._process.stdin is None:
            raise RuntimeError("its input comes from elsewhere")
        with suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(chunk)
            await self._process.stdin.drain()

    def close_input(self) -> None:
        """It has had all."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def wait(self) -> int:
        """Its exit code, once it has ended and said all."""
        code = await self._process.wait()
        await self._listening
        return code

    async def stop(self) -> None:
        """End it if it still runs."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        if self._process.stderr is not None:
            async for line in self._process.stderr:
                self._stderr.append(line.decode(errors="replace"))


@asynccontextmanager
async def run_child(
    command: Sequence[str], environment: Mapping[str, str], *, stdin: int = DEVNULL, stdout: int = DEVNULL
) -> AsyncIterator[Child]:
    """Run a program until the block ends; `stdin` and `stdout` are file descriptors, DEVNULL or PIPE.

    Raises:
        BackupError: it cannot be started.
    """
    try:
        # A session of its own: Ctrl-C is for us, who then end it in order.
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=stdin, stdout=stdout, stderr=PIPE, start_new_session=True
        )
    except OSError as error:
        raise BackupError(f"{command[0]} cannot be started: {error.strerror}") from error
    child = Child(process)
    try:
        yield child
    finally:
        await child.stop()
