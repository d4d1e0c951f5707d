"""Debian's Prometheus exporters, run beside ours in a bench: finding one, starting it, asking it over one client."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.stack import free_port

START_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Exporter:
    """A running exporter, asked over connections that are kept."""

    process: psutil.Process
    client: httpx.AsyncClient

    async def scrape(self, path: str, **parameters: str) -> str:
        """Return the metrics of one target."""
        answer = await self.client.get(path, params=parameters)
        answer.raise_for_status()
        return answer.text


def find_exporter(name: str) -> str | None:
    """Return the path of the program, or None where it is not installed."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin")


@asynccontextmanager
async def run_exporter(
    program: str, folder: Path, arguments: Sequence[str], connections: int, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Exporter]:
    """Run the exporter until the block ends; at most so many connections ask it at the same time."""
    port = free_port()
    command = [program, *arguments, f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "exporter.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
        )
        try:
            limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, limits=limits) as client:
                await _wait_for(client)
                yield Exporter(psutil.Process(process.pid), client)
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), START_SECONDS)


async def _wait_for(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            try:
                (await client.get("/config")).raise_for_status()
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
