"""Memory of the idle stack, per process: what each holds for itself (USS) and what is mapped (RSS)."""

import psutil

from bench.stack import Stack, run_stack, wait_for_devices
from bench.table import Figure

_SIGNS = {
    "network service": "services.network.main:app",
    "app service": "services.app.main:app",
    "worker": "workers.main.WorkerSettings",
    "Redis": "redis-server",
    "Postgres": "postgres",
}


async def measure_memory() -> list[Figure]:
    """The demo fleet, nobody looking. Postgres with all its children."""
    async with run_stack() as stack:
        await wait_for_devices(stack, 13)
        return _measure(stack)


def _measure(stack: Stack) -> list[Figure]:
    supervisor = psutil.Process(stack.process.pid)
    figures = _figures("supervisor", [supervisor])
    for child in supervisor.children():
        command = " ".join(child.cmdline())
        name = next((name for name, sign in _SIGNS.items() if sign in command), child.name())
        figures += _figures(name, [child, *child.children(recursive=True)])
    return figures


def _figures(name: str, processes: list[psutil.Process]) -> list[Figure]:
    memory = [process.memory_full_info() for process in processes]
    own, mapped = sum(one.uss for one in memory), sum(one.rss for one in memory)
    return [Figure(f"{name}, own", own / 2**20, "MiB"), Figure(f"{name}, mapped", mapped / 2**20, "MiB")]
