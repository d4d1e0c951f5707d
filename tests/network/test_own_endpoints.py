"""Where the stack itself listens (services/network/own_endpoints.py)."""

from dashnet.settings import Settings
from services.network.own_endpoints import list_own_endpoints


def test_services_postgres_and_redis_are_the_stacks_own() -> None:
    settings = Settings(
        network_port=8001,
        app_port=8000,
        database_url="postgresql+asyncpg://me:secret@postgres/dashnet",
        redis_url="redis://redis:6380/0",
        network_url="http://network",
    )
    found = list_own_endpoints(settings)
    assert {("postgres", 5432), ("redis", 6380), ("network", 80)} <= found
    assert {port for _, port in found} == {8000, 8001, 5432, 6380, 80}


def test_unix_sockets_have_no_port() -> None:
    settings = Settings(redis_url="unix:///run/redis.sock", database_url="postgresql+asyncpg:///dashnet?host=/run")
    assert {port for _, port in list_own_endpoints(settings)} == {settings.network_port, settings.app_port}
