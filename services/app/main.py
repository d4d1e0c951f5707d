"""The app service: `uvicorn services.app.main:app`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI, Response
from fastapi_offline import FastAPIOffline
from redis.exceptions import RedisError
from sqlalchemy.exc import ProgrammingError

from dashnet import __version__
from dashnet.clocks import describe_ahead
from dashnet.database import create_engine, describe_outage, is_unreachable
from dashnet.documentation import install_documentation
from dashnet.errors import ServiceUnavailable
from dashnet.hosts import RefuseForeignHosts, is_loopback, make_host_rule
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
from services.app import (
    asyncapi,
    availability,
    devices,
    fleet,
    forward,
    full_state,
    history,
    interfaces,
    job_runs,
    live,
    reports,
    state_changes,
    traffic,
)
from services.app.caretaker import Caretaker
from services.app.control import Control
from services.app.dependencies import (
    CurrentFeedMetrics,
    CurrentHub,
    CurrentSettings,
    Engine,
    Network,
    RedisClient,
    State,
)
from services.app.feed_metrics import FeedMetrics
from services.app.full_state_cache import FullState
from services.app.hub import Hub
from services.app.origins import RefuseForeignOrigins
from services.app.ranges import list_zones
from services.app.refusals import Refusals
from services.app.relay import Relay
from services.app.screen import add_screen
from services.app.silent_processes import find_silent_processes

LARGEST_BODY_BYTES = 40 * 1024 * 1024
READY_SECONDS = 2


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI application; nothing connects before it starts."""
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        async with open_state(settings) as state:
            yield state

    app = FastAPIOffline(
        title="Dashnet app service",
        version=__version__,
        description="Devices with their latest snapshots and their past. The live feeds are the websockets `/live` "
        "and `/` (the protocol of 2020); docs/protocol.md tells both.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.add_middleware(BodyLimit, limit_bytes=LARGEST_BODY_BYTES)
    app.add_middleware(
        RefuseForeignOrigins,
        allowed=settings.allowed_origins,
        lets_loopback_read=is_loopback(settings.app_host),
    )
    app.add_middleware(RefuseForeignPages, allowed=settings.allowed_origins)
    app.add_middleware(RefuseForeignHosts, rule=make_host_rule(settings, settings.app_host))
    app.add_middleware(AddSecurityHeaders)
    app.add_middleware(CountRequests)
    install_documentation(app)
    install_problems(app)
    # History first: its /devices/history is no id of a device.
    past = (history, interfaces, availability, traffic, state_changes, reports)
    for room in (live, full_state, *past, devices, job_runs, forward, fleet, asyncapi):
        app.include_router(room.router)
    _add_operations(app)
    add_screen(app)
    return app


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    """Open what the service holds, with the relay running; closed in reverse order at the end."""
    configure_logging(settings)
    collect_less_often()
    allow_open_files()
    await asyncio.to_thread(list_zones)  # so that no request has to
    engine = create_engine(settings, "dashnet-app")
    redis = create_redis(settings, "dashnet-app")
    relay_redis = create_redis(settings, "dashnet-app-relay", reconnects=False)
    network = httpx.AsyncClient(base_url=settings.network_address, timeout=30, trust_env=False)
    hub = Hub(settings.subscriber_backlog_bytes, settings.resume_bytes)
    full_state = FullState(engine, hub, settings.full_state_snapshots)
    caretaker = Caretaker(hub, full_state.encode, settings.subscriber_stall_seconds)
    relay = Relay(settings, engine, relay_redis, hub)
    feed_metrics = FeedMetrics(hub, caretaker)
    refusals = Refusals()
    duties = (
        relay.run(),
        # Apart, because the array of 2020 is a query that may take long, for which nobody on /live should wait.
        caretaker.make_states(hub.due),
        caretaker.make_states(hub.due_2020),
        caretaker.close_stalled(),
        feed_metrics.keep_current(),
        refusals.keep_summed_up(),
    )
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield State(
            settings=settings,
            engine=engine,
            redis=redis,
            network=network,
            hub=hub,
            control=Control(settings, redis, refusals),
            full_state=full_state,
            feed_metrics=feed_metrics,
        )
    finally:
        for task in tasks:
            await cancel_and_wait(task)
        await network.aclose()
        await relay_redis.aclose()
        await redis.aclose()
        await engine.dispose()


def _add_operations(app: FastAPI) -> None:
    @app.get("/healthz", tags=["operations"])
    async def read_health() -> dict[str, bool]:
        """The process is alive."""
        return {"alive": True}

    @app.get("/readyz", tags=["operations"], responses=problem_responses(503))
    async def read_readiness(
        settings: CurrentSettings, hub: CurrentHub, engine: Engine, redis: RedisClient, network: Network
    ) -> dict[str, bool]:
        """Screens get fresh states; 503 names what is missing: a server, a process that is silent, or refreshes."""
        missing = [await _check_redis(redis), await _check_store(engine), _check_hub(hub)]
        missing += [_describe_delay(hub), *await find_silent_processes(settings, redis, network)]
        faults = [fault for fault in missing if fault]
        if faults:
            raise ServiceUnavailable("; ".join(faults))
        return {"ready": True}

    @app.get("/metrics", tags=["operations"], response_class=Response)
    async def read_metrics(feed_metrics: CurrentFeedMetrics) -> Response:
        """Metrics as Prometheus text."""
        feed_metrics.update()
        return metrics_page()


async def _check_redis(redis: RedisClient) -> str | None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await redis.ping()
    except (RedisError, TimeoutError) as error:
        return describe_redis_outage(error)
    return None


async def _check_store(engine: Engine) -> str | None:
    """What keeps the store from being fresh, in words."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            last = await job_runs.select_last_refresh(engine)
    except ProgrammingError:
        return "the store has no tables yet: start a worker"
    except Exception as error:
        if not is_unreachable(error):
            raise
        return describe_outage(error)
    if last is None:
        return "no refresh has finished yet: is a worker running?"
    now = datetime.now(UTC)
    if ahead := describe_ahead(last, now):
        return ahead
    if job_runs.is_late(last, now):
        return f"no refresh has finished since the tick {to_wire(last)}: see /api/job-runs, is a worker running?"
    return None


def _describe_delay(hub: Hub) -> str | None:
    since = hub.panel.storing_delayed_since if hub.panel else None
    return f"storing is delayed since {since}, readings wait and screens stay live" if since else None


def _check_hub(hub: Hub) -> str | None:
    return None if hub.panel else "no state was loaded yet"


app = create_app()
