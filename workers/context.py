"""What every job of a worker works with."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.settings import Settings
from workers.network_client import NetworkClient
from workers.outages import OutageLog


def _prepared() -> asyncio.Event:
    prepared = asyncio.Event()
    prepared.set()
    return prepared


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Made when the worker starts, closed when it ends.

    `prepared` is set once the store has its tables; readings go on without it.
    """

    settings: Settings
    engine: AsyncEngine
    redis: Redis
    network: NetworkClient
    outages: OutageLog = field(default_factory=lambda: OutageLog(datetime.now(UTC)))
    prepared: asyncio.Event = field(default_factory=_prepared)
