"""What the lifespan made, handed to routes by type. HTTPConnection serves requests and websockets alike.

All are async though none waits: FastAPI runs plain functions in a thread, and each request waits for that.
"""

import asyncio
from typing import Annotated, TypedDict

import httpx
from fastapi import Depends
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from dashnet.errors import ServiceUnavailable
from dashnet.settings import Settings
from services.app.control import Control
from services.app.feed_metrics import FeedMetrics
from services.app.full_state_cache import FullState
from services.app.hub import Hub
from services.app.panel import Panel

PANEL_SECONDS = 3


class State(TypedDict):
    """Everything the service holds while it runs."""

    settings: Settings
    engine: AsyncEngine
    redis: Redis
    network: httpx.AsyncClient
    hub: Hub
    control: Control
    full_state: FullState
    feed_metrics: FeedMetrics


async def get_settings(connection: HTTPConnection) -> Settings:
    """The settings of this service."""
    return connection.state.settings  # type: ignore[no-any-return]  # starlette's state is untyped


async def get_engine(connection: HTTPConnection) -> AsyncEngine:
    """Its engine."""
    return connection.state.engine  # type: ignore[no-any-return]  # as above


async def get_redis(connection: HTTPConnection) -> Redis:
    """Its Redis client."""
    return connection.state.redis  # type: ignore[no-any-return]  # as above


async def get_network(connection: HTTPConnection) -> httpx.AsyncClient:
    """Its client of the network service."""
    return connection.state.network  # type: ignore[no-any-return]  # as above


async def get_hub(connection: HTTPConnection) -> Hub:
    """Its hub."""
    return connection.state.hub  # type: ignore[no-any-return]  # as above


async def get_control(connection: HTTPConnection) -> Control:
    """What follows its control messages."""
    return connection.state.control  # type: ignore[no-any-return]  # as above


async def get_panel(connection: HTTPConnection) -> Panel:
    """The panel of now; just after the start it is waited for.

    Raises:
        ServiceUnavailable: there is none, because Redis or Postgres is out of reach.
    """
    hub = await get_hub(connection)
    try:
        async with asyncio.timeout(PANEL_SECONDS):
            return await hub.wait_loaded()
    except TimeoutError:
        reason = "no state yet: Redis or Postgres is out of reach; try again in a moment"
        raise ServiceUnavailable(reason) from None


async def get_full_state(connection: HTTPConnection) -> FullState:
    """Its maker of full states."""
    return connection.state.full_state  # type: ignore[no-any-return]  # as above


async def get_feed_metrics(connection: HTTPConnection) -> FeedMetrics:
    """What it tells Prometheus of its feeds."""
    return connection.state.feed_metrics  # type: ignore[no-any-return]  # as above


CurrentSettings = Annotated[Settings, Depends(get_settings)]
Engine = Annotated[AsyncEngine, Depends(get_engine)]
RedisClient = Annotated[Redis, Depends(get_redis)]
Network = Annotated[httpx.AsyncClient, Depends(get_network)]
CurrentHub = Annotated[Hub, Depends(get_hub)]
CurrentControl = Annotated[Control, Depends(get_control)]
CurrentPanel = Annotated[Panel, Depends(get_panel)]
CurrentFullState = Annotated[FullState, Depends(get_full_state)]
CurrentFeedMetrics = Annotated[FeedMetrics, Depends(get_feed_metrics)]
