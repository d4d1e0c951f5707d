"""Reading interfaces by SNMP: CPU beside Debian's prometheus-snmp-exporter, a large fleet in one go, memory."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

from bench.exporters import Exporter, find_exporter, run_exporter
from bench.feed.programs import compile_program
from bench.snmp.exporter import write_modules
from bench.stack import free_port, run_stack
from bench.table import Figure

INTERFACES = 24
FEW, MANY = 100, 1000
ROUNDS, READS_EACH = 3, 4
CONNECTIONS = 50
TICK_SECONDS = 60
_SOURCES = Path(__file__).parent


async def measure_snmp() -> list[Figure]:
    """The whole network service (HTTP, Redis and all) against loopback agents in one cheap process."""
    with tempfile.TemporaryDirectory(prefix="dashnet-bench-") as temporary:
        folder = Path(temporary)
        async with _run_agents(folder) as port, run_stack(DEMO_DEVICES=0, HOST_DEVICE="false") as stack:
            service = stack.find_process("services.network.main:app")
            async with httpx.AsyncClient(base_url=stack.network_url, timeout=TICK_SECONDS) as client:
                await _add_devices(client, port, 0, FEW)
                return [
                    *await _compare(client, service, port, folder),
                    *await _read_many(client, service, port),
                ]


async def _compare(client: httpx.AsyncClient, service: psutil.Process, port: int, folder: Path) -> list[Figure]:
    program = find_exporter("prometheus-snmp-exporter")
    if program is None:
        print("no comparison: it needs Debian's prometheus-snmp-exporter (apt-get install prometheus-snmp-exporter)")
        alone = [await _polls_per_cpu_second(service, lambda: _read_all(client, FEW)) for _ in range(ROUNDS)]
        return [Figure(f"ours, {FEW} devices of {INTERFACES} interfaces", median(alone), "interfaces/CPU s")]
    measured: dict[str, list[float]] = {"ours": [], "if_mib": [], "same columns": []}
    write_modules(folder / "snmp.yml")
    arguments = [f"--config.file={folder / 'snmp.yml'}"]
    async with run_exporter(program, folder, arguments, CONNECTIONS) as exporter:
        await _read_all(client, FEW)
        for _ in range(ROUNDS):
            measured["ours"].append(await _polls_per_cpu_second(service, lambda: _read_all(client, FEW)))
            for name, module in (("if_mib", "if_mib"), ("same columns", "ours")):
                scrape = _scraping(exporter, port, module)
                measured[name].append(await _polls_per_cpu_second(exporter.process, scrape))
    ours, whole, same = (median(measured[name]) for name in ("ours", "if_mib", "same columns"))
    return [
        Figure(f"ours, {FEW} devices of {INTERFACES} interfaces", ours, "interfaces/CPU s"),
        Figure("snmp_exporter, if_mib", whole, "interfaces/CPU s"),
        Figure("snmp_exporter, only the columns that ours reads", same, "interfaces/CPU s"),
        Figure("ours beside if_mib", ours / whole, "times", at_least=10),
        Figure("ours beside the same columns", ours / same, "times", at_least=2),
    ]


async def _read_many(client: httpx.AsyncClient, service: psutil.Process, port: int) -> list[Figure]:
    before = _own_mebibytes(service)
    await _add_devices(client, port, FEW, MANY)
    started = time.monotonic()
    await _read_all(client, MANY)
    first_seconds = time.monotonic() - started
    started, cpu = time.monotonic(), _cpu_seconds(service)
    await _read_all(client, MANY)
    seconds, cpu = time.monotonic() - started, _cpu_seconds(service) - cpu
    of = f"{MANY} devices of {INTERFACES} interfaces"
    return [
        Figure(f"{of}: the first reading, tables and all", first_seconds, "s", at_most=TICK_SECONDS),
        Figure(f"{of}: a reading", seconds, "s", at_most=TICK_SECONDS),
        Figure(f"{of}: a reading, CPU", cpu, "s"),
        Figure(f"network service with {FEW} such devices, own", before, "MiB"),
        Figure(f"network service with {MANY} such devices, own", _own_mebibytes(service), "MiB"),
    ]


async def _polls_per_cpu_second(process: psutil.Process, read: Callable[[], Awaitable[None]]) -> float:
    before = _cpu_seconds(process)
    for _ in range(READS_EACH):
        await read()
    return READS_EACH * FEW * INTERFACES / (_cpu_seconds(process) - before)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _own_mebibytes(process: psutil.Process) -> float:
    return process.memory_full_info().uss / 2**20


async def _read_all(client: httpx.AsyncClient, count: int) -> None:
    """Read every device now, and see that each was read."""
    answer = await client.get("/devices/")
    answer.raise_for_status()
    states = [device["state"] for device in answer.json()]
    if states != ["up"] * count:
        raise RuntimeError(f"of {count} devices {states.count('up')} are up")


def _scraping(exporter: Exporter, port: int, module: str) -> Callable[[], Awaitable[None]]:
    async def scrape() -> None:
        """All agents, and see that each interface is there."""
        targets = [f"{_address(number)}:{port}" for number in range(FEW)]
        answers = await asyncio.gather(*(exporter.scrape("/snmp", target=one, module=module) for one in targets))
        if any(answer.count("\nifHCInOctets{") != INTERFACES for answer in answers):
            raise RuntimeError("the exporter did not read every interface")

    return scrape


def _address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


async def _add_devices(client: httpx.AsyncClient, port: int, first: int, end: int) -> None:
    bodies: list[dict[str, Any]] = [
        {
            "host_name": f"switch-{number}",
            "mac_address": f"06:00:01:00:{number >> 8:02X}:{number & 255:02X}",
            "ip_address": _address(number),
            "device_type": "Switch",
            "driver": "snmp",
            "driver_options": {"version": "2c", "community": "public", "port": port},
        }
        for number in range(first, end)
    ]
    (await client.post("/devices/", json=bodies)).raise_for_status()


@asynccontextmanager
async def _run_agents(folder: Path) -> AsyncIterator[int]:
    """The agents on every address of 127.0.0.0/8, at this port."""
    program, port = compile_program("agents", folder, _SOURCES), free_port()
    command = (str(program), str(port), str(INTERFACES))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        await asyncio.wait_for(process.stdout.readline(), 10)
        yield port
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)
