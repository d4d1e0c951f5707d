import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text

from dashnet import demo_command, job_commands
from dashnet.demo_command import request_backfill
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.jobs import Job
from dashnet.settings import Settings
from tests.ports import free_port
from tests.queue import queued, working
from tests.servers import DEADLINE_SECONDS
from workers.context import WorkerContext


@pytest.fixture
def ours(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the services of the test, which may be up or not."""
    monkeypatch.setattr(demo_command, "get_settings", lambda: settings)
    monkeypatch.setattr(job_commands, "get_settings", lambda: settings)


async def test_the_past_is_written_and_its_size_told(
    ours: None,
    app: httpx.AsyncClient,
    context: WorkerContext,
    device_ids: list[int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with working(context):
        await request_backfill(1, wait=True)
    assert "snapshots of 3 simulated devices" in capsys.readouterr().out
    async with context.engine.connect() as connection:
        query = text("SELECT count(*) FROM store.rollup_1h WHERE begin_at < :yesterday")
        assert await connection.scalar(query, {"yesterday": datetime.now(UTC) - timedelta(hours=20)}) > 0


async def test_without_waiting_it_is_asked_for_and_told_where_to_look(
    ours: None, context: WorkerContext, store: None, capsys: pytest.CaptureFixture[str]
) -> None:
    await request_backfill(90, wait=False)
    assert [arguments[1:] for arguments in await queued(context, Job.BACKFILL)] == [["hand", 90]]
    assert "dashnet jobs list" in capsys.readouterr().out


async def test_without_a_simulated_device_it_fails_and_says_why(
    ours: None, app: httpx.AsyncClient, context: WorkerContext, store: None, network: httpx.AsyncClient
) -> None:
    async with working(context):
        with pytest.raises(DashnetError, match="backfill failed: there are no simulated devices"):
            await request_backfill(1, wait=True)


async def test_without_a_worker_it_says_so(
    ours: None, app: httpx.AsyncClient, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_command, "START_SECONDS", 0)
    with pytest.raises(ServiceUnavailable, match=r"no worker has taken it up; .* dashnet doctor"):
        await request_backfill(1, wait=True)


async def test_without_redis_it_says_what_to_do(
    ours: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    monkeypatch.setattr(job_commands, "get_settings", lambda: lost)
    with pytest.raises(ServiceUnavailable, match="Start it with: make up"):
        await request_backfill(1, wait=True)


async def test_without_the_app_service_it_says_what_to_do(ours: None, store: None) -> None:
    with pytest.raises(ServiceUnavailable, match="make up"):
        await request_backfill(1, wait=True)


@pytest.mark.parametrize("days", ["0", "-1", "3651", "many"])
def test_a_number_of_days_that_makes_no_sense_is_refused(days: str) -> None:
    command = [sys.executable, "-m", "dashnet.cli", "demo", "backfill", "--days", days]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    assert (done.returncode, "--days" in done.stderr) == (2, True)
