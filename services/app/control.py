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
class Asker:
    """Who sends control messages: a name for the log, and whether it is on this machine."""

    name: str
    is_local: bool

    @classmethod
    def of(cls, websocket: WebSocket) -> "Asker":
        """The client of a websocket."""
        client = websocket.client
        is_local = is_local_client(client.host if client else None, websocket.headers)
        return cls(f"{client.host}:{client.port}" if client else "unknown", is_local)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not followed; `code` is one of those in docs/protocol.md."""

    code: str
    detail: str

    def to_message(self) -> bytes:
        """The `error` message."""
        return orjson.dumps({"type": "error", "code": self.code, "detail": self.detail})


def parse_message(received: str | bytes) -> dict[str, Any] | Refusal:
    """The JSON object in a websocket message."""
    if isinstance(received, bytes):
        return Refusal("bad_message", "send JSON as text, not as a binary message")
    try:
        message = orjson.loads(received)
    except orjson.JSONDecodeError as error:
        return Refusal("bad_message", f"not valid JSON: {error}")
    if not isinstance(message, dict):
        return Refusal("bad_message", "not a JSON object")
    return message


async def follow_control(message: dict[str, Any], asker: Asker, settings: Settings, redis: Redis) -> Refusal | None:
    """Ask for the job that a control message names; tells why not, where it was refused."""
    job = _JOBS.get(message["socket_type"]) if isinstance(message["socket_type"], str) else None
    if job is None:
        return _refuse(asker, "unknown_type", "socket_type must be refresh or clean")
    if settings.cron_pass is not None:
        if not is_password(message.get("password"), settings.cron_pass.get_secret_value()):
            return _refuse(asker, "wrong_password", f"{job} needs the password that CRON_PASS holds")
    elif not asker.is_local:
        detail = f"without a CRON_PASS on the server only clients on its own machine may {job}"
        return _refuse(asker, "forbidden", detail)
    try:
        await request_now(redis, settings, job)
    except RedisError:
        return _refuse(asker, "unavailable", "the job queue is out of reach; try again in a moment")
    logger.info("job asked for over a websocket job=%s client=%s", job, asker.name)
    return None


def is_password(given: object, wanted: str) -> bool:
    """Whether `given` is the password, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def _refuse(asker: Asker, code: str, detail: str) -> Refusal:
    logger.warning("control message refused code=%s client=%s", code, asker.name)
    return Refusal(code, detail)
