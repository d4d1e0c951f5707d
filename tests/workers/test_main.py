"""The worker as a process: killed, doubled, stopped, robbed of its servers."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.channels import worker_health_key
from dashnet.jobs import BREAKING_OFF_SECONDS, COMPLETION_WAIT_SECONDS, Job, request_now
from dashnet.settings import Settings
from tests.factories import make_device
from tests.ports import free_port
from tests.processes import WORKER, environment_of, run_process
from tests.servers import eventually, run_server
from workers.main import WorkerSettings

TAKE_UP_SECONDS = 15.0


async def select_runs(engine: AsyncEngine, job: str = "refresh") -> Sequence[Any]:
    query = text("SELECT * FROM store.job_run WHERE job = :job ORDER BY tick, after_id")
    async with engine.connect() as connection:
        return (await connection.execute(query, {"job": job})).all()


def has_run(
    engine: AsyncEngine, *, job: str = "refresh", outcome: str | None, count: int = 1
) -> Callable[[], Awaitable[bool]]:
    """Whether so many runs of a job ended so (None: are under way)."""

    async def look() -> bool:
        try:
            return [run.outcome for run in await select_runs(engine, job)].count(outcome) >= count
        except (DBAPIError, OSError):
            return False

    return look


class Gate:
    """Stands before the network service and holds every reading back until it is opened."""

    def __init__(self, settings: Settings) -> None:
        self.is_open = asyncio.Event()
        self.settings = settings.model_copy(update={"network_port": free_port()})
        self._behind = httpx.AsyncClient(base_url=settings.network_address)

    @asynccontextmanager
    async def stand(self) -> AsyncIterator["Gate"]:
        app = FastAPI()

        @app.get("/{path:path}")
        async def forward(path: str, request: Request) -> Response:
            if path == "readings/now":
                await self.is_open.wait()
            answer = await self._behind.get(f"/{path}", params=dict(request.query_params))
            return Response(answer.content, answer.status_code, media_type="application/json")

        async with run_server(app, self.settings.network_port), self._behind:
            try:
                yield self
            finally:
                self.is_open.set()


@pytest.fixture
async def gate(settings: Settings, network: httpx.AsyncClient) -> AsyncIterator[Gate]:
    """A closed gate before a network service with one device."""
    await network.post("/devices/", json=make_device())
    async with Gate(settings).stand() as gate:
        yield gate


@pytest.fixture
async def calm(engine: AsyncEngine) -> None:
    """A store whose first clean and a refresh were done just now, so that a worker's start asks for nothing."""
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES "
            "('clean', now() - interval '2 seconds', 'test', 'done'), "
            "('refresh', now() - interval '2 seconds', 'test', 'done')"
        )


def worker_environment(settings: Settings, name: str) -> dict[str, str]:
    return environment_of(settings) | {"DASHNET_WORKER_NAME": name}


async def test_the_very_first_start_writes_a_baseline_and_refreshes_at_once(
    settings: Settings, network: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await network.post("/devices/", json=make_device())
    with run_process(WORKER, environment_of(settings)):
        await eventually(has_run(engine, outcome="done"))
    async with engine.connect() as connection:
        # One more where a minute begins meanwhile.
        assert await connection.scalar(text("SELECT count(*) FROM store.snapshot")) in (11, 12)


async def test_a_start_after_a_long_pause_refreshes_at_once_and_tells_of_the_pause(
    settings: Settings, network: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await network.post("/devices/", json=make_device())
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, requested_by, outcome) "
            "SELECT job, date_trunc('minute', now()) - interval '5 minutes', 'schedule', 'done' "
            "FROM unnest(ARRAY['clean', 'refresh']) AS job"
        )
    with run_process(WORKER, environment_of(settings)):
        await eventually(has_run(engine, outcome="done", count=2))
    runs = [*await select_runs(engine), *await select_runs(engine, "clean")]
    # Five where a minute begins meanwhile.
    assert [run.outcome for run in runs].count("missed") in (4, 5)


