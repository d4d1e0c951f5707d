"""Addresses of websocket /live: made from what people write and from the view that a client wants."""

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from dashnet.errors import DashnetError

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


def live_address(url: str) -> str:
    """The websocket /live of the app service at `url`, which may be http, https, ws, wss or lack its scheme.

    Raises:
        DashnetError: this is no address.
    """
    parts = urlsplit(url if "://" in url else f"ws://{url}")
    try:
        is_address = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise DashnetError(f"{url!r} is no address of an app service; one looks like http://127.0.0.1:5001")
    path = parts.path.rstrip("/").removesuffix("/live") + "/live"
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path, "", ""))


def to_query(view: Mapping[str, Any]) -> str:
    """The fields of a view as `/live` takes them in its address; null asks for nothing, an empty list for no device."""
    parts: list[tuple[str, str]] = []
    for name in ("tags", "device_types"):
        values = view.get(name)
        if values is not None:
            parts += [(name, value) for value in values] or [(name, "")]
    parts += [(name, view[name]) for name in ("state", "search") if view.get(name)]
    parts += [("interfaces", "true")] if view.get("interfaces") else []
    ids = view.get("device_ids")
    listed = [] if ids is None else ["device_ids=" + ",".join(str(one) for one in ids)]
    return "&".join(listed + ([urlencode(parts)] if parts else []))


def is_loopback(address: str) -> bool:
    """Whether no proxy of the environment may stand in between."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
