"""What the lifespan made, handed to routes by type.

All are async though none waits: FastAPI runs plain functions in a thread, and each request waits for that.
"""

import asyncio
from typing import Annotated, TypedDict

from fastapi import Depends, Request
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import ServiceUnavailable
from dashnet.settings import Settings
from services.network.discovery.runs import Runs
from services.network.discovery.shelf import Shelf
from services.network.inventory_cache import Inventory, InventoryCache
from services.network.preparation import Preparation
from services.network.reader import Reader
from services.network.secret_keys import SecretKeys


class State(TypedDict):
    """Everything the service holds while it runs."""

    settings: Settings
    engine: AsyncEngine
    redis: Redis
    inventory_cache: InventoryCache
    reader: Reader
    secret_keys: SecretKeys
    shelf: Shelf
    runs: Runs
    large_bodies: asyncio.Lock
    preparation: Preparation


async def get_settings(request: Request) -> Settings:
    """The settings of this service."""
    return request.state.settings  # type: ignore[no-any-return]  # starlette's state is untyped


async def _check_prepared(request: Request) -> None:
    if not request.state.preparation.is_done:
        raise ServiceUnavailable("the inventory is not ready: Postgres is out of reach since the start")


async def get_engine(request: Request) -> AsyncEngine:
    """Its engine, once the inventory has its tables.

    Raises:
        ServiceUnavailable: Postgres was out of reach ever since the start.
    """
    await _check_prepared(request)
    return request.state.engine  # type: ignore[no-any-return]  # as above


async def get_redis(request: Request) -> Redis:
    """Its Redis client."""
    return request.state.redis  # type: ignore[no-any-return]  # as above


async def get_inventory_cache(request: Request) -> InventoryCache:
    """Its inventory cache."""
    return request.state.inventory_cache  # type: ignore[no-any-return]  # as above


async def get_inventory(request: Request) -> Inventory:
    """The inventory as of this request, or as it was when Postgres went away.

    Raises:
        ServiceUnavailable: Postgres was out of reach ever since the start, and there is no copy.
    """
    cache = await get_inventory_cache(request)
    if not request.state.preparation.is_done and (copied := await cache.recall()):
        return copied
    await _check_prepared(request)
    return await cache.newest()


async def get_reader(request: Request) -> Reader:
    """Its reader."""
    return request.state.reader  # type: ignore[no-any-return]  # as above


def get_secret_keys(request: Request) -> SecretKeys:
    """Its keys for secrets."""
    return request.state.secret_keys  # type: ignore[no-any-return]  # as above


async def get_shelf(request: Request) -> Shelf:
    """Where discoveries lie."""
    return request.state.shelf  # type: ignore[no-any-return]  # as above


async def get_runs(request: Request) -> Runs:
    """Its discoveries."""
    return request.state.runs  # type: ignore[no-any-return]  # as above


async def get_preparation(request: Request) -> Preparation:
    """How far it is with its start."""
    return request.state.preparation  # type: ignore[no-any-return]  # as above


CurrentSettings = Annotated[Settings, Depends(get_settings)]
Engine = Annotated[AsyncEngine, Depends(get_engine)]
RedisClient = Annotated[Redis, Depends(get_redis)]
CurrentInventory = Annotated[Inventory, Depends(get_inventory)]
CurrentReader = Annotated[Reader, Depends(get_reader)]
CurrentKeys = Annotated[SecretKeys, Depends(get_secret_keys)]
CurrentShelf = Annotated[Shelf, Depends(get_shelf)]
CurrentRuns = Annotated[Runs, Depends(get_runs)]
Cache = Annotated[InventoryCache, Depends(get_inventory_cache)]
CurrentPreparation = Annotated[Preparation, Depends(get_preparation)]
