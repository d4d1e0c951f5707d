"""The stack of a soak: `dashnet up` as a user starts it, in a folder of its own, and its processes by name."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.channels import worker_health_key
from dashnet.embedded.folders import StateFolders
from dashnet.settings import PROJECT_ROOT, Settings
from tests.soak.deck import SERVERS, SERVICES, SUPERVISOR

# What tells that a process does not answer; asyncpg has no common base.
_SILENT = (
    *(OSError, TimeoutError, RedisError, httpx.HTTPError, psutil.Error),
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
)
NAMES = (*SERVICES, *SERVERS)
START_SECONDS = 120.0
_STOP_SECONDS = 60
_ANSWER_SECONDS = 5.0
# As long as a killed worker is remembered.
_HEALTH_KEY_SECONDS = 3.5


@dataclass(slots=True)
class SoakStack:
    """A running stack; only processes that it started are ever signalled."""

    folders: StateFolders
    settings: Settings
    home: Path
    supervisor: "subprocess.Popen[bytes]" = field(init=False)

    @property
    def output(self) -> Path:
        """Where the supervisor's own lines go, of all its starts."""
        return self.folders.root.with_suffix(".log")

    def start(self) -> None:
        """Start the supervisor, which starts the rest."""
        command = [sys.executable, "-m", "dashnet.cli", "up", "--state-folder", str(self.folders.root)]
        with self.output.open("ab") as output:
            self.supervisor = subprocess.Popen(
                command, cwd=PROJECT_ROOT, env=self._environment(), stdout=output, stderr=output
            )

    def _environment(self) -> dict[str, str]:
        given = ("network_port", "app_port", "demo_devices", "demo_reset")
        own = {f"DASHNET_{name.upper()}": str(getattr(self.settings, name)) for name in given}
        return {**os.environ, **own, "HOME": str(self.home)}

    def stop(self) -> None:
        """Stop all of it; what does not stop in time is killed."""
        self.supervisor.send_signal(signal.SIGTERM)
        try:
            self.supervisor.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for name in NAMES:
                self.signal(name, signal.SIGKILL)
            self.supervisor.kill()
            self.supervisor.wait(_STOP_SECONDS)

    def pid(self, name: str) -> int | None:
        """The process of this name, if it is a running child of our supervisor."""
        if name == SUPERVISOR:
            return self.supervisor.pid if self.supervisor.poll() is None else None
        with suppress(OSError, ValueError, psutil.Error):
            pid = int((self.folders.pids / name).read_text().split()[0])
            if psutil.Process(pid).ppid() == self.supervisor.pid:
                return pid
        return None

    def signal(self, name: str, number: signal.Signals) -> int | None:
        """Send a signal to the process of this name; returns its id, None where it does not run."""
        pid = self.pid(name)
        if pid is not None:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                return None
        return pid

    async def answers(self, name: str) -> bool:
        """Whether the process of this name runs and answers."""
        if name == SUPERVISOR:
            return all([await self.answers(one) for one in NAMES])
        if self.pid(name) is None:
            return False
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._ask(name)
        except _SILENT:
            return False

    async def _ask(self, name: str) -> bool:
        if name == "postgres":
            connection = await self.connect()
            await connection.close()
            return True
        if name == "redis":
            async with self.redis() as redis:
                return bool(await redis.ping())
        if name == "worker":
            return await self._has_healthy_worker()
        address = self.settings.app_address if name == "app" else self.settings.network_address
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{address}/healthz")).status_code == 200

    async def _has_healthy_worker(self) -> bool:
        """Whether the worker's health key is there, and can no longer be that of the one before."""
        pid = self.pid("worker")
        if pid is None or time.time() - psutil.Process(pid).create_time() < _HEALTH_KEY_SECONDS:
            return False
        async with self.redis() as redis:
            return bool(await redis.exists(worker_health_key(self.settings)))

    def redis(self) -> Redis:
        """A client of the stack's Redis."""
        return Redis(unix_socket_path=str(self.folders.redis_socket), socket_timeout=_ANSWER_SECONDS)

    async def connect(self) -> asyncpg.Connection:
        """A connection to the stack's Postgres, to look at the store."""
        return await asyncpg.connect(
            host=str(self.folders.run), port=5432, user="dashnet", database="dashnet", timeout=_ANSWER_SECONDS
        )

    async def is_ready(self) -> bool:
        """Whether both services say so."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=_ANSWER_SECONDS) as client:
                addresses = (self.settings.network_address, self.settings.app_address)
                answers = [await client.get(f"{address}/readyz") for address in addresses]
        except httpx.HTTPError:
            return False
        return all(answer.status_code == 200 for answer in answers)

    def measure_memory(self) -> dict[str, int]:
        """Own pages of each process with its children, in bytes."""
        pids = {name: self.pid(name) for name in (*NAMES, SUPERVISOR)}
        return {name: _measure(pid, name != SUPERVISOR) for name, pid in pids.items() if pid is not None}


def _measure(pid: int, with_children: bool) -> int:
    process = psutil.Process(pid)
    size = 0
    for one in (process, *(process.children(recursive=True) if with_children else ())):
        with suppress(psutil.Error):
            size += int(one.memory_full_info().uss)
    return size
