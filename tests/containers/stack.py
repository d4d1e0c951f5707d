"""The stack of compose.yaml under a project name of its own, driven by `docker compose` as people do it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
OURS = ("network", "app", "worker")
DEADLINE_SECONDS = 180
COMMAND_SECONDS = 900

_FETCH = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as answer: print(answer.read().decode())
"""
_FIRST_MESSAGE = """
import sys
from websockets.sync.client import connect
with connect(sys.argv[1], open_timeout=20) as feed: print(feed.recv(timeout=20))
"""
_STOP = """
import os, pathlib, signal
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    try: words = (folder / "cmdline").read_bytes().split(b"\\0")
    except OSError: continue
    own = b"dashnet.watchdog" in words or b"-c" in words or not words[0]
    if not own and any(word.endswith((b"uvicorn", b"arq")) for word in words[:2]):
        os.kill(int(folder.name), signal.SIGSTOP)
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """One project. Commands that connect to published ports begin with `reach`, where these are in a network apart."""

    project: str
    app_port: int
    network_port: int
    reach: Sequence[str]

    def compose(self, *arguments: str, check: bool = True, **environment: str) -> str:
        """Run `docker compose` and return what it printed.

        Raises:
            AssertionError: it failed, with what it said.
        """
        ports = {"DASHNET_APP_PORT": str(self.app_port), "DASHNET_NETWORK_PORT": str(self.network_port)}
        command = ("docker", "compose", "--env-file", os.devnull, "--project-name", self.project, *arguments)
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **ports, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]} {done.stderr[-4000:]}"
        return done.stdout

    def dashnet(self, service: str, *arguments: str) -> str:
        """Run the `dashnet` command in a service's container."""
        return self.compose("exec", "--no-TTY", service, "dashnet", *arguments)

    def fetch(self, path: str) -> str:
        """GET a path of the app service by its published port."""
        return self._run(_FETCH, f"http://127.0.0.1:{self.app_port}{path}")

    def first_message(self, path: str) -> object:
        """The first message of a websocket of the app service, by its published port."""
        return json.loads(self._run(_FIRST_MESSAGE, f"ws://127.0.0.1:{self.app_port}{path}"))

    def done_refreshes(self) -> int:
        """How many refreshes the ledger calls done."""
        runs = json.loads(self.fetch("/api/job-runs?job=refresh&limit=1000"))
        return sum(run["outcome"] == "done" for run in runs)

    def refresh(self) -> None:
        """Have a refresh done, and wait for it."""
        self.dashnet("worker", "jobs", "refresh", "--wait")

    def wait_until_ready(self) -> None:
        """Wait until screens get fresh states."""
        self.wait_until(lambda: '"ready":true' in self.fetch("/readyz"))

    def wait_until(self, check: Callable[[], bool]) -> None:
        """Wait until it holds, up to the deadline.

        Raises:
            AssertionError: it did not; with the services as they are.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not _holds(check):
            assert time.monotonic() < deadline, self.compose("ps", "--all") + self.compose("logs", "--tail", "20")
            time.sleep(1)

    def kill(self, service: str) -> None:
        """Kill a service's first process from outside, as a crash would; `docker kill` forbids the restart.

        Raises:
            OSError: the engine's processes are not this machine's, or not ours to kill.
        """
        os.kill(int(self.inspect(service, "{{.State.Pid}}")), signal.SIGKILL)

    def stop_process(self, service: str) -> None:
        """Let the process in a service's container hang, beside its watchdog."""
        self.compose("exec", "--no-TTY", service, "python", "-c", _STOP)

    def started_at(self, service: str) -> str:
        """When the service's container was last started."""
        return self.inspect(service, "{{.State.StartedAt}}")

    def inspect(self, service: str, form: str) -> str:
        """What `docker inspect` says of a service's container."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        command = ("docker", "inspect", "--format", form, container)
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    def _run(self, program: str, *arguments: str) -> str:
        command = (*self.reach, sys.executable, "-c", program, *arguments)
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (AssertionError, subprocess.SubprocessError):
        return False
