"""Checks of pages, ports, name servers and hosts: CPU of our drivers beside Debian's prometheus-blackbox-exporter."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import psutil
import uvloop
import yaml

from bench.checks.certificates import AUTHORITY, write_certificates
from bench.checks.scraping import scrape_all
from bench.checks.targets import ADDRESSES, KINDS
from bench.exporters import Exporter, find_exporter, run_exporter
from bench.table import Figure
from dashnet.errors import DriverFault
from dashnet.memory import collect_less_often
from dashnet.open_files import allow_open_files
from dashnet.reading import State
from dashnet.settings import Settings
from services.network.drivers import parse_options
from services.network.drivers.dns import DnsDriver
from services.network.drivers.driver import Driver, ReadLimits, Target
from services.network.drivers.http import HttpDriver
from services.network.drivers.icmp import IcmpDriver
from services.network.drivers.names import Names
from services.network.drivers.tcp import TcpDriver

ROUNDS, READS_EACH = 5, 2
# As many as our drivers read at the same time by default. Of pings that would be 1,024; the exporter's get lost then,
# as each of its sockets is sent the answers to all others.
CONNECTIONS: Mapping[str, int] = {"http": 64, "https": 64, "tcp": 256, "dns": 256, "icmp": 64}
# Checks of ours per CPU second, beside the exporter's.
AT_LEAST: Mapping[str, float] = {"http": 1.3, "https": 1, "tcp": 2, "dns": 2, "icmp": 2}
PROGRAM = "prometheus-blackbox-exporter"
NO_EXPORTER = f"it needs Debian's {PROGRAM} to stand beside (apt-get install {PROGRAM})"
_NAME = "www.example.org"
_MODULES: dict[str, dict[str, Any]] = {
    "http": {"prober": "http"},
    "https": {"prober": "http"},
    "tcp": {"prober": "tcp"},
    "icmp": {"prober": "icmp"},
    "dns": {"prober": "dns", "dns": {"query_name": _NAME, "query_type": "A", "preferred_ip_protocol": "ip4"}},
}

_Run = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of check: how both sides run all of them once."""

    name: str
    ours: _Run
    theirs: _Run | None


async def measure_checks(kinds: Sequence[str] = tuple(AT_LEAST)) -> list[Figure]:
    """Check 500 loopback targets of each kind, ours and the exporter in turns, and compare their CPU seconds.

    Both check the same targets from nothing: a new connection each, certificates verified against the same authority.
    The exporter is asked over connections that are kept, as many as our drivers read devices at a time, and for plain
    text: to pack it, as it does for Prometheus, costs it more.
    """
    return await asyncio.to_thread(_measure, kinds)


def _measure(kinds: Sequence[str]) -> list[Figure]:
    # The service runs on uvloop, too.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure_kinds(kinds))


async def _measure_kinds(kinds: Sequence[str]) -> list[Figure]:
    allow_open_files()
    collect_less_often()
    program = find_exporter(PROGRAM)
    if program is None:
        print(f"no comparison: {NO_EXPORTER}")
    figures = []
    with tempfile.TemporaryDirectory(prefix="dashnet-bench-") as temporary:
        folder = Path(temporary)
        write_certificates(folder, ADDRESSES)
        os.environ["SSL_CERT_FILE"] = str(folder / AUTHORITY)
        async with _run_targets(folder) as ports, _run_exporter(program, folder) as exporter:
            drivers = _make_drivers()
            for kind in _permitted(kinds, drivers):
                check = _Kind(kind, _reading(drivers, kind, ports), _scraping(exporter, kind, ports))
                figures += await _compare(check, exporter)
    return figures


def _permitted(kinds: Sequence[str], drivers: Mapping[str, Driver]) -> Sequence[str]:
    """Leave pings out, and say so, where this process may not send any."""
    icmp = drivers["icmp"]
    assert isinstance(icmp, IcmpDriver)
    try:
        icmp.open(ADDRESSES[0])
    except DriverFault as fault:
        print(f"no pings: {fault.detail}")
        return [kind for kind in kinds if kind != "icmp"]
    return kinds


