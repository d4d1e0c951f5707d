"""Errors as RFC 9457 problem+json, the same from both services."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashnet.database import describe_error, describe_outage, is_unreachable, sqlstate_of
from dashnet.errors import DashnetError, FieldError, InvalidInput, ServiceUnavailable
from dashnet.redis import describe_outage as describe_redis_outage
from dashnet.security_headers import SECURITY_HEADERS

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SHOWN_ERRORS = 100
MOST_LOCATION_CHARACTERS = 200
# Postgres' words for a table, a column and a schema that is not there.
_MISSING_PARTS = ("42P01", "42703", "3F000")


class ProblemField(BaseModel):
    """One bad field of a request."""

    location: str
    detail: str


class Problem(BaseModel):
    """What went wrong, as in RFC 9457; `errors` names each bad field, the first hundred of them."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = []


def problem_response(
    status: int, title: str, detail: str, errors: Sequence[FieldError] = (), headers: dict[str, str] | None = None
) -> Response:
    """Render one problem."""
    shown = [{"location": error.location, "detail": error.detail} for error in errors[:SHOWN_ERRORS]]
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "errors": shown}
    # An error that nobody foresaw is answered outside of all middleware.
    return Response(orjson.dumps(body), status, SECURITY_HEADERS | (headers or {}), media_type=MEDIA_TYPE)


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or the handshake of a websocket, with this; servers that cannot do the latter answer 403."""
    if scope["type"] == "websocket":
        await receive()
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            return
    await response(scope, receive, send)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route that can answer these statuses says of them in OpenAPI."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def install_problems(app: FastAPI, extra_schemas: Sequence[type[BaseModel]] = ()) -> None:
    """Answer every error of `app` with problem+json and say so in its OpenAPI document.

    `extra_schemas` are models that routes name in their documentation but parse themselves.
    """

    async def render_dashnet_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, DashnetError)
        return problem_response(error.http_status, error.title, error.detail, error.errors)

    async def render_http_exception(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # The error comes from one route and knows only what that one takes.
            headers["Allow"] = ", ".join(_documented_methods(app, request.scope["path"])) or headers["Allow"]
        return problem_response(error.status_code, HTTPStatus(error.status_code).phrase, error.detail, (), headers)

    async def render_validation_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        invalid = invalid_input(error.errors())
        return problem_response(invalid.http_status, invalid.title, invalid.detail, invalid.errors)

    async def render_disconnect(_: Request, __: Exception) -> Response:
        # Nobody reads this: whoever asked went away while sending. It is no fault of ours and not worth a log line.
        return problem_response(400, HTTPStatus.BAD_REQUEST.phrase, "The request ended before its body was complete")

    app.add_exception_handler(DashnetError, render_dashnet_error)
    app.add_exception_handler(HTTPException, render_http_exception)
    app.add_exception_handler(RequestValidationError, render_validation_error)
    app.add_exception_handler(ClientDisconnect, render_disconnect)
    for unreachable in (RedisError, PoolTimeout, DBAPIError, OSError):
        app.add_exception_handler(unreachable, _render_other)
    app.add_exception_handler(Exception, _render_other)
    _document(app, (Problem, *extra_schemas))


def _documented_methods(app: FastAPI, path: str) -> Sequence[str]:
    paths = app.openapi()["paths"].items()
    return sorted(method.upper() for template, one in paths if compile_path(template)[0].match(path) for method in one)


async def _render_other(request: Request, error: Exception) -> Response:
    if isinstance(error, (RedisError, PoolTimeout)) or is_unreachable(error):
        logger.warning("dependency out of reach path=%s error=%s", request.url.path, describe_error(error))
        cause = describe_redis_outage(error) if isinstance(error, RedisError) else describe_outage(error)
        return problem_response(503, ServiceUnavailable.title, f"{cause[0].upper()}{cause[1:]}; try again in a moment")
    if isinstance(error, DBAPIError) and sqlstate_of(error) in _MISSING_PARTS:
        logger.warning("tables are missing path=%s error=%s", request.url.path, error.orig)
        return problem_response(
            503,
            ServiceUnavailable.title,
            "The tables are those of another version, or not made yet: start a worker, or run dashnet upgrade",
        )
    logger.error("request failed path=%s", request.url.path, exc_info=error)
    return problem_response(500, DashnetError.title, "Something failed inside; the service's log tells what")


def invalid_input(errors: Sequence[Any], count: int | None = None) -> InvalidInput:
    """One error that names each bad field of a pydantic validation; `count` is how many there are, if not all given."""
    fields = [FieldError(_location(error["loc"]), _in_words(error)) for error in errors]
    first = f"{fields[0].location}: {fields[0].detail}" if fields else "not allowed"
    others = (count or len(fields)) - 1
    more = f" (and {others} more)" if others > 0 else ""
    return InvalidInput(first + more, fields)


def _in_words(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    context = error.get("ctx") or {}
    if error["type"] == "string_too_short" and context.get("min_length") == 1:
        return "must not be empty"
    reason = context.get("error")
    return f"{message}: {reason}" if error["type"] == "json_invalid" and reason else message


def _location(parts: Sequence[str | int]) -> str:
    """`("body", 3, "mac_address")` becomes `[3].mac_address`; query and path parameters keep their name."""
    where = parts[1:] if len(parts) > 1 and parts[0] in ("body", "query", "path") else parts
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    # An unknown field may have any name: a lone surrogate cannot be sent back, and megabytes should not be.
    return path.removeprefix(".")[:MOST_LOCATION_CHARACTERS].encode(errors="replace").decode() or "body"


def _document(app: FastAPI, models: Sequence[type[BaseModel]]) -> None:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, definitions = models_json_schema(
                [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
            )
            schema.setdefault("components", {}).setdefault("schemas", {}).update(definitions["$defs"])
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents for extending the schema


class BodyLimit:
    """ASGI middleware: a request body over `limit_bytes` is answered 413 and kept no further.

    The connection stays open and the server throws the rest away: were it closed while the client still sends, the
    answer would be lost with it.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._limit_bytes:
            await self._too_large()(scope, receive, send)
            return
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit_bytes:
                raise HTTPException(413, self._detail())
            return message

        await self._app(scope, receive_bounded, send)

    def _detail(self) -> str:
        return f"The body is larger than {self._limit_bytes:,} bytes; send it in parts"

    def _too_large(self) -> Response:
        return problem_response(413, "Payload too large", self._detail())
