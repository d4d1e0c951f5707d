"""How every process reaches Redis: named, with time limits, ready to be closed."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from dashnet.settings import Settings

RETRIED_ERRORS = (RedisConnectionError, RedisTimeoutError, OSError)


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
        retry=reconnect_policy(3) if reconnects else None,
        retry_on_error=list(RETRIED_ERRORS) if reconnects else None,
    )
    return client


def reconnect_policy(tries: int) -> Retry:
    """Try again with growing pauses and jitter, half a second at the most.

    Redis-py applies it twice, to the connection and to the command around it, so that `tries` of 3 ride out about two
    seconds and 6 about ten. A refused connection is an OSError that redis-py by itself would not try again.
    """
    return Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), tries, supported_errors=RETRIED_ERRORS)  # type: ignore[arg-type]  # any error


def describe_outage(error: BaseException) -> str:
    """Why Redis cannot be used: `Redis is out of reach`, or that it cannot write to its disk."""
    if not isinstance(error, RedisError) or not str(error).startswith("MISCONF"):
        return "Redis is out of reach"
    is_full = "No space left" in str(error)
    return "the disk of Redis is full" if is_full else "Redis cannot write to its disk, which may be full"
