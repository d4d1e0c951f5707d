"""Which pages may follow the feeds: those of this service, those that were allowed, and whatever is no page at all."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.hosts import is_loopback
from dashnet.origins import FOREIGN_ORIGIN, decode_headers, is_allowed_origin
from dashnet.problems import problem_response, refuse

_LOOPBACK_ORIGIN = re.compile(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.ASCII | re.IGNORECASE)


def may_read_feeds(client_host: str | None, headers: Mapping[str, str]) -> bool:
    """Whether this is a page of this machine, on any port, that asks here under a name of this machine.

    A front end under development is served on a port of its own. The name in `Host` is asked for as well, because a
    proxy on this machine may be talked to by pages of others' machines.
    """
    try:
        own = urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return False
    is_ours = _LOOPBACK_ORIGIN.fullmatch(headers.get("origin", "")) is not None
    return is_ours and is_loopback(client_host or "") and is_loopback(own or "")


def is_local_client(client_host: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request was made on this machine, and not by a page that a foreign name led to it."""
    origin = headers.get("origin")
    return is_loopback(client_host or "") and (origin is None or is_loopback(urlsplit(origin).hostname or ""))


class RefuseForeignOrigins:
    """ASGI middleware: websockets of foreign pages are answered 403.

    With `lets_loopback_read` pages of this machine open websockets, in which they may not ask for jobs (`Asker`).
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str], *, lets_loopback_read: bool = False) -> None:
        self._app = app
        self._allowed = allowed
        self._lets_loopback_read = lets_loopback_read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or self._is_let_in(scope):
            await self._app(scope, receive, send)
        else:
            await refuse(problem_response(403, "Forbidden", FOREIGN_ORIGIN), scope, receive, send)

    def _is_let_in(self, scope: Scope) -> bool:
        headers = decode_headers(scope)
        if is_allowed_origin(headers, self._allowed):
            return True
        client = scope.get("client")
        return self._lets_loopback_read and may_read_feeds(client[0] if client else None, headers)
