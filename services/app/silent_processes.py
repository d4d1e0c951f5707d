"""Finds the processes beside this one that hang or do not run; for `/readyz`."""

import asyncio

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.channels import worker_health_pattern
from dashnet.settings import Settings

_ANSWER_SECONDS = 2.0
_KEYS_AT_ONCE = 10_000


async def find_silent_processes(settings: Settings, redis: Redis, network: httpx.AsyncClient) -> list[str]:
    """Return a line for the network service and one for the workers, where they are silent."""
    lines = await asyncio.gather(_look_at_network(network), _look_at_workers(settings, redis))
    return [line for line in lines if line]


async def _look_at_network(network: httpx.AsyncClient) -> str | None:
    try:
        await network.get("/healthz", timeout=_ANSWER_SECONDS)
    except httpx.HTTPError:
        return "the network service gives no answer: it hangs or does not run"
    return None


async def _look_at_workers(settings: Settings, redis: Redis) -> str | None:
    """Null also while Redis is away, since nobody can say then."""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            async for _ in redis.scan_iter(match=worker_health_pattern(settings), count=_KEYS_AT_ONCE):
                return None
    except (RedisError, TimeoutError):
        return None
    return "no worker renews its health key: none is running, or it hangs"
