"""Names by reverse DNS."""

import dns.asyncresolver
import dns.exception

_LOOK_UP_SECONDS = 2.0
_MOST_CHARACTERS = 253


class ReverseNames:
    """Asks the name servers of this system, or those that are given, who has an address."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        self._resolver = resolver

    def why_not(self) -> str | None:
        """Why nobody can be asked; null where somebody can."""
        try:
            self._resolver = self._resolver or dns.asyncresolver.Resolver()
        except (dns.exception.DNSException, OSError):
            return "names not asked for: this system names no name server"
        return None

    async def look_up(self, address: str) -> str | None:
        """The name of an address without a dot at the end; null where there is none or no answer within 2 seconds."""
        if self._resolver is None:
            return None
        try:
            answer = await self._resolver.resolve_address(address, lifetime=_LOOK_UP_SECONDS)
        except (dns.exception.DNSException, OSError, EOFError):
            return None
        name = answer[0].to_text().rstrip(".")
        return name if 0 < len(name) <= _MOST_CHARACTERS else None
