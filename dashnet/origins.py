"""Which pages may have a service change something or ask devices: its own, allowed ones, and whatever is no page."""

from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.errors import Forbidden
from dashnet.problems import problem_response
from dashnet.settings import Settings

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# What a browser says in Sec-Fetch-Site, which no page can change. Without a browser there is no such header.
_FOREIGN_SITES = ("cross-site", "same-site")
FOREIGN_ORIGIN = "this page's origin may not use Dashnet; add it to DASHNET_ALLOWED_ORIGINS"


def is_allowed_origin(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a request with these headers comes from no page, from a page of this very host, or an allowed one."""
    origin = headers.get("origin")
    if origin is None:
        return True
    if origin.rstrip("/") in allowed:
        return True
    own = headers.get("host", "").lower()
    return bool(own) and urlsplit(origin).netloc.lower() == own


def may_change(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a request with these headers may change something: of no foreign page, with or without an `Origin`."""
    if "origin" in headers:
        return is_allowed_origin(headers, allowed)
    return headers.get("sec-fetch-site") not in _FOREIGN_SITES


def may_touch_devices(headers: Mapping[str, str], allowed: Sequence[str]) -> bool:
    """Whether a request with these headers may have devices read: not for a page of another site.

    Its images and frames are asked for without an `Origin`, and it need not see an answer to keep devices busy.
    """
    is_cross_site = headers.get("sec-fetch-site") == "cross-site"
    return not is_cross_site or headers.get("origin", "").rstrip("/") in allowed


async def refuse_cross_site(request: Request) -> None:
    """Refuse a page of another site; for routes that are only read, but touch devices.

    Raises:
        Forbidden: this is one.
    """
    settings = cast(Settings, request.state.settings)
    if not may_touch_devices(request.headers, settings.allowed_origins):
        raise Forbidden(FOREIGN_ORIGIN)


# Put into the `dependencies` of a route.
TOUCHES_DEVICES = Depends(refuse_cross_site)


class RefuseForeignPages:
    """ASGI middleware: HTTP requests of foreign pages that would change something are answered 403."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_guarded = scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        if not is_guarded or may_change(decode_headers(scope), self._allowed):
            await self._app(scope, receive, send)
        else:
            await problem_response(403, Forbidden.title, FOREIGN_ORIGIN)(scope, receive, send)


def decode_headers(scope: Scope) -> dict[str, str]:
    """The headers of a request by their lower-case names."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
