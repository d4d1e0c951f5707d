"""How every process reaches Redis: named, with time limits, ready to be closed."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from dashnet.settings import Settings


def create_redis(settings: Settings, process_name: str, *, reconnects: bool = True) -> Redis:
    """A client with its own pool; nothing connects before the first command. Close it with `aclose()`.

    With `reconnects` a command rides out a short restart of Redis; without, a lost connection is an error at once.
    """
    client: Redis = Redis.from_url(
        settings.redis_url,
        client_name=process_name,
        socket_connect_timeout=settings.redis_timeout_seconds,
        socket_timeout=settings.redis_timeout_seconds,
        health_check_interval=15,
        retry=reconnect_policy() if reconnects else None,
        retry_on_error=[RedisConnectionError] if reconnects else None,
    )
    return client


def reconnect_policy() -> Retry:
    """Ride out a restart of Redis: about three seconds of tries with jitter, then the error surfaces."""
    return Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), 6)
