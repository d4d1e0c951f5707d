"""How the three processes of Dashnet itself run beside the embedded servers."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import httpx

from dashnet.channels import worker_health_key
from dashnet.embedded.folders import StateFolders
from dashnet.embedded.redis import redis_has_key
from dashnet.embedded.specs import ProcessSpec
from dashnet.jobs import BREAKING_OFF_SECONDS, COMPLETION_WAIT_SECONDS
from dashnet.liveness import Look, look_at_url, look_at_worker
from dashnet.settings import PROJECT_ROOT, Settings

_READY_TIMEOUT_SECONDS = 60
_ANSWER_TIMEOUT_SECONDS = 2


class ServiceSpecs(NamedTuple):
    """The network service starts first, then the others, which ask it."""

    network: ProcessSpec
    others: tuple[ProcessSpec, ...]


def service_specs(folders: StateFolders, settings: Settings) -> ServiceSpecs:
    """The processes for these settings, which must bear the addresses of the embedded servers."""
    bound = settings.model_copy(update={"network_url": None, "app_url": None})
    environment = {**_inherited(), **stack_environment(settings)}
    network = _uvicorn("services.network.main:app", settings.network_host, settings.network_port)
    app = _app_command(settings)
    app_environment = environment | _shared_metrics(folders, settings)
    worker = (sys.executable, "-m", "arq", "workers.main.WorkerSettings")
    network_health, app_health = f"{bound.network_address}/healthz", f"{bound.app_address}/healthz"
    is_network_ready, is_app_ready = _answers_ok(f"{bound.network_address}/readyz"), _answers_ok(app_health)
    is_worker_ready = _worker_is_healthy(folders, settings)
    return ServiceSpecs(
        _service("network", network, environment, is_network_ready, look_at_url(network_health)),
        (
            _service("app", app, app_environment, is_app_ready, look_at_url(app_health)),
            replace(
                _service("worker", worker, environment, is_worker_ready, look_at_worker(settings)),
                stop_timeout_seconds=COMPLETION_WAIT_SECONDS + BREAKING_OFF_SECONDS,
            ),
        ),
    )


def stack_environment(settings: Settings) -> dict[str, str]:
    """What a process beside the stack must know to find it."""
    return {
        "DASHNET_DATABASE_URL": settings.database_url,
        "DASHNET_REDIS_URL": settings.redis_url,
        "DASHNET_NETWORK_HOST": settings.network_host,
        "DASHNET_NETWORK_PORT": str(settings.network_port),
        "DASHNET_APP_HOST": settings.app_host,
        "DASHNET_APP_PORT": str(settings.app_port),
        **_secret_key_file(settings),
    }


def _secret_key_file(settings: Settings) -> dict[str, str]:
    """Where the key for secrets lies, for a network service that is started by hand beside the stack."""
    return {} if settings.secret_key_file is None else {"DASHNET_SECRET_KEY_FILE": str(settings.secret_key_file)}


def _shared_metrics(folders: StateFolders, settings: Settings) -> dict[str, str]:
    """Where several processes keep their metrics; one process keeps its own, with those of Python and its memory."""
    return {"PROMETHEUS_MULTIPROC_DIR": str(folders.metrics)} if settings.app_processes > 1 else {}


def _inherited() -> Mapping[str, str]:
    """Our own environment without the variables of Postgres' clients, which would bend the address of the database."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _app_command(settings: Settings) -> tuple[str, ...]:
    return (
        *_uvicorn("services.app.main:app", settings.app_host, settings.app_port, settings.app_processes),
        *("--ws", "services.app.websocket_protocol:FeedWebSocketProtocol", "--ws-max-size", "65536"),
        # uvicorn kills a process of its own that is silent for longer; many that start at once are slow to speak.
        *("--timeout-worker-healthcheck", "30"),
    )


def _uvicorn(application: str, host: str, port: int, processes: int = 1) -> tuple[str, ...]:
    # How many is always said, because uvicorn would otherwise ask the variable WEB_CONCURRENCY.
    return (
        *(sys.executable, "-m", "uvicorn", application, "--host", host, "--port", str(port)),
        *("--workers", str(processes), "--no-access-log", "--timeout-graceful-shutdown", "5"),
        *("--http", "dashnet.bounded_http:BoundedHttpProtocol"),
    )


def _service(
    name: str,
    command: tuple[str, ...],
    environment: Mapping[str, str],
    is_ready: Callable[[], Awaitable[bool]],
    look: Look,
) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        command=command,
        environment=environment,
        is_ready=is_ready,
        look=look,
        working_folder=PROJECT_ROOT,
        ready_timeout_seconds=_READY_TIMEOUT_SECONDS,
    )


def _answers_ok(url: str) -> Callable[[], Awaitable[bool]]:
    async def is_ready() -> bool:
        try:
            async with httpx.AsyncClient(timeout=_ANSWER_TIMEOUT_SECONDS, trust_env=False) as client:
                return (await client.get(url)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    return is_ready


def _worker_is_healthy(folders: StateFolders, settings: Settings) -> Callable[[], Awaitable[bool]]:
    async def is_ready() -> bool:
        return await redis_has_key(folders.redis_socket, worker_health_key(settings))

    return is_ready
