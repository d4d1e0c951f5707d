"""Which pages may talk to this service: its own, those that were allowed, and whatever is no page at all."""

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.problems import problem_response

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DETAIL = "this page's origin may not use Dashnet; add it to DASHNET_ALLOWED_ORIGINS"


def is_allowed_origin(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a request with these headers comes from no page, from a page of this very host, or an allowed one."""
    origin = headers.get("origin")
    if origin is None:
        return True
    if origin.rstrip("/") in allowed:
        return True
    own = headers.get("host", "").lower()
    return bool(own) and urlsplit(origin).netloc.lower() == own


def is_local_client(client_host: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request was made on this machine, and not by a page that a foreign name led to it."""
    origin = headers.get("origin")
    return _is_loopback(client_host) and (origin is None or _is_loopback(urlsplit(origin).hostname))


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class RefuseForeignOrigins:
    """ASGI middleware: websockets and changing requests of foreign pages are answered 403."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_guarded = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _SAFE_METHODS)
        if not is_guarded or is_allowed_origin(_decode_headers(scope), self._allowed):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            # Closing before accepting makes the server answer the handshake with 403.
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign origin"})
        else:
            await self._refusal()(scope, receive, send)

    def _refusal(self) -> Response:
        return problem_response(403, "Forbidden", _DETAIL)


def _decode_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
