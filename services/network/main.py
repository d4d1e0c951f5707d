"""The network service: `uvicorn services.network.main:app`."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet import __version__
from dashnet.database import create_engine, describe_outage, is_unreachable, migrate
from dashnet.documentation import install_documentation
from dashnet.errors import ServiceUnavailable
from dashnet.hosts import RefuseForeignHosts, make_host_rule
from dashnet.logs import configure_logging
from dashnet.memory import collect_less_often
from dashnet.metrics import CountRequests, metrics_page
from dashnet.open_files import allow_open_files
from dashnet.origins import RefuseForeignPages
from dashnet.problems import BodyLimit, install_problems, problem_responses
from dashnet.reading import to_wire
from dashnet.redis import create_redis
from dashnet.redis import describe_outage as describe_redis_outage
from dashnet.security_headers import AddSecurityHeaders
from dashnet.settings import Settings, get_settings
from dashnet.tasks import cancel_and_wait
from services.network import current_readings, devices, discoveries, driver_list, facts, fleet_routes, readings, secrets
from services.network.bodies import MOST_BYTES
from services.network.changes import select_revision
from services.network.dependencies import Cache, CurrentPreparation, RedisClient, State
from services.network.discovery.explore import Explorer
from services.network.discovery.reverse_names import ReverseNames
from services.network.discovery.runs import Runs
from services.network.discovery.shelf import Shelf
from services.network.drivers.dns import DnsDriver
from services.network.drivers.driver import Driver, ReadLimits
from services.network.drivers.host import HostDriver
from services.network.drivers.http import HttpDriver
from services.network.drivers.icmp import IcmpDriver
from services.network.drivers.names import Names
from services.network.drivers.simulated import SimulatedDriver
from services.network.drivers.snmp.driver import SnmpDriver
from services.network.drivers.tcp import TcpDriver
from services.network.fleet import make_demo_fleet, make_host_device
from services.network.inventory import insert_devices, reserve_ids, take_revision
from services.network.inventory_cache import InventoryCache
from services.network.inventory_copy import InventoryCopy
from services.network.models import SCHEMA
from services.network.own_endpoints import list_own_endpoints
from services.network.preparation import Preparation
from services.network.reader import Reader
from services.network.samples import RedisSamples
from services.network.sealing import seal
from services.network.secret_keys import SecretKeys, read_secret_keys

logger = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"
READY_SECONDS = 2


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI application; nothing connects before it starts."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        configure_logging(settings)
        collect_less_often()
        allow_open_files()
        engine = create_engine(settings, "dashnet-network")
        redis = create_redis(settings, "dashnet-network")
        try:
            keys = await asyncio.to_thread(read_secret_keys, settings)

            cache = InventoryCache(engine, keys, InventoryCopy(redis, settings))

            async def prepare() -> None:
                if await migrate(engine, MIGRATIONS, SCHEMA):
                    logger.info("inventory tables brought up to date")
                await seed(engine, settings, keys)
                # Known from now on, whatever becomes of Postgres.
                await cache.current()

            preparation = Preparation(prepare)
            await preparation.attempt()
            duties = [asyncio.create_task(duty) for duty in (preparation.run(), cache.keep_copy())]
            shelf = Shelf(redis, settings)
            runs = Runs(shelf, make_explorer(settings))
            try:
                yield State(
                    settings=settings,
                    engine=engine,
                    redis=redis,
                    inventory_cache=cache,
                    reader=make_reader(settings, redis),
                    secret_keys=keys,
                    shelf=shelf,
                    runs=runs,
                    large_bodies=asyncio.Lock(),
                    preparation=preparation,
                )
            finally:
                for duty in duties:
                    await cancel_and_wait(duty)
                await runs.close()
        finally:
            await redis.aclose()
            await engine.dispose()

    app = FastAPIOffline(
        title="Dashnet network service",
        version=__version__,
        description="The inventory of real and simulated devices, each read at the moment you ask.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, limit_bytes=MOST_BYTES)
    app.add_middleware(RefuseForeignPages, allowed=settings.allowed_origins)
    app.add_middleware(RefuseForeignHosts, rule=make_host_rule(settings, settings.network_host))
    app.add_middleware(AddSecurityHeaders)
    app.add_middleware(CountRequests)
    install_documentation(app)
    install_problems(app, (*devices.SCHEMAS, *discoveries.SCHEMAS))
    app.include_router(devices.router)
    app.include_router(fleet_routes.router)
    app.include_router(current_readings.router)
    app.include_router(readings.router)
    app.include_router(facts.router)
    app.include_router(secrets.router)
    app.include_router(driver_list.router)
    app.include_router(discoveries.router)
    _add_operations(app)
    return app


def make_limits(settings: Settings) -> ReadLimits:
    """How much is read at the same time, and for how long."""
    return ReadLimits(settings.driver_concurrency, settings.driver_timeout_seconds, settings.read_deadline_seconds)


def make_explorer(settings: Settings) -> Explorer:
    """What discoveries look around with."""
    return Explorer(IcmpDriver(Names(), make_limits(settings)), ReverseNames(), settings.own_ports)


def make_reader(settings: Settings, redis: Redis) -> Reader:
    """One driver of each kind; each reads as many devices at the same time as the settings allow one."""
    limits = make_limits(settings)
    names, samples = Names(), RedisSamples(redis, settings)
    drivers: list[Driver] = [
        HostDriver(samples, limits),
        SnmpDriver(samples, limits),
        IcmpDriver(names, limits),
        TcpDriver(names, limits),
        HttpDriver(names, limits, list_own_endpoints(settings)),
        DnsDriver(names, limits),
    ]
    return Reader(drivers, SimulatedDriver(settings.seed), settings.read_deadline_seconds)


async def seed(engine: AsyncEngine, settings: Settings, keys: SecretKeys) -> None:
    """Fill an inventory that nobody has ever changed with the demo fleet and this machine."""
    async with engine.connect() as connection:
        _, revision = await select_revision(connection)
    if revision > 0:
        return
    async with engine.begin() as connection:
        revision = await take_revision(connection)
        count = settings.demo_devices
        ids = list(await reserve_ids(connection, count + settings.host_device))
        if revision != 1 or not ids:
            await connection.rollback()
            return
        fleet = await asyncio.to_thread(make_demo_fleet, ids[:count])
        fleet += [make_host_device()] if settings.host_device else []
        await insert_devices(connection, revision, ids, [seal(device, keys) for device in fleet])
    logger.info("first start: inventory filled devices=%d", len(fleet))


def _add_operations(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def read_root() -> RedirectResponse:
        return RedirectResponse("docs")

    @app.get("/healthz", tags=["operations"])
    async def read_health() -> dict[str, bool]:
        """The process is alive."""
        return {"alive": True}

    @app.get("/readyz", tags=["operations"], responses=problem_responses(503))
    async def read_readiness(cache: Cache, redis: RedisClient, preparation: CurrentPreparation) -> dict[str, bool]:
        """The service can read devices and take edits; 503 names what is missing."""
        missing = [await _check_inventory(cache, preparation), await _check_redis(redis)]
        if any(missing):
            raise ServiceUnavailable("; ".join(filter(None, missing)))
        return {"ready": True}

    @app.get("/metrics", tags=["operations"], response_class=Response)
    async def read_metrics() -> Response:
        """Metrics as Prometheus text."""
        return metrics_page()


async def _check_inventory(cache: InventoryCache, preparation: Preparation) -> str | None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await cache.current()
    except Exception as error:
        if preparation.is_done and not is_unreachable(error):
            raise
        return f"{describe_outage(error)}; {_describe_inventory(cache)}"
    return None if preparation.is_done else "the inventory is still being made ready"


async def _check_redis(redis: Redis) -> str | None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await redis.ping()
    except (RedisError, TimeoutError) as error:
        return describe_redis_outage(error)
    return None


def _describe_inventory(cache: InventoryCache) -> str:
    if cache.away_since is None:
        return "no edit is possible"
    return f"devices are read by the inventory of {to_wire(cache.away_since.replace(microsecond=0))}"


app = create_app()
