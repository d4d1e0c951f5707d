"""Under which names a service answers: a foreign name that leads here would make a foreign page our own.

A page of evil.example may have its name lead to this machine once it is open (DNS rebinding). Its browser then takes
us for that page's own server, whatever we say of origins. The name stands in `Host`, which no page can choose.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.problems import problem_response
from dashnet.settings import Settings

ANY_HOST = "*"
# No public name server answers for these, nor for a name without a dot (RFC 6761, 6762, 8375, and ICANN's .internal).
_PRIVATE_ENDS = (".localhost", ".local", ".internal", ".home.arpa")


def list_allowed_hosts(settings: Settings) -> frozenset[str]:
    """The names that the settings bring up, in lower case: those allowed, and those of addresses."""
    urls = [*settings.allowed_origins, settings.network_address, settings.app_address]
    named = [urlsplit(url).hostname or "" for url in urls]
    return frozenset(name.lower() for name in (*settings.allowed_hosts, *named, socket.gethostname()))


def is_allowed_host(host: str, allowed: Iterable[str]) -> bool:
    """Whether a `Host` header holds an address, a name that only this network knows, or an allowed one."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return (
        name in allowed or ANY_HOST in allowed or "." not in name or name.endswith(_PRIVATE_ENDS) or _is_address(name)
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class RefuseForeignHosts:
    """ASGI middleware: what asks for a foreign name is answered 403."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_allowed_host(_find_host(scope["headers"]), self._allowed):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            # Closing before accepting makes the server answer the handshake with 403.
            await send({"type": "websocket.close", "code": 1008, "reason": "foreign host"})
        else:
            name = _find_host(scope["headers"])[:80]
            detail = f"Dashnet does not answer under the name {name!r}; if it is yours, add it to DASHNET_ALLOWED_HOSTS"
            await problem_response(403, "Forbidden", detail)(scope, receive, send)


def _find_host(headers: Sequence[tuple[bytes, bytes]]) -> str:
    return next((value.decode("latin-1") for name, value in headers if name == b"host"), "")
