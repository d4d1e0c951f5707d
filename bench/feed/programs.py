"""The C programs of these benches, compiled where they are needed, and the crowd of subscribers that one of them is."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

SERVER_CORE, CROWD_CORE = 0, 1
SOURCES = Path(__file__).parent


class NoCompiler(Exception):
    """A bench cannot run here; says what to install."""


def compile_program(name: str, folder: Path, sources: Path = SOURCES) -> Path:
    """The program of this name, compiled into a folder.

    Raises:
        NoCompiler: there is none here.
        RuntimeError: it refuses the program.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompiler("it needs a C compiler (on Debian and Ubuntu: apt-get install gcc libc6-dev)")
    program = folder / name
    command = [compiler, "-O2", "-o", str(program), str(sources / f"{name}.c")]
    compiled = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if compiled.returncode != 0:
        raise RuntimeError(compiled.stderr)
    return program


def pin(pid: int, core: int) -> None:
    """Keep a process and all its threads to one core, so that server and crowd do not share one."""
    if len(os.sched_getaffinity(0)) > 1:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


class Crowd:
    """Many subscribers in one C process (load.c)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def wait(self, messages: int, seconds: float = 60) -> bool:
        """Whether so many messages came since the last reset, within this time."""
        return bool((await self._ask(f"wait {messages} {int(seconds * 1000)}"))["reached"])

    async def wait_open(self, connections: int, seconds: float = 60) -> bool:
        """Whether so many connections are open, within this time."""
        return bool((await self._ask(f"open {connections} {int(seconds * 1000)}"))["reached"])

    async def wait_first(self, connections: int, seconds: float = 60) -> float | None:
        """Seconds until so many have had their first message; None if they have not within this time."""
        answer = await self._ask(f"first {connections} {int(seconds * 1000)}")
        return float(answer["seconds"]) if answer["reached"] else None

    async def reset(self) -> None:
        """Count from nought."""
        await self._ask("reset")

    async def report(self) -> dict[str, Any]:
        """What was counted (load.c names it)."""
        return await self._ask("report")

    async def _ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command.encode() + b"\n")
        async with asyncio.timeout(120):
            answer: dict[str, Any] = orjson.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def run_crowd(program: Path, port: int, path: str, connections: int, *options: str) -> AsyncIterator[Crowd]:
    """So many subscribers of one address, on the crowd's core, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        *("127.0.0.1", str(port), path, str(connections), *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    pin(process.pid, CROWD_CORE)
    try:
        yield Crowd(process)
    finally:
        process.kill()
        await process.wait()
