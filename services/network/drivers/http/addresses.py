"""Addresses of pages: their parts, and where a redirect leads."""

import re
from dataclasses import dataclass
from functools import lru_cache

import httpx

_PORTS = {"http": 80, "https": 443}
_SHOWN_CHARACTERS = 100
# As browsers and servers have it; longer ones are no addresses of pages.
_MOST_CHARACTERS = 8192
# curl and browsers take any number of slashes there.
_SLASHES = re.compile(r"^(https?:)/*(?=[^/])", re.IGNORECASE)
_HOST = re.compile(r"(?=.{1,254}\Z)[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", re.ASCII)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PageAddress:
    """An address ready to be asked: `host` to connect to, `authority` for the header Host, `path` with its query."""

    url: str
    scheme: str
    host: str
    port: int
    authority: str
    path: str

    @property
    def is_tls(self) -> bool:
        """Whether the page is asked for over TLS."""
        return self.scheme == "https"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return what secrets belong to: scheme, host and port."""
        return (self.scheme, self.host, self.port)


@lru_cache(maxsize=16_384)
def parse_address(url: str) -> PageAddress:
    """Return the parts of an absolute address that a user gave.

    Raises:
        ValueError: it is none of the form http://host/path or https://host/path.
    """
    return _parse(url)


def _parse(url: str) -> PageAddress:
    try:
        parsed = httpx.URL(url)
        scheme, host, port = parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"no address: {error}") from None
    if scheme not in _PORTS or not host:
        raise ValueError("not of the form https://host/path or http://host/path")
    if not _HOST.fullmatch(host):
        raise ValueError(f"{show(host)} is no name of a host")
    if port is not None and not 0 < port < 65536:
        raise ValueError(f"there is no port {port}")
    port = port or _PORTS[scheme]
    return PageAddress(url, scheme, host, port, _authority(scheme, host, port), parsed.raw_path.decode("ascii"))


def root_of(ip_address: str) -> PageAddress:
    """Return the address of a device's first page."""
    authority = _authority("http", ip_address.partition("%")[0], 80)
    return PageAddress(f"http://{authority}/", "http", ip_address, 80, authority, "/")


def follow(address: PageAddress, location: str) -> PageAddress:
    """Return where the header Location leads from a page.

    Raises:
        ValueError: nowhere that can be asked.
    """
    if len(location) > _MOST_CHARACTERS:
        raise ValueError(f"longer than {_MOST_CHARACTERS} characters")
    cleaned = _SLASHES.sub(r"\1//", _UNPRINTABLE.sub("", location).strip())
    if _ABSOLUTE.match(cleaned):
        return _parse(cleaned)
    try:
        joined = str(httpx.URL(address.url).join(cleaned))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise ValueError(f"no address: {error}") from None
    return _parse(joined)


def show(address: str) -> str:
    """Return an address as a server wrote it, fit for words: short, and without unprintable characters."""
    return "".join(one if one.isprintable() else "?" for one in address.strip()[:_SHOWN_CHARACTERS])


def _authority(scheme: str, host: str, port: int) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return bracketed if port == _PORTS[scheme] else f"{bracketed}:{port}"
