"""Where this stack's own services listen, which no redirect may reach: from the settings, nothing is asked."""

from urllib.parse import urlsplit

from dashnet.settings import Settings

_POSTGRES, _REDIS = 5432, 6379


def list_own_endpoints(settings: Settings) -> frozenset[tuple[str, int]]:
    """Return host and port of both services, of Postgres and of Redis; Unix sockets have none."""
    found = {
        (settings.network_host, settings.network_port),
        (settings.app_host, settings.app_port),
        *_of(settings.network_address, 80),
        *_of(settings.database_url, _POSTGRES),
        *_of(settings.redis_url, _REDIS),
    }
    return frozenset(found)


def _of(url: str, usual_port: int) -> set[tuple[str, int]]:
    parts = urlsplit(url)
    if parts.scheme == "unix" or not parts.hostname:
        return set()
    return {(parts.hostname, parts.port or usual_port)}
