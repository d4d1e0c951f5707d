"""Cookies within one reading: a redirect that sets one expects to see it at the next page."""

import warnings
from collections.abc import Sequence

import httpx

from services.network.drivers.http.addresses import PageAddress

_MOST_COOKIES = 50
_MOST_CHARACTERS = 4096


class Cookies:
    """Keeps what the pages of one reading set; each goes back where it belongs."""

    def __init__(self) -> None:
        self._cookies: httpx.Cookies | None = None

    def take(self, address: PageAddress, values: Sequence[str]) -> None:
        """Keep what a page sets in its headers Set-Cookie, within bounds."""
        if not values:
            return
        self._cookies = self._cookies or httpx.Cookies()
        lines = ["".join(one for one in value if one.isprintable()) for value in values[:_MOST_COOKIES]]
        request = httpx.Request("GET", address.url)
        # One by one, as one that cannot be read makes the standard library warn, and drop all that come with it.
        with warnings.catch_warnings(action="ignore"):
            for line in lines:
                if len(line) <= _MOST_CHARACTERS:
                    headers = {b"Set-Cookie": line.encode()}
                    self._cookies.extract_cookies(httpx.Response(302, headers=headers, request=request))

    def header_for(self, address: PageAddress) -> str | None:
        """Return the header Cookie for a page, None where it gets none."""
        if self._cookies is None:
            return None
        request = httpx.Request("GET", address.url)
        # A cookie is any bytes; ASCII alone would be refused with an error.
        request.headers.encoding = "utf-8"
        self._cookies.set_cookie_header(request)
        cookies: str | None = request.headers.get("Cookie")
        return cookies
