"""The control message of both websockets: somebody asks for a refresh or a clean."""

import asyncio
import hmac
import logging
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import WebSocket
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.jobs import Job, request_now
from dashnet.origins import is_allowed_origin
from dashnet.settings import Settings
from services.app.close_codes import CloseCode
from services.app.origins import is_local_client
from services.app.refusals import MOST_WRONG_PASSWORDS_A_CONNECTION, REMEMBERED_SECONDS, Refusals

logger = logging.getLogger(__name__)

WRONG_PASSWORD_PAUSE_SECONDS = 0.5
_JOBS = {"refresh": Job.REFRESH, "clean": Job.CLEAN}


@dataclass(slots=True)
class Asker:
    """Who sends control messages over one connection.

    `may_ask` is false for a page that is let in to read only. `wrong_passwords` counts those of this connection.
    """

    name: str
    host: str | None
    is_local: bool
    may_ask: bool
    wrong_passwords: int = 0

    @classmethod
    def of(cls, websocket: WebSocket, settings: Settings) -> "Asker":
        """The client of a websocket."""
        client = websocket.client
        host = client.host if client else None
        return cls(
            name=f"{client.host}:{client.port}" if client else "unknown",
            host=host,
            is_local=is_local_client(host, websocket.headers),
            may_ask=is_allowed_origin(websocket.headers, settings.allowed_origins),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not followed; `code` is one of those in docs/protocol.md. `ends` closes the connection."""

    code: str
    detail: str
    ends: CloseCode | None = None

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


class Control:
    """Follows control messages: who may ask for a job, and with which password."""

    def __init__(self, settings: Settings, redis: Redis, refusals: Refusals) -> None:
        self._settings = settings
        self._redis = redis
        self._refusals = refusals

    async def follow(self, message: dict[str, Any], asker: Asker) -> Refusal | None:
        """Ask for the job that a control message names. Return why not, where it is refused.

        A wrong password holds up its own connection for a moment, and no other.
        """
        job = _JOBS.get(message["socket_type"]) if isinstance(message["socket_type"], str) else None
        if job is None:
            return self._refuse(asker, "unknown_type", "socket_type must be refresh or clean")
        if not asker.may_ask:
            detail = "a page from another port may only read, unless its origin stands in DASHNET_ALLOWED_ORIGINS"
            return self._refuse(asker, "forbidden", detail)
        if self._settings.cron_pass is not None:
            refusal = await self._check_password(message, self._settings.cron_pass.get_secret_value(), asker)
            if refusal is not None:
                return refusal
        elif not asker.is_local:
            detail = f"without a CRON_PASS on the server only clients on its own machine may {job}"
            return self._refuse(asker, "forbidden", detail)
        try:
            await request_now(self._redis, self._settings, job)
        except RedisError:
            return self._refuse(asker, "unavailable", "the job queue is out of reach; try again in a moment")
        logger.info("job asked for over a websocket job=%s client=%s", job, asker.name)
        return None

    async def _check_password(self, message: dict[str, Any], wanted: str, asker: Asker) -> Refusal | None:
        detail = "refresh and clean need the password that CRON_PASS holds"
        if message.get("password") is None:
            # Nobody guesses this way.
            self._refusals.note("no_password", asker.host)
            return Refusal("wrong_password", detail)
        if self._refusals.is_over_bound(asker.host):
            # Not even compared: the bound is on what can be found out.
            detail = f"too many wrong passwords from your address; wait {REMEMBERED_SECONDS:g} s"
            return self._refuse(asker, "wrong_password", detail, CloseCode.WRONG_PASSWORDS)
        if is_password(message["password"], wanted):
            return None
        asker.wrong_passwords += 1
        is_last = asker.wrong_passwords >= MOST_WRONG_PASSWORDS_A_CONNECTION
        # Noted before the pause: many connections at once would else all be within the bound.
        refusal = self._refuse(asker, "wrong_password", detail, CloseCode.WRONG_PASSWORDS if is_last else None)
        await asyncio.sleep(WRONG_PASSWORD_PAUSE_SECONDS)
        return refusal

    def _refuse(self, asker: Asker, code: str, detail: str, ends: CloseCode | None = None) -> Refusal:
        self._refusals.note(code, asker.host)
        return Refusal(code, detail, ends)


def is_password(given: object, wanted: str) -> bool:
    """Whether `given` is the password, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())