async def _compare(kind: _Kind, exporter: Exporter | None) -> list[Figure]:
    await kind.ours()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(await _cpu_seconds_of(kind.ours, psutil.Process()))
        if exporter is not None and kind.theirs is not None:
            theirs.append(await _cpu_seconds_of(kind.theirs, exporter.process))
    name, checks = kind.name.upper(), len(ADDRESSES)
    figures = [Figure(f"{name}, {checks} checks: CPU", median(ours) * 1000, "ms")]
    if theirs:
        ratio = median(theirs) / median(ours)
        figures += [
            Figure(f"{name}, {checks} checks: blackbox_exporter, CPU", median(theirs) * 1000, "ms"),
            Figure(f"{name}: checks per CPU second, of the exporter's", ratio, "times", at_least=AT_LEAST[kind.name]),
        ]
    return figures


async def _cpu_seconds_of(run: _Run, process: psutil.Process) -> float:
    """CPU of the process for checking all targets once."""
    before = _cpu_seconds(process)
    for _ in range(READS_EACH):
        await run()
    return (_cpu_seconds(process) - before) / READS_EACH


def _cpu_seconds(process: psutil.Process) -> float:
    if process.pid == os.getpid():
        return time.process_time()
    times = process.cpu_times()
    return times.user + times.system


def _make_drivers() -> Mapping[str, Driver]:
    settings, names = Settings(_env_file=None), Names()
    limits = ReadLimits(settings.driver_concurrency, settings.driver_timeout_seconds, settings.read_deadline_seconds)
    http = HttpDriver(names, limits)
    icmp, tcp, dns = IcmpDriver(names, limits), TcpDriver(names, limits), DnsDriver(names, limits)
    return {"http": http, "https": http, "icmp": icmp, "tcp": tcp, "dns": dns}


def _options(kind: str, address: str, ports: Mapping[str, int]) -> dict[str, Any]:
    if kind in ("http", "https"):
        return {"url": f"{kind}://{address}:{ports[kind]}/"}
    if kind == "icmp":
        # The exporter sends one, too.
        return {"packets": 1}
    return {"port": ports[kind], **({"query_name": _NAME} if kind == "dns" else {})}


def _reading(drivers: Mapping[str, Driver], kind: str, ports: Mapping[str, int]) -> _Run:
    driver = drivers[kind]
    targets = [
        Target(number, "Server", address, driver.name, parse_options(driver.name, _options(kind, address, ports)), None)
        for number, address in enumerate(ADDRESSES)
    ]

    async def read() -> None:
        readings = await driver.read(targets, {})
        bad = [reading for reading in readings if reading.state is not State.UP or reading.error]
        if bad:
            raise RuntimeError(f"{kind}: {len(bad)} of {len(readings)} checks failed: {bad[0].error}")

    return read


def _scraping(exporter: Exporter | None, kind: str, ports: Mapping[str, int]) -> _Run | None:
    if exporter is None:
        return None
    paths = [f"/probe?module={kind}&target={quote(_target(kind, address, ports), safe='')}" for address in ADDRESSES]

    async def scrape() -> None:
        answers = await scrape_all(exporter.client.base_url.port or 80, paths, CONNECTIONS[kind])
        failed = sum(b"\nprobe_success 1\n" not in answer for answer in answers)
        if failed:
            raise RuntimeError(f"{kind}: {failed} of {len(answers)} checks of the exporter failed")

    return scrape


def _target(kind: str, address: str, ports: Mapping[str, int]) -> str:
    if kind == "icmp":
        return address
    return f"{kind}://{address}:{ports[kind]}/" if kind in ("http", "https") else f"{address}:{ports[kind]}"


@asynccontextmanager
async def _run_exporter(program: str | None, folder: Path) -> AsyncIterator[Exporter | None]:
    if program is None:
        yield None
        return
    modules = folder / "blackbox.yml"
    modules.write_text(yaml.safe_dump({"modules": {name: {**one, "timeout": "10s"} for name, one in _MODULES.items()}}))
    async with run_exporter(program, folder, [f"--config.file={modules}"], 1) as exporter:
        yield exporter


@asynccontextmanager
async def _run_targets(folder: Path) -> AsyncIterator[Mapping[str, int]]:
    """Run the process of the targets until the block ends; the port of each kind."""
    command = (sys.executable, "-m", "bench.checks.targets", str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        ports = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        assert set(ports) == set(KINDS)
        yield ports
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)
