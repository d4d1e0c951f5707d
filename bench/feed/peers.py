"""The servers that are compared, each alone on its core: ours, nchan, the documentation's loop, and bare write()."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.feed.programs import SERVER_CORE, compile_program, pin
from bench.stack import Stack, free_port
from dashnet.publication import Kind, publish
from dashnet.redis import create_redis
from dashnet.settings import Settings

NCHAN_MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
MESSAGE_BYTES = 300


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server; `pids` are whose CPU counts.

    `publish` sends something to all subscribers of `path`, which each of them gets in `messages_each` messages.
    """

    name: str
    port: int
    path: str
    pids: tuple[int, ...]
    publish: Callable[[], Awaitable[None]]
    messages_each: int = 1

    def cpu_seconds(self) -> float:
        """CPU that the server has used so far, in user and kernel, by the scheduler's own clock."""
        return sum(_cpu_nanoseconds(pid) for pid in self.pids) / 1e9

    def own_bytes(self) -> int:
        """Memory that is the server's alone."""
        return sum(psutil.Process(pid).memory_full_info().uss for pid in self.pids)


def _cpu_nanoseconds(pid: int) -> int:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)


def make_text(size: int = MESSAGE_BYTES) -> bytes:
    """A message of this size that says when it was sent."""
    return f"sent_at={time.monotonic_ns()} ".encode().ljust(size, b"x")


@asynccontextmanager
async def run_write_loop(folder: Path) -> AsyncIterator[Peer]:
    """The floor: nothing but write()."""
    port = free_port()
    program = compile_program("write_loop", folder)
    process = await asyncio.create_subprocess_exec(
        str(program), str(port), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    await stdout.readline()
    pin(process.pid, SERVER_CORE)

    async def send() -> None:
        stdin.write(b"%d\n" % MESSAGE_BYTES)

    try:
        yield Peer("write() in C", port, "/", (process.pid,), send)
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def run_docs_loop(make_message: Callable[[], bytes] = make_text, *, deflate: bool = False) -> AsyncIterator[Peer]:
    """The loop of the FastAPI documentation, under uvicorn as it comes."""
    port = free_port()
    options = ("--log-level", "error", "--ws-per-message-deflate", str(deflate).lower())
    command = (sys.executable, "-m", "uvicorn", "bench.feed.docs_loop:app", "--port", str(port), *options)
    process = _start(command)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            await _until_answered(client)
            pin(process.pid, SERVER_CORE)

            async def send() -> None:
                await client.post("/publish", content=make_message())

            yield Peer("loop of the FastAPI documentation", port, "/", (process.pid,), send)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


def has_nchan() -> bool:
    """Whether Debian's nginx and its nchan are installed."""
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") is not None and NCHAN_MODULE.exists()


@asynccontextmanager
async def run_nchan() -> AsyncIterator[Peer]:
    """nchan inside nginx, one process."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="dashnet-nchan-") as temporary:
        conf = _write_nginx_conf(Path(temporary), port)
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
        process = _start((nginx, "-p", temporary, "-c", str(conf)))
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
                await _until_answered(client)
                pids = tuple(child.pid for child in psutil.Process(process.pid).children())
                for pid in pids:
                    pin(pid, SERVER_CORE)

                async def send() -> None:
                    await client.post("/pub", content=make_text(), headers={"content-type": "text/plain"})

                yield Peer("nchan", port, "/sub", pids, send)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 30)


def _start(command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def _write_nginx_conf(folder: Path, port: int) -> Path:
    folder.chmod(0o755)
    conf = folder / "nginx.conf"
    conf.write_text(_nginx_conf(folder, port))
    return conf


def _nginx_conf(folder: Path, port: int) -> str:
    return f"""
load_module {NCHAN_MODULE};
daemon off;
worker_processes 1;
worker_rlimit_nofile {min(psutil.Process().rlimit(psutil.RLIMIT_NOFILE)[1], 65536)};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /sub {{ nchan_subscriber websocket; nchan_channel_id bench; nchan_subscriber_first_message newest; }}
    location = /pub {{ nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 1; }}
  }}
}}
"""


async def _until_answered(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await client.get("/")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


@asynccontextmanager
async def run_ours(stack: Stack, publish_one: Callable[..., Awaitable[None]] | None = None) -> AsyncIterator[Peer]:
    """The app service of a running stack; what is published takes the whole way through Redis."""
    process = stack.find_process("services.app.main:app")
    pin(process.pid, SERVER_CORE)
    settings = Settings(_env_file=stack.folder / "stack.env")
    redis = create_redis(settings, "dashnet-bench")

    async def send() -> None:
        fields = {"sent_at": time.monotonic_ns(), "time_stamp": "2026-11-23T20:00:00Z", "snap_shots": [], "pad": _PAD}
        await publish(redis, settings, Kind.SNAPSHOTS, fields)

    try:
        yield Peer("Dashnet", int(stack.app_url.rsplit(":", 1)[1]), "/live", (process.pid,), publish_one or send)
    finally:
        await redis.aclose()


# Makes the message as long as that of the others.
_PAD = "x" * (MESSAGE_BYTES - 120)
