"""A real nginx that runs docs/examples/nginx.conf with other ports."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from dashnet.settings import PROJECT_ROOT
from tests.servers import eventually

EXAMPLE = PROJECT_ROOT / "docs" / "examples" / "nginx.conf"
# What Debian's /etc/nginx/nginx.conf is around a file in conf.d, kept to one folder.
_AROUND = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/dashnet.conf;
}}
"""
_STOP_SECONDS = 10.0


def find_nginx() -> str:
    """The program; skips the test where there is none."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        pytest.skip("there is no nginx on this machine (Debian: apt-get install nginx-light)")
    return found


def example_with(port: int, replica_ports: Sequence[int]) -> str:
    """The example with these ports in place of its own, and nothing else changed."""
    text, listens = re.subn(r"listen 80;", f"listen 127.0.0.1:{port};", EXAMPLE.read_text(encoding="utf-8"))
    for old, new in zip((5001, 5002), replica_ports, strict=True):
        text, servers = re.subn(rf"server 127\.0\.0\.1:{old} ", f"server 127.0.0.1:{new} ", text)
        assert (listens, servers) == (1, 1)
    return text


@asynccontextmanager
async def run_nginx(folder: Path, port: int, replica_ports: Sequence[int]) -> AsyncIterator[Path]:
    """nginx before these replicas until the block ends; yields its access log."""
    (folder / "dashnet.conf").write_text(example_with(port, replica_ports), encoding="utf-8")
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder), encoding="utf-8")
    nginx = await asyncio.create_subprocess_exec(
        *(find_nginx(), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
    )
    try:
        await eventually(lambda: _answers(nginx, port, folder))
        yield folder / "access.log"
    finally:
        if nginx.returncode is None:
            nginx.terminate()
        async with asyncio.timeout(_STOP_SECONDS):
            await nginx.wait()


async def _answers(nginx: asyncio.subprocess.Process, port: int, folder: Path) -> bool:
    if nginx.returncode is not None:
        raise RuntimeError(f"nginx ended: {(folder / 'error.log').read_text(encoding='utf-8')}")
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True
