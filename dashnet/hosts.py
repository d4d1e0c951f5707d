"""Under which names a service answers: a foreign name that leads here would make a foreign page our own.

A page of evil.example may have its name lead to this machine once it is open (DNS rebinding). Its browser then takes
us for that page's own server, whatever we say of origins. The name stands in `Host`, which no page can choose.
Whoever answers for names in the local network (mDNS, LLMNR, the router's DNS) can do the same with `evil.local` and
`evil`, so that a service that only this machine reaches trusts no such name either.
"""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil
from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.problems import problem_response, refuse
from dashnet.settings import Settings

ANY_HOST = "*"
_LOOPBACK_NAME = "localhost"
# No public name server answers for these, nor for a name without a dot (RFC 6761, 6762, 8375, and ICANN's .internal).
_PRIVATE_ENDS = (".localhost", ".local", ".internal", ".home.arpa")
_SHOWN_CHARACTERS = 80

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class HostRule:
    """The names in `allowed`, in lower case, and those that the binding of the service brings with it.

    Bound to loopback (`is_local`): names and addresses of loopback, and addresses of this machine. Bound elsewhere:
    every address, and names that no public name server knows.
    """

    allowed: frozenset[str]
    is_local: bool

    def allows(self, host: str) -> bool:
        """Whether a request may come with this `Host` header. Without one it is of no browser."""
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if not name or name in self.allowed or ANY_HOST in self.allowed or _is_loopback_name(name):
            return True
        address = _parse_address(name)
        if address is not None:
            return not self.is_local or is_own_address(name)
        return not self.is_local and ("." not in name or name.endswith(_PRIVATE_ENDS))


def make_host_rule(settings: Settings, bound_to: str) -> HostRule:
    """The rule of a service that the settings bind to this address.

    Allowed are the names that the settings bring up, those of addresses among them, and that of this machine.
    """
    urls = [*settings.allowed_origins, settings.network_address, settings.app_address]
    named = [urlsplit(url).hostname or "" for url in urls]
    names = (*settings.allowed_hosts, *named, socket.gethostname())
    return HostRule(frozenset(name.lower() for name in names), is_loopback(bound_to))


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own for itself, known without asking anybody."""
    address = _parse_address(host)
    return _is_loopback_name(host.lower()) if address is None else address.is_loopback


def is_own_address(host: str) -> bool:
    """Whether this address leads to this machine: one of loopback, or of an interface."""
    address = _parse_address(host)
    return address is not None and (address.is_loopback or address in _own_addresses())


def _is_loopback_name(name: str) -> bool:
    return name == _LOOPBACK_NAME or name.endswith(f".{_LOOPBACK_NAME}")


def _parse_address(name: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _own_addresses() -> Iterable[_Address]:
    parts = (part.address.partition("%")[0] for parts in psutil.net_if_addrs().values() for part in parts)
    return {address for part in parts if (address := _parse_address(part)) is not None}


class RefuseForeignHosts:
    """ASGI middleware: a request for a foreign name is answered 403, and one for two names 400."""

    def __init__(self, app: ASGIApp, rule: HostRule) -> None:
        self._app = app
        self._rule = rule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        hosts = _find_hosts(scope["headers"])
        if len(hosts) > 1:
            detail = "The request has several Host headers, so it is not clear for whom it is"
            await refuse(problem_response(400, "Bad request", detail), scope, receive, send)
        elif hosts and not self._rule.allows(hosts[0]):
            name = hosts[0][:_SHOWN_CHARACTERS]
            detail = f"Dashnet does not answer under the name {name!r}; if it is yours, add it to DASHNET_ALLOWED_HOSTS"
            await refuse(problem_response(403, "Forbidden", detail), scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _find_hosts(headers: Sequence[tuple[bytes, bytes]]) -> Sequence[str]:
    return [value.decode("latin-1") for name, value in headers if name == b"host"]
