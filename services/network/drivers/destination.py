"""Where a driver sends what a device's options keep secret. Pure."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_USUAL_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_PARTS = ("scheme", "host", "port")


@dataclass(frozen=True, slots=True)
class Destination:
    """A scheme, a host and a port, each as far as there is one; equal where they are, however they were written.

    `sources` names the field that each part comes from.
    """

    scheme: str
    host: str
    port: int | None
    sources: Mapping[str, str] = field(compare=False)

    def explain_change(self, old: "Destination") -> str:
        """Which field now leads elsewhere, such as `url now points to another host`."""
        part = next(part for part in _PARTS if getattr(self, part) != getattr(old, part))
        return f"{self.sources[part]} now points to another {part}"


def find_destination(options: Mapping[str, object], ip_address: str) -> Destination:
    """The destination of a device: its option `url`, else its option `host` or `server`, else its `ip_address`.

    A `port` and a `scheme` of their own belong to it where there is no `url`.
    """
    url = options.get("url")
    if isinstance(url, str) and url:
        return _from_url(url)
    name, host = next(
        ((name, value) for name in ("host", "server") if isinstance(value := options.get(name), str) and value),
        ("ip_address", ip_address),
    )
    port, scheme = options.get("port"), options.get("scheme")
    sources = {"scheme": "scheme" if scheme else name, "host": name, "port": "port" if port else name}
    return Destination(
        str(scheme or "").lower(), normalize_host(host), port if isinstance(port, int) else None, sources
    )


def _from_url(url: str) -> Destination:
    sources = dict.fromkeys(_PARTS, "url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Destination("", url, None, sources)
    if not parts.hostname:
        return Destination(parts.scheme, url, None, sources)
    return Destination(parts.scheme, normalize_host(parts.hostname), port or _USUAL_PORTS.get(parts.scheme), sources)


def normalize_host(host: str) -> str:
    """An address or a name, in one way of writing it."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        pass
    name = host.lower().rstrip(".")
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name
