"""What every job of a worker works with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.settings import Settings
from workers.network_client import NetworkClient
from workers.outages import OutageLog


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """Made when the worker starts, closed when it ends."""

    settings: Settings
    engine: AsyncEngine
    redis: Redis
    network: NetworkClient
    outages: OutageLog = field(default_factory=lambda: OutageLog(datetime.now(UTC)))
