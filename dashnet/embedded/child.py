"""One running process of the stack: how it starts, ends, and what it last said."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dashnet.embedded import launch
from dashnet.embedded.folders import StateFolders
from dashnet.embedded.leftovers import forget_pid, remember_pid
from dashnet.embedded.log_files import cut_log
from dashnet.embedded.specs import ProcessSpec

_TAIL_BYTES = 2_000
_TAIL_LINES = 3
_TAIL_CHARACTERS = 500
_START_TIMEOUT_SECONDS = 10
_KILL_TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Child:
    """A process that was started; its log from `log_start` on is its own."""

    spec: ProcessSpec
    process: asyncio.subprocess.Process
    folders: StateFolders
    log: Path
    log_start: int

    @property
    def is_running(self) -> bool:
        """Whether it was not yet seen to end."""
        return self.process.returncode is None

    async def wait(self) -> None:
        """Wait for its end, however long that takes."""
        await self.process.wait()
        self._kill_orphans()
        forget_pid(self.folders, self.spec.name)

    async def wait_at_most(self, seconds: float) -> bool:
        """Wait for its end; false where it still runs after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self) -> bool:
        """Ask it to end, and kill it and its children when it does not; false where it had to be killed."""
        self._signal(self.spec.stop_signal)
        if await self.wait_at_most(self.spec.stop_timeout_seconds):
            return True
        self.kill()
        await self.wait_at_most(_KILL_TIMEOUT_SECONDS)
        return False

    def kill(self) -> None:
        """End it and all of its session at once, without waiting."""
        if self.is_running:
            # Its session, and so its group, bears its id.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                self._signal(signal.SIGKILL)

    def _kill_orphans(self) -> None:
        """End what is left of its session: workers of a killed uvicorn would keep the port from the next one."""
        # macOS answers with a PermissionError where there are only zombies.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def describe_end(self) -> str:
        """How it ended and its last words, for one log line."""
        code = self.process.returncode
        if code is None:
            ending = "still runs"
        elif code < 0:
            ending = f"signal={next((number.name for number in signal.Signals if number == -code), -code)}"
        else:
            ending = f"exit_code={code}"
        return f"{ending} last_log={self.last_lines()!r}"

    def last_lines(self) -> str:
        """The last lines it wrote, joined into one."""
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            # A log that was cut meanwhile is all its own.
            start = self.log_start if self.log_start <= size else 0
            log.seek(max(start, size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-_TAIL_LINES:])[-_TAIL_CHARACTERS:]

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            # A process that just ended, and was not seen to, is as good as asked.
            try:
                self.process.send_signal(number)
            except ProcessLookupError:
                return


async def start_child(spec: ProcessSpec, folders: StateFolders) -> Child:
    """Start a process in a session of its own, its output in its log, its life tied to this thread's.

    Raises:
        OSError: it cannot be started.
        TimeoutError: the system did not start it in time.
    """
    log = folders.logs / f"{spec.name}.log"
    cut_log(log)
    command = launch_command(spec.command, spec.stop_signal, spec.account)
    with log.open("ab") as output:
        log_start = output.tell()
        async with asyncio.timeout(_START_TIMEOUT_SECONDS):
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=spec.environment,
                cwd=spec.working_folder,
                start_new_session=True,
            )
    remember_pid(folders, spec.name, process.pid)
    return Child(spec, process, folders, log, log_start)


def launch_command(
    command: tuple[str, ...], death_signal: signal.Signals, account: launch.Account | None
) -> tuple[str, ...]:
    """The command line that becomes `command`, as that account, and ends with this thread."""
    settings = launch.Launch(os.getpid(), int(death_signal), account)
    return (sys.executable, "-I", "-S", launch.__file__, settings.to_json(), *command)
