import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dashnet.metrics import metrics_page
from tests.ports import free_port
from tests.processes import run_process
from tests.servers import eventually

PROCESSES = 2


class CountedApp:
    """Two processes of the small service; each call is a connection of its own, which either of them may take."""

    def __init__(self, address: str, folder: Path) -> None:
        self.folder = folder
        self._address = address

    async def pids(self) -> set[int]:
        """The processes that answered some calls; empty unless all did."""
        try:
            pids = {int((await self._get("/pid")).text) for _ in range(10)}
        except httpx.TransportError:
            return set()
        return {pid for pid in pids if psutil.pid_exists(pid)} if len(pids) == PROCESSES else set()

    async def value(self, name: str, **labels: str) -> float:
        """A value on the page of whichever process answers; zero where it is not there."""
        page = (await self._get("/metrics")).text
        samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
        return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self._address, timeout=10) as client:
            return await client.get(path)


@pytest.fixture
async def counted(tmp_path: Path) -> AsyncIterator[CountedApp]:
    """The small service under a real uvicorn with two workers, both ready."""
    port = free_port()
    command = ("-m", "uvicorn", "tests.dashnet.counted_app:app", "--port", str(port), "--workers", str(PROCESSES))
    with run_process(command, {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}):
        app = CountedApp(f"http://127.0.0.1:{port}", tmp_path)
        await eventually(app.pids)
        yield app


async def test_the_page_of_any_process_counts_what_all_did(counted: CountedApp) -> None:
    """Ten pages in a row are hardly all of one process, and none of them falls behind the one before."""
    totals = [await counted.value("dashnet_http_requests_total") for _ in range(10)]
    assert totals == [totals[0] + number for number in range(10)]
    assert await counted.value("dashnet_http_request_duration_seconds_count") == totals[-1] + 1
    assert len(list(counted.folder.glob("counter_*.db"))) == PROCESSES


async def test_a_dead_process_leaves_its_counts_and_takes_its_gauges(counted: CountedApp) -> None:
    before = await counted.value("dashnet_http_requests_total", route="/pid")
    killed = min(await eventually(counted.pids))
    os.kill(killed, signal.SIGKILL)
    await eventually(lambda: lives_without(counted, killed))
    assert await counted.value("alive") == PROCESSES
    assert await counted.value("dashnet_http_requests_total", route="/pid") > before


async def lives_without(counted: CountedApp, pid: int) -> bool:
    pids = await counted.pids()
    return bool(pids) and pid not in pids


def test_a_process_on_its_own_also_tells_of_itself() -> None:
    assert b"python_info" in metrics_page().body
