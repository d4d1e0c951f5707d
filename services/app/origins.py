"""Which pages may follow the feeds: those of this service, those that were allowed, and whatever is no page at all."""

import ipaddress
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.origins import FOREIGN_ORIGIN, decode_headers, is_allowed_origin
from dashnet.problems import problem_response, refuse


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
    """ASGI middleware: websockets of foreign pages are answered 403."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or is_allowed_origin(decode_headers(scope), self._allowed):
            await self._app(scope, receive, send)
        else:
            await refuse(problem_response(403, "Forbidden", FOREIGN_ORIGIN), scope, receive, send)
