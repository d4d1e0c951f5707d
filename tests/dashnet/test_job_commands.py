from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis

from dashnet import job_commands
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.jobs import Job
from dashnet.publication import Kind, publish
from dashnet.reading import to_wire
from dashnet.settings import Settings
from tests.conftest import run_app
from tests.gate import Gate
from tests.servers import eventually


@pytest.fixture
def command(gated_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds a stack that reaches Postgres through the gate."""
    monkeypatch.setattr(job_commands, "get_settings", lambda: gated_settings)


async def publish_waiting(redis: Redis, settings: Settings) -> None:
    """Publish a tick as a worker does while Postgres is away; it is newer than any that is asked for now."""
    tick = to_wire(datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60))
    fields = {"time_stamp": tick, "snap_shots": [], "storing_delayed_since": "2026-11-29T08:00:00Z"}
    await publish(redis, settings, Kind.SNAPSHOTS, fields)


async def has_state(app: httpx.AsyncClient) -> bool:
    return (await app.get("/api/summary")).is_success


async def test_waiting_for_a_refresh_without_postgres_ends_with_the_word_that_it_is_shown_but_not_stored(
    command: None, gated_settings: Settings, postgres_gate: Gate, redis: Redis
) -> None:
    async with run_app(gated_settings) as app:
        await eventually(lambda: has_state(app))
        postgres_gate.shut()
        await publish_waiting(redis, gated_settings)
        with pytest.raises(DashnetError, match="is shown, but not stored yet: Postgres is out of reach") as raised:
            await job_commands.request(Job.REFRESH, wait=True)
    assert "delayed since 2026-11-29T08:00:00Z" in str(raised.value)


async def test_waiting_for_a_clean_without_postgres_says_what_is_wrong(
    command: None, gated_settings: Settings, postgres_gate: Gate
) -> None:
    async with run_app(gated_settings):
        postgres_gate.shut()
        with pytest.raises(ServiceUnavailable, match=r"503.*Postgres.* is done once Postgres is back"):
            await job_commands.request(Job.CLEAN, wait=True)


async def test_waiting_without_the_app_service_says_so(command: None, gated_settings: Settings) -> None:
    with pytest.raises(ServiceUnavailable, match=r"app service at .* is out of reach"):
        await job_commands.request(Job.REFRESH, wait=True)