async def test_a_killed_workers_refresh_is_taken_up_by_another_within_seconds(
    gate: Gate, calm: None, settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    with run_process(WORKER, worker_environment(gate.settings, "first")) as first:
        await request_now(redis, settings, Job.REFRESH, "test")
        await eventually(has_run(engine, outcome=None))
        with run_process(WORKER, worker_environment(gate.settings, "second")):
            await eventually(
                lambda: redis.exists(worker_health_key(settings.model_copy(update={"worker_name": "second"})))
            )
            first.kill()
            gate.is_open.set()
            await eventually(has_run(engine, outcome="done", count=2), TAKE_UP_SECONDS)
    taken_up = [run for run in await select_runs(engine) if run.requested_by == "test"][-1]
    assert (taken_up.attempt, taken_up.worker, taken_up.snapshot_count) == (2, "second", 1)


async def test_a_killed_worker_that_comes_back_takes_up_its_own_refresh(
    gate: Gate, calm: None, settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    with run_process(WORKER, worker_environment(gate.settings, "only")) as worker:
        await request_now(redis, settings, Job.REFRESH, "test")
        await eventually(has_run(engine, outcome=None))
        worker.kill()
    gate.is_open.set()
    with run_process(WORKER, worker_environment(gate.settings, "only")):
        await eventually(has_run(engine, outcome="done", count=2), TAKE_UP_SECONDS)


async def test_a_worker_that_is_told_to_stop_ends_its_run_first(
    gate: Gate, calm: None, settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    with run_process(WORKER, environment_of(gate.settings)) as worker:
        await request_now(redis, settings, Job.REFRESH, "test")
        await eventually(has_run(engine, outcome=None))
        worker.send_signal(signal.SIGTERM)
        gate.is_open.set()
        await asyncio.to_thread(worker.wait, 15)
    assert [run.outcome for run in await select_runs(engine)] == ["done", "done"]
    assert not await redis.exists(worker_health_key(settings))


@pytest.mark.timeout(100)
async def test_a_worker_that_is_told_to_stop_leaves_a_long_clean_to_the_next(
    settings: Settings, network: httpx.AsyncClient, calm: None, redis: Redis, engine: AsyncEngine
) -> None:
    """Clean waits in Postgres, as in the long statements of a large fleet."""
    await network.post("/devices/", json=make_device())
    with run_process(WORKER, worker_environment(settings, "first")) as worker:
        await request_now(redis, settings, Job.CLEAN, "test")
        await eventually(has_run(engine, job="clean", outcome="done", count=2))
        async with engine.connect() as holder:
            await holder.execute(text("LOCK TABLE store.snapshot"))
            tick = await request_now(redis, settings, Job.CLEAN, "test")
            await eventually(lambda: waits_for_lock(engine))
            worker.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(worker.wait, COMPLETION_WAIT_SECONDS + BREAKING_OFF_SECONDS)
    left = (await select_runs(engine, "clean"))[-1]
    with run_process(WORKER, worker_environment(settings, "second")):
        await eventually(has_run(engine, job="clean", outcome="done", count=3), TAKE_UP_SECONDS)
    done = (await select_runs(engine, "clean"))[-1]
    assert (code, left.tick, left.outcome) == (0, tick, None)
    assert (done.tick, done.worker, done.attempt) == (tick, "second", 2)


async def waits_for_lock(engine: AsyncEngine) -> bool:
    """Whether the worker waits for a table that somebody else holds."""
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'store.snapshot'::regclass")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query))


async def test_a_refresh_that_meets_a_running_one_is_skipped(
    gate: Gate, calm: None, settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    with run_process(WORKER, environment_of(gate.settings)):
        first = await request_now(redis, settings, Job.REFRESH, "test")
        await eventually(has_run(engine, outcome=None))
        await eventually(lambda: asks_another(redis, settings, first))
        await eventually(has_run(engine, outcome="skipped"))
        gate.is_open.set()
        await eventually(has_run(engine, outcome="done", count=2))


async def asks_another(redis: Redis, settings: Settings, first: datetime) -> bool:
    """Ask for a refresh; whether that was in another second, and so another tick, than the first."""
    return await request_now(redis, settings, Job.REFRESH, "test") != first


@pytest.mark.timeout(100)
async def test_two_workers_run_the_scheduled_tick_once(
    settings: Settings, network: httpx.AsyncClient, calm: None, engine: AsyncEngine
) -> None:
    await network.post("/devices/", json=make_device())
    with (
        run_process(WORKER, worker_environment(settings, "one")),
        run_process(WORKER, worker_environment(settings, "two")),
    ):
        await eventually(lambda: scheduled_runs(engine), 75)
    runs = await scheduled_runs(engine)
    assert [(run.outcome, run.attempt) for run in runs] == [("done", 1)]
    assert runs[0].tick.second == 0
    assert timedelta(0) <= runs[0].started_at - runs[0].tick < timedelta(seconds=10)


async def scheduled_runs(engine: AsyncEngine) -> Sequence[Any]:
    runs = [*await select_runs(engine), *await select_runs(engine, "clean")]
    return [run for run in runs if run.requested_by == "schedule" and run.outcome]


async def test_a_killed_redis_ends_no_worker_for_good(
    settings: Settings, network: httpx.AsyncClient, calm: None, redis: Redis, engine: AsyncEngine
) -> None:
    with run_process(WORKER, environment_of(settings)) as worker:
        await eventually(lambda: redis.exists(worker_health_key(settings)))
        os.kill((await redis.info("server"))["process_id"], signal.SIGKILL)
        await eventually(lambda: asks_while_redis_returns(redis, settings))
        await eventually(has_run(engine, outcome="done", count=2), TAKE_UP_SECONDS)
        assert worker.poll() is None


async def asks_while_redis_returns(redis: Redis, settings: Settings) -> bool:
    try:
        return bool(await request_now(redis, settings, Job.REFRESH, "test"))
    except (RedisError, OSError):
        return False


async def test_a_killed_postgres_ends_no_worker_for_good(
    settings: Settings, network: httpx.AsyncClient, calm: None, redis: Redis, engine: AsyncEngine, servers_folder: Path
) -> None:
    with run_process(WORKER, environment_of(settings)) as worker:
        await eventually(lambda: redis.exists(worker_health_key(settings)))
        postmaster = int((servers_folder / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        await eventually(lambda: answers(engine), TAKE_UP_SECONDS)
        await request_now(redis, settings, Job.REFRESH, "test")
        await eventually(has_run(engine, outcome="done", count=2), TAKE_UP_SECONDS)
        assert worker.poll() is None


async def answers(engine: AsyncEngine) -> bool:
    try:
        await select_runs(engine)
    except (DBAPIError, OSError):
        return False
    return True


async def test_arq_check_tells_the_truth_within_seconds(settings: Settings, calm: None, redis: Redis) -> None:
    with run_process(WORKER, environment_of(settings)) as worker:
        await eventually(lambda: check_passes(settings))
        worker.kill()
        await eventually(lambda: check_fails(settings))


async def check_passes(settings: Settings) -> bool:
    command = [sys.executable, *WORKER, "--check"]
    checked = await asyncio.to_thread(subprocess.run, command, env=environment_of(settings), capture_output=True)
    return checked.returncode == 0


async def check_fails(settings: Settings) -> bool:
    return not await check_passes(settings)


async def test_an_edit_reaches_the_store_through_the_worker_at_once(
    settings: Settings, network: httpx.AsyncClient, calm: None, engine: AsyncEngine, redis: Redis
) -> None:
    with run_process(WORKER, environment_of(settings)):
        await eventually(lambda: redis.exists(worker_health_key(settings)))
        await network.post("/devices/", json=make_device(host_name="at once"))
        await eventually(lambda: is_stored(engine, "at once"))


async def is_stored(engine: AsyncEngine, host_name: str) -> bool:
    query = text("SELECT EXISTS (SELECT FROM store.device WHERE host_name = :name)")
    async with engine.connect() as connection:
        return bool(await connection.scalar(query, {"name": host_name}))


async def test_pages_of_a_killed_worker_are_taken_up_and_no_device_is_missing_or_doubled(
    gate: Gate, network: httpx.AsyncClient, settings: Settings, redis: Redis, engine: AsyncEngine
) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(24)])
    gate.is_open.set()
    small = gate.settings.model_copy(update={"refresh_page_devices": 10})
    with run_process(WORKER, worker_environment(small, "first")) as first:
        await eventually(has_run(engine, outcome="done"))
        (whole,) = await select_runs(engine)
        gate.is_open.clear()
        await eventually(lambda: asks_another(redis, settings, whole.tick))
        await eventually(has_run(engine, job="refresh_page", outcome=None, count=2))
        with run_process(WORKER, worker_environment(small, "second")):
            first.kill()
            gate.is_open.set()
            await eventually(has_run(engine, job="refresh_page", outcome="done", count=6), 2 * TAKE_UP_SECONDS)
            await eventually(lambda: nothing_is_open(engine), TAKE_UP_SECONDS)
    last = (await select_runs(engine))[-1]
    assert (last.outcome, last.device_count, last.snapshot_count) == ("done", 25, 25)


async def test_more_pages_than_a_worker_has_connections_are_done_all_the_same(
    settings: Settings, network: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(60)])
    with run_process(WORKER, environment_of(settings.model_copy(update={"refresh_page_devices": 2}))):
        await eventually(has_run(engine, outcome="done"), 2 * TAKE_UP_SECONDS)
    (whole,) = await select_runs(engine)
    assert (whole.device_count, whole.snapshot_count) == (60, 60)


async def nothing_is_open(engine: AsyncEngine) -> bool:
    return all(run.outcome for run in await select_runs(engine))


def test_every_setting_of_the_worker_stands_on_the_class_itself() -> None:
    """Arq reads no base class (get_kwargs looks at __dict__)."""
    wanted = {"functions", "cron_jobs", "on_startup", "redis_settings", "queue_name", "health_check_key", "keep_result"}
    assert wanted <= set(WorkerSettings.__dict__)


def test_jobs_are_kept_as_json_not_as_pickle() -> None:
    assert (
        WorkerSettings.job_serializer({"f": "refresh", "e": ValueError("x")})
        == b'{"f":"refresh","e":"ValueError(\'x\')"}'
    )
