"""The control message of both websockets: somebody asks for a refresh or a clean."""

import hmac
import logging
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import WebSocket
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.jobs import Job, request_now
from dashnet.settings import Settings
from services.app.origins import is_local_client

logger = logging.getLogger(__name__)

_JOBS = {"refresh": Job.REFRESH, "clean": Job.CLEAN}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not followed; `code` is one of those in docs/protocol.md."""

    code: str
    detail: str

    def to_message(self) -> str:
        """The `error` message."""
        return orjson.dumps({"type": "error", "code": self.code, "detail": self.detail}).decode()


def parse_message(text: str | None) -> dict[str, Any] | Refusal:
    """The JSON object in a websocket message."""
    if text is None:
        return Refusal("bad_message", "send JSON as text, not as a binary message")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return Refusal("bad_message", f"not valid JSON: {error}")
    if not isinstance(message, dict):
        return Refusal("bad_message", "not a JSON object")
    return message


async def follow_control(
    message: dict[str, Any], websocket: WebSocket, settings: Settings, redis: Redis
) -> Refusal | None:
    """Ask for the job that a control message names; tells why not, where it was refused."""
    job = _JOBS.get(message["socket_type"]) if isinstance(message["socket_type"], str) else None
    if job is None:
        return _refuse(websocket, "unknown_type", "socket_type must be refresh or clean")
    if settings.cron_pass is not None:
        if not is_password(message.get("password"), settings.cron_pass.get_secret_value()):
            return _refuse(websocket, "wrong_password", f"{job} needs the password that CRON_PASS holds")
    elif not is_local_client(websocket.client.host if websocket.client else None, websocket.headers):
        detail = f"without a CRON_PASS on the server only clients on its own machine may {job}"
        return _refuse(websocket, "forbidden", detail)
    try:
        await request_now(redis, settings, job)
    except RedisError:
        return _refuse(websocket, "unavailable", "the job queue is out of reach; try again in a moment")
    logger.info("job asked for over a websocket job=%s client=%s", job, _name(websocket))
    return None


def is_password(given: object, wanted: str) -> bool:
    """Whether `given` is the password, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def _refuse(websocket: WebSocket, code: str, detail: str) -> Refusal:
    logger.warning("control message refused code=%s client=%s", code, _name(websocket))
    return Refusal(code, detail)


def _name(websocket: WebSocket) -> str:
    return f"{websocket.client.host}:{websocket.client.port}" if websocket.client else "unknown"
