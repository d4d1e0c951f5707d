import httpx
import pytest

from dashnet.channels import worker_health_key
from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.ports import free_port
from tests.servers import eventually
from workers.context import WorkerContext

NOWHERE = {
    "redis_url": "redis://127.0.0.1:{port}/0",
    "database_url": "postgresql+asyncpg://dashnet@127.0.0.1:{port}/dashnet",
}


async def readiness(app: httpx.AsyncClient) -> tuple[int, str]:
    answer = await app.get("/readyz")
    return answer.status_code, answer.json().get("detail", "")


async def test_ready_once_a_refresh_was_done(app: httpx.AsyncClient, refresh_once: RefreshOnce) -> None:
    status, detail = await readiness(app)
    assert status == 503
    assert detail.startswith("no refresh has finished yet: is a worker running?")
    await refresh_once()
    await eventually(lambda: is_ready(app))


async def test_not_ready_when_three_ticks_went_by_without_a_refresh(
    app: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE store.job_run SET tick = tick - interval '7 minutes'")
    status, detail = await readiness(app)
    assert status == 503
    assert "no refresh has finished since" in detail


async def test_not_ready_when_the_newest_tick_is_ahead_of_the_clock(
    app: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    """So it is after the clock was set back: every screen keeps the reading of the future."""
    await refresh_once()
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE store.job_run SET tick = now() + interval '10 minutes 20 seconds'")
    status, detail = await readiness(app)
    assert status == 503
    assert detail.startswith("the newest tick is 10 min ahead of this machine's clock")


async def test_not_ready_while_a_worker_is_silent_and_it_is_said_which(
    app: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    await eventually(lambda: is_ready(app))
    await context.redis.delete(worker_health_key(context.settings))
    assert await readiness(app) == (503, "no worker renews its health key: none is running, or it hangs")


async def test_not_ready_while_the_network_service_is_silent_and_it_is_said_which(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    async with run_app(settings.model_copy(update={"network_port": free_port(), "app_port": free_port()})) as alone:
        await eventually(lambda: _has_state(alone))
        assert await readiness(alone) == (503, "the network service gives no answer: it hangs or does not run")


async def _has_state(app: httpx.AsyncClient) -> bool:
    return "no state was loaded yet" not in (await readiness(app))[1]


@pytest.mark.parametrize(("setting", "name"), [("redis_url", "Redis"), ("database_url", "Postgres")])
async def test_not_ready_without_a_server_names_it_and_the_process_lives(
    settings: Settings, setting: str, name: str
) -> None:
    lost = settings.model_copy(update={setting: NOWHERE[setting].format(port=free_port())})
    async with run_app(lost) as app:
        status, detail = await readiness(app)
        assert (await app.get("/healthz")).json() == {"alive": True}
    assert status == 503
    assert f"{name} is out of reach" in detail


async def test_ready_again_once_redis_is_back(
    app: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    await context.redis.client_kill_filter(_type="pubsub")
    await eventually(lambda: is_ready(app))


async def is_ready(app: httpx.AsyncClient) -> bool:
    return (await readiness(app))[0] == 200


async def test_the_metrics_count_requests_by_route(app: httpx.AsyncClient, device_ids: list[int]) -> None:
    await app.get(f"/api/devices/{device_ids[0]}")
    metrics = (await app.get("/metrics")).text
    assert 'route="/api/devices/{device_id}",status="200"' in metrics
    assert f"/api/devices/{device_ids[0]}" not in metrics


async def test_the_document_tells_the_routes(app: httpx.AsyncClient) -> None:
    assert "/api/job-runs" in (await app.get("/openapi.json")).json()["paths"]
