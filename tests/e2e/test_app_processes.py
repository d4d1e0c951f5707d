"""The app service in two processes behind one port, started as the embedded stack starts it."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import ConnectionClosed

from dashnet.embedded.folders import StateFolders
from dashnet.embedded.services import service_specs
from dashnet.settings import Settings
from tests.conftest import make_settings
from tests.factories import make_device
from tests.feeds import Feed, open_feed
from tests.processes import run_process
from tests.servers import eventually
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.partitions import ensure_partitions
from workers.sync import sync

pytestmark = pytest.mark.e2e

PROCESSES = 2
SUBSCRIBERS = 40


class AppProcesses:
    """uvicorn, its processes, and who of them holds how many subscribers."""

    def __init__(self, settings: Settings, uvicorn_pid: int, log: Path) -> None:
        self.settings = settings
        self._log = log
        self.uvicorn = psutil.Process(uvicorn_pid)

    def workers(self) -> list[psutil.Process]:
        """The processes that serve, as opposed to multiprocessing's own."""
        return [child for child in self.uvicorn.children() if "spawn_main" in " ".join(child.cmdline())]

    def subscribers(self) -> Counter[int]:
        """Open connections by process id."""
        return Counter(
            worker.pid
            for worker in self.workers()
            for one in worker.net_connections("tcp")
            if one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.settings.app_port
        )

    async def have_started(self, count: int = PROCESSES) -> bool:
        """Whether so many processes have become ready since the start."""
        # Their socket tells nothing: it is one and the same, and listens as soon as the first does.
        return self._log.read_text(encoding="utf-8").count("Application startup complete") == count

    async def open_feeds(self, stack: AsyncExitStack, count: int) -> list[Feed]:
        """So many subscribers of /live, each with its first state."""
        feeds = [await stack.enter_async_context(open_feed(self.settings, "/live")) for _ in range(count)]
        for feed in feeds:
            await feed.next_of("state")
        return feeds

    async def told_subscribers(self) -> float:
        """What the metrics say, whichever process is asked."""
        async with httpx.AsyncClient(base_url=self.settings.app_address) as client:
            page = (await client.get("/metrics")).text
        samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
        return sum(one.value for one in samples if one.name == "dashnet_subscribers")


@pytest.fixture
async def device_id(context: WorkerContext, network: httpx.AsyncClient) -> int:
    """One device, in the inventory and in the store."""
    await ensure_partitions(context.engine, coming_days(datetime.now(UTC)))
    created = await network.post("/devices/", json=make_device())
    await sync(context, 1)
    return int(created.json()["id"])


@pytest.fixture
def uvicorn_pid(settings: Settings, device_id: int, tmp_path: Path) -> Iterator[int]:
    """The app service, with the command and environment of the embedded stack."""
    folders = StateFolders(tmp_path)
    folders.metrics.mkdir()
    spec = service_specs(folders, settings.model_copy(update={"app_processes": PROCESSES})).others[0]
    with run_process(spec.command[1:], dict(spec.environment), tmp_path / "app.log") as process:
        yield process.pid


@pytest.fixture
async def processes(settings: Settings, uvicorn_pid: int, tmp_path: Path) -> AppProcesses:
    """Both processes, ready."""
    processes = AppProcesses(settings, uvicorn_pid, tmp_path / "app.log")
    await eventually(processes.have_started)
    return processes


async def test_subscribers_of_all_processes_hear_the_same_and_are_counted_together(
    processes: AppProcesses, network: httpx.AsyncClient, context: WorkerContext, device_id: int
) -> None:
    async with AsyncExitStack() as stack:
        feeds = await processes.open_feeds(stack, SUBSCRIBERS)
        held = processes.subscribers()
        await network.patch(f"/devices/{device_id}", json={"host_name": "renamed"})
        await sync(context, 2)
        heard = {await feed.socket.recv() for feed in feeds}
        await eventually(lambda: tells_subscribers(processes, SUBSCRIBERS))
    assert (len(held), held.total()) == (PROCESSES, SUBSCRIBERS)
    assert (len(heard), "renamed" in str(heard)) == (1, True)


async def tells_subscribers(processes: AppProcesses, count: int) -> bool:
    return all([await processes.told_subscribers() == count for _ in range(5)])


async def test_a_process_that_is_killed_takes_only_its_own_subscribers_and_is_replaced(
    processes: AppProcesses,
) -> None:
    async with AsyncExitStack() as stack:
        feeds = await processes.open_feeds(stack, SUBSCRIBERS)
        (killed, lost), *_ = processes.subscribers().most_common()
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: tells_subscribers(processes, SUBSCRIBERS - lost))
        await eventually(lambda: processes.have_started(PROCESSES + 1))
        await processes.open_feeds(stack, lost)
        await eventually(lambda: tells_subscribers(processes, SUBSCRIBERS))
        assert sum([await is_closed(feed) for feed in feeds]) == lost
    assert killed not in [worker.pid for worker in processes.workers()]


async def is_closed(feed: Feed) -> bool:
    try:
        await feed.socket.ping()
    except ConnectionClosed:
        return True
    return False


async def test_all_end_in_time_when_the_service_is_asked_to_stop(settings: Settings, processes: AppProcesses) -> None:
    limit = service_specs(StateFolders(Path("/state")), make_settings()).others[0].stop_timeout_seconds
    everybody = [processes.uvicorn, *processes.uvicorn.children(recursive=True)]
    async with AsyncExitStack() as stack:
        await processes.open_feeds(stack, SUBSCRIBERS)
        processes.uvicorn.terminate()
        _, alive = await asyncio.to_thread(psutil.wait_procs, everybody, limit)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
