"""What every job of a worker works with."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.settings import Settings
from workers.network_client import NetworkClient
from workers.offers import Offers
from workers.outages import OutageLog

# Pages of a large refresh that one process reads and stores side by side: one is read while the other is stored, and
# more would only take memory.
PAGES_AT_ONCE = 2


def _prepared() -> asyncio.Event:
    prepared = asyncio.Event()
    prepared.set()
    return prepared


def _page_slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(PAGES_AT_ONCE)


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
    offers: Offers = field(default_factory=Offers)
    page_slots: asyncio.Semaphore = field(default_factory=_page_slots)
