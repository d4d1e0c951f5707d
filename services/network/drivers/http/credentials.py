"""Who we are to a server: a token, or a name and a password, which go to the page's own server alone."""

import base64
from collections.abc import Sequence

from services.network.drivers.http.addresses import PageAddress
from services.network.drivers.http.digest import Challenge, list_schemes
from services.network.drivers.http.options import HttpOptions

Origin = tuple[str, str, int]
_MOST_ORIGINS = 10_000


class DigestServers:
    """Remembers which servers ask for a digest, so that they are sent no password at the next reading."""

    def __init__(self) -> None:
        self._origins: set[Origin] = set()

    def add(self, origin: Origin) -> None:
        """Remember a server."""
        if len(self._origins) >= _MOST_ORIGINS:
            self._origins.clear()
        self._origins.add(origin)

    def __contains__(self, origin: Origin) -> bool:
        return origin in self._origins


class Credentials:
    """The credentials of one device during one reading; they belong to the server of its first page."""

    def __init__(self, options: HttpOptions, page: PageAddress, digest_servers: DigestServers) -> None:
        self._options = options
        self._page = page
        self._digest_servers = digest_servers
        self._challenge: Challenge | None = None

    def header_for(self, page: PageAddress, method: str) -> str | None:
        """Return the header Authorization for a request, None where there is none to send."""
        options = self._options
        if not self._belong_to(page):
            return None
        if options.bearer_token is not None:
            return f"Bearer {options.bearer_token.get_secret_value()}"
        if options.username is None or options.password is None:
            return None
        password = options.password.get_secret_value()
        if self._challenge is not None:
            return self._challenge.answer(method, page.url, options.username, password)
        if page.origin in self._digest_servers:
            return None
        return f"Basic {base64.b64encode(f'{options.username}:{password}'.encode()).decode()}"

    def hold_a_password_for(self, page: PageAddress) -> bool:
        """Whether a digest can be made for this page."""
        return self._options.password is not None and self._belong_to(page)

    def answer(self, challenge: Challenge, page: PageAddress) -> None:
        """Send a digest from now on."""
        self._challenge = challenge
        self._digest_servers.add(page.origin)

    def explain_refusal(self, asked: Sequence[str], page: PageAddress) -> str | None:
        """Return why a server answers 401; `asked`: its headers WWW-Authenticate."""
        schemes = list_schemes(asked)
        has_password = self.hold_a_password_for(page)
        if has_password and (self._challenge is not None or "basic" in schemes):
            return "it does not accept the username and password"
        if self._options.bearer_token is not None and "bearer" in schemes:
            return "it does not accept the bearer token"
        return f"it asks for {' or '.join(schemes[:3])} authentication" if schemes else None

    def _belong_to(self, page: PageAddress) -> bool:
        """Also to the same server over TLS, where a redirect leads there."""
        scheme, host, port = self._page.origin
        upgraded = (scheme, port, page.scheme, page.port) == ("http", 80, "https", 443) and page.host == host
        return page.origin == self._page.origin or upgraded
