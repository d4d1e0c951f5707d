"""Small real processes that stand in for Dashnet's own, and ways to wait for what they do."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from dashnet.embedded.child import launch_command
from dashnet.embedded.folders import StateFolders
from dashnet.embedded.launch import Account
from dashnet.embedded.services import ServiceSpecs
from dashnet.embedded.specs import ProcessSpec
from dashnet.settings import PROJECT_ROOT, Settings
from tests.ports import free_port

DEADLINE_SECONDS = 20

ORDERLY = """
import pathlib, signal, sys, os
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
def stop(*_):
    with (folder / "stopped").open("a") as file: file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print(name, "began", flush=True)
(folder / name).write_text(str(os.getpid()))
while True: signal.pause()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + ORDERLY.replace(
    "signal.signal(signal.SIGTERM, stop)", ""
)
FAILING = "print('this is why'); raise SystemExit(7)"


def stand_in(name: str, folder: Path, program: str = ORDERLY, **changes: float) -> ProcessSpec:
    """A process that is ready once it has written its id to `folder/name`."""

    async def is_ready() -> bool:
        return (folder / name).exists()

    return ProcessSpec(
        name=name,
        command=(sys.executable, "-I", "-S", "-c", program, name, str(folder)),
        environment=dict(os.environ),
        is_ready=is_ready,
        **changes,  # type: ignore[arg-type]
    )


def stand_in_services(folders: StateFolders, settings: Settings) -> ServiceSpecs:
    """In place of network service, app service and worker."""
    network, app, worker = (stand_in(name, folders.root) for name in ("network", "app", "worker"))
    return ServiceSpecs(network, (app, worker))


async def eventually(check: Callable[[], bool]) -> None:
    """Wait until it holds, up to the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not check():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def wait_until(check: Callable[[], bool]) -> None:
    """The same without a loop."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not check():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """A zombie does not run."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def running_pids(state_folder: Path) -> dict[str, int]:
    """What the stack on this folder wrote down."""
    pids = {}
    for path in (state_folder / "pids").iterdir():
        # The note of a process that ends goes away, maybe between the listing and the look.
        with suppress(FileNotFoundError):
            pids[path.name] = int(path.read_text().split()[0])
    return pids


@contextmanager
def running_stack(state_folder: Path, account: Account | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A whole stack with stand-ins in a process of its own, ready; killed at the end if it still runs."""
    command = (sys.executable, "-m", "tests.dashnet.embedded.stand_in_stack", str(state_folder))
    stack = subprocess.Popen(
        launch_command(command, signal.SIGTERM, account),
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
        env=stack_environment(),
    )
    try:
        read_until(stack, "Dashnet is ready.")
        yield stack
    finally:
        stack.kill()
        stack.wait(DEADLINE_SECONDS)
        assert stack.stdout is not None
        stack.stdout.close()


def stack_environment() -> dict[str, str]:
    """Our environment with free ports for the two services."""
    ports = {"DASHNET_NETWORK_PORT": str(free_port()), "DASHNET_APP_PORT": str(free_port())}
    return {**os.environ, **ports}


def read_until(stack: "subprocess.Popen[str]", text: str) -> list[str]:
    """The lines it says up to one that holds the text."""
    assert stack.stdout is not None
    lines = []
    for line in stack.stdout:
        lines.append(line.rstrip())
        if text in line:
            return lines
    raise AssertionError(f"never said {text!r}: {json.dumps(lines)}")
