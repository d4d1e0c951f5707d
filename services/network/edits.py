"""What every route that changes the inventory does before and after it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, Request
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException

from dashnet.errors import ServiceUnavailable
from dashnet.jobs import request_sync
from dashnet.settings import Settings
from services.network.json_pieces import MOST_VALUE_BYTES

logger = logging.getLogger(__name__)

_BODY_SECONDS = 120.0
_TURN_SECONDS = 60.0


def json_body(*schemas: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says of a body that a route parses itself; any of these schemas."""
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def read_json_body(request: Request) -> bytearray:
    """The body of a request that says it is JSON.

    Raises:
        HTTPException: 415, it says something else; 408, it takes longer than two minutes.
    """
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != "application/json" and not content_type.endswith("+json"):
        raise HTTPException(415, "send JSON with the header Content-Type: application/json (curl: --json '{…}')")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                body += part
    except TimeoutError:
        raise HTTPException(408, f"the body was not whole after {_BODY_SECONDS:g} s") from None
    return body


async def take_turn(request: Request) -> AsyncIterator[None]:
    """Let only one request with a large body be followed at a time.

    Raises:
        ServiceUnavailable: it was not its turn within a minute.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) <= MOST_VALUE_BYTES:
        yield
        return
    lock: asyncio.Lock = request.state.large_bodies
    try:
        async with asyncio.timeout(_TURN_SECONDS):
            await lock.acquire()
    except TimeoutError:
        raise ServiceUnavailable("other large bodies are being followed; try again in a moment") from None
    try:
        yield
    finally:
        lock.release()


# Put into the `dependencies` of a route that takes lists. The turn ends before its answer is sent.
ONE_AT_A_TIME = Depends(take_turn, scope="function")


async def announce(redis: Redis, settings: Settings, revision: int) -> None:
    """Ask the workers to bring the store to this revision; without Redis the next refresh does."""
    try:
        async with asyncio.timeout(settings.redis_timeout_seconds):
            await request_sync(redis, settings, revision)
    except (RedisError, TimeoutError) as error:
        logger.warning("edit not announced, the next refresh brings it revision=%d error=%s", revision, error)
