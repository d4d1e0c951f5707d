"""A whole stack for a bench: `dashnet up` as a user starts it, in a temporary folder on free ports."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil

READY_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack; `seconds_to_ready` counts from the command to the line that says so."""

    folder: Path
    process: "subprocess.Popen[str]"
    network_url: str
    app_url: str
    seconds_to_ready: float

    @property
    def live_url(self) -> str:
        """Address of the websocket /live."""
        return self.app_url.replace("http", "ws", 1) + "/live"

    def find_process(self, sign: str) -> psutil.Process:
        """The process of the stack that has this in its command."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if sign in " ".join(child.cmdline()))


@asynccontextmanager
async def run_stack(
    folder: Path | None = None, code: Path | None = None, /, **variables: str | int
) -> AsyncIterator[Stack]:
    """Run `dashnet up` until the block ends; `variables` are DASHNET_ ones without that prefix.

    Runs this code, or that of another checkout.
    """
    with tempfile.TemporaryDirectory(prefix="dashnet-bench-") as temporary:
        state = folder or Path(temporary) / "state"
        network_port, app_port = free_port(), free_port()
        given = {"NETWORK_PORT": network_port, "APP_PORT": app_port, **variables}
        environment = {**os.environ, **{f"DASHNET_{name}": str(value) for name, value in given.items()}}
        if code is not None:
            environment["PYTHONPATH"] = str(code)
        started = time.monotonic()
        process = _start(state, environment, code)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await asyncio.to_thread(_read_until_ready, process)
            network_url, app_url = f"http://127.0.0.1:{network_port}", f"http://127.0.0.1:{app_port}"
            yield Stack(state, process, network_url, app_url, time.monotonic() - started)
        finally:
            process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.wait, 30)


def _start(state: Path, environment: dict[str, str], folder: Path | None) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "dashnet.cli", "up", "--state-folder", str(state)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder)


def _read_until_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if "is ready" in line:
            return
    raise RuntimeError(f"dashnet up ended with {process.wait()}")


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_devices(count: int) -> list[dict[str, Any]]:
    """Bodies for POST /devices/: simulated laptops of the realistic profile."""
    return [
        {
            "host_name": f"laptop-{number}",
            "mac_address": f"06:00:00:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}",
            "ip_address": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "device_type": "Laptop",
            "operating_system": "Debian 13",
            "driver_options": {"profile": "realistic"},
        }
        for number in range(count)
    ]


async def add_devices(stack: Stack, count: int) -> float:
    """Add `count` devices in one request; the seconds it took."""
    body = orjson.dumps(make_devices(count))
    async with httpx.AsyncClient(base_url=stack.network_url, timeout=60) as client:
        started = time.monotonic()
        answer = await client.post("/devices/", content=body, headers={"content-type": "application/json"})
        answer.raise_for_status()
        return time.monotonic() - started


async def wait_for_devices(stack: Stack, count: int) -> None:
    """Until the app service shows so many devices."""
    async with httpx.AsyncClient(base_url=stack.app_url, timeout=30) as client, asyncio.timeout(60):
        while (await client.get("/api/summary")).json()["devices"] != count:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
