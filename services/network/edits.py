"""What every route that changes the inventory does before and after it."""

import asyncio
import logging
from typing import Any

from fastapi import Request
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from dashnet.jobs import request_sync
from dashnet.settings import Settings

logger = logging.getLogger(__name__)


def json_body(*schemas: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of a body that a route parses itself; any of these schemas."""
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def read_json_body(request: Request) -> bytes:
    """The body of a request that says it is JSON.

    Raises:
        HTTPException: 415, it says something else.
    """
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise HTTPException(415, "send JSON with the header Content-Type: application/json (curl: --json '{…}')")
    return await request.body()


async def announce(redis: Redis, settings: Settings, revision: int) -> None:
    """Ask the workers to bring the store to this revision; without Redis the next refresh does."""
    try:
        async with asyncio.timeout(settings.redis_timeout_seconds):
            await request_sync(redis, settings, revision)
    except (RedisError, TimeoutError) as error:
        logger.warning("edit not announced, the next refresh brings it revision=%d error=%s", revision, error)
