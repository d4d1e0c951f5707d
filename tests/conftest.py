"""What tests share: a real Postgres and a real Redis, fresh for each test, and our services on real sockets."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import hypothesis
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from dashnet import store
from dashnet.database import create_engine, migrate
from dashnet.embedded.servers import ServerAddresses, embedded_servers_in_thread
from dashnet.redis import create_redis
from dashnet.secret_key import make_secret_key
from dashnet.settings import Settings
from services.app.main import create_app as create_app_service
from services.network import models
from services.network.main import MIGRATIONS as NETWORK_MIGRATIONS
from services.network.main import create_app as create_network_service
from tests.gate import Gate, open_gate, to_unix_socket
from tests.isolation import pytest_runtest_makereport, restore_signals  # noqa: F401  # pytest looks for hooks here
from tests.memory import pytest_collection, pytest_collection_finish, pytest_runtest_teardown  # noqa: F401
from tests.ports import free_port
from tests.servers import OUR_PROTOCOL, run_server
from workers.context import WorkerContext
from workers.main import MIGRATIONS as STORE_MIGRATIONS
from workers.network_client import NetworkClient

# No test is timed: a machine that stands still for a second makes none of them wrong.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")

# `make test-compose` runs these: they build an image, which takes minutes.
collect_ignore = [] if os.environ.get("DASHNET_TEST_CONTAINERS") else ["containers"]

restore_signals()

_TEMPLATE = "dashnet_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """All our async code runs on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def servers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' Postgres and Redis keep everything."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def servers(servers_folder: Path) -> Iterator[ServerAddresses]:
    """Postgres and Redis, started and kept alive as `dashnet up` does it."""
    with embedded_servers_in_thread(servers_folder) as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def template(servers: ServerAddresses) -> str:
    """A database with all tables, from which each test's own is copied."""
    await execute(servers.database_url, f"CREATE DATABASE {_TEMPLATE}")
    url = make_url(servers.database_url).set(database=_TEMPLATE).render_as_string(hide_password=False)
    engine = create_engine(make_settings(database_url=url), "dashnet-test")
    await migrate(engine, NETWORK_MIGRATIONS, models.SCHEMA)
    await migrate(engine, STORE_MIGRATIONS, store.SCHEMA)
    await engine.dispose()
    return _TEMPLATE


async def execute(database_url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    engine = create_async_engine(database_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


def make_settings(**values: object) -> Settings:
    """Settings from these values alone: no `.env`, no running stack."""
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]  # pydantic-settings' own argument


@pytest.fixture
async def settings(servers: ServerAddresses, template: str) -> AsyncIterator[Settings]:
    """Settings of a system of this test's own: a fresh database, an empty Redis, free ports, no demo fleet."""
    name = f"test_{next(_numbers)}"
    # Making one by copying files is slower than by the log, but its drop is so much quicker that both together win.
    await execute(servers.database_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    url = make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
    redis: Redis = Redis.from_url(servers.redis_url)
    await redis.flushall()
    await redis.aclose()
    yield make_settings(
        database_url=url,
        redis_url=servers.redis_url,
        network_port=free_port(),
        app_port=free_port(),
        demo_devices=0,
        host_device=False,
        worker_name="test-worker",
        secret_key=make_secret_key(),
    )
    await execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """An engine on the test's database."""
    engine = create_engine(settings, "dashnet-test")
    yield engine
    await engine.dispose()


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    """A client of the test's Redis."""
    redis = create_redis(settings, "dashnet-test")
    yield redis
    await redis.aclose()


@asynccontextmanager
async def run_network(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The network service on its socket, and a client of it."""
    async with (
        run_server(create_network_service(settings), settings.network_port),
        httpx.AsyncClient(base_url=settings.network_address, timeout=30) as client,
    ):
        yield client


@asynccontextmanager
async def run_app(
    settings: Settings, ws: str | type[asyncio.Protocol] = OUR_PROTOCOL, **options: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """The app service on its socket, and a client of it."""
    async with (
        run_server(create_app_service(settings), settings.app_port, ws, **options),
        httpx.AsyncClient(base_url=settings.app_address, timeout=30) as client,
    ):
        yield client


@pytest.fixture
async def network(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running network service with an empty inventory."""
    async with run_network(settings) as client:
        yield client


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running app service."""
    async with run_app(settings) as client:
        yield client


@pytest.fixture
async def context(settings: Settings, engine: AsyncEngine, redis: Redis) -> AsyncIterator[WorkerContext]:
    """What jobs work with, on the test's servers."""
    async with NetworkClient(settings) as client:
        yield WorkerContext(settings, engine, redis, client)


@pytest.fixture
async def postgres_gate(settings: Settings) -> AsyncIterator[Gate]:
    """A door to Postgres."""
    (folder,) = parse_qs(urlsplit(settings.database_url).query)["host"]
    async with open_gate(to_unix_socket(Path(folder) / ".s.PGSQL.5432")) as gate:
        yield gate


@pytest.fixture
async def redis_gate(settings: Settings) -> AsyncIterator[Gate]:
    """A door to Redis."""
    async with open_gate(to_unix_socket(Path(unquote(urlsplit(settings.redis_url).path)))) as gate:
        yield gate


@pytest.fixture
def gated_settings(settings: Settings, postgres_gate: Gate, redis_gate: Gate) -> Settings:
    """Settings of a service that reaches its servers through those doors."""
    database = urlsplit(settings.database_url)
    url = database._replace(netloc=f"{database.netloc.split('@')[0]}@127.0.0.1:{postgres_gate.port}", query="")
    return settings.model_copy(
        update={"database_url": url.geturl(), "redis_url": f"redis://127.0.0.1:{redis_gate.port}/0"}
    )


@pytest.fixture
def project_root() -> Path:
    """The checkout."""
    return Path(__file__).parent.parent
