"""The stack's own Redis: its command line, and when it is ready."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.embedded.binaries import RedisBinary, find_redis
from dashnet.embedded.folders import StateFolders
from dashnet.embedded.specs import ProcessSpec
from dashnet.errors import StackError
from dashnet.liveness import look_at_redis

_READY_TIMEOUT_SECONDS = 60
_COMMAND_TIMEOUT_SECONDS = 2


def redis_url(folders: StateFolders) -> str:
    """The address for redis-py and arq."""
    return f"unix://{quote(str(folders.redis_socket))}?db=0"


def prepare_redis(folders: StateFolders, chosen: Path | None = None) -> ProcessSpec:
    """How to run Redis so that what it acknowledged survives its death; of the machine's, all but half a minute.

    Raises:
        StackError: no Redis was found, the chosen one is none, or its data were made by a newer one.
    """
    binary = find_redis(chosen)
    _check_data(binary, folders)
    settings = {
        "port": "0",
        "unixsocket": str(folders.redis_socket),
        "unixsocketperm": "700",
        "dir": str(folders.redis),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "no",
        "aof-load-truncated": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return ProcessSpec(
        name="redis",
        command=(str(binary.program), *options),
        version=str(binary),
        environment={"LC_ALL": "C", "TZ": "UTC"},
        is_ready=_readiness(folders.redis_socket),
        look=look_at_redis(folders.redis_socket),
        ready_timeout_seconds=_READY_TIMEOUT_SECONDS,
    )


def _check_data(binary: RedisBinary, folders: StateFolders) -> None:
    """From version 7 on the append-only file is a folder, which older ones do not look into: they would start empty."""
    if (folders.redis / "appendonlydir").exists() and binary.version < (7, 0):
        raise StackError(
            f"{folders.redis} was made by Redis 7 or newer, and {binary} is what would run on it. Name a newer one in "
            "DASHNET_REDIS_SERVER (such as /usr/bin/redis-server), or move the folder away: it holds waiting jobs and "
            "the last minutes of the feed, no devices and no snapshots."
        )


async def redis_has_key(socket: Path, key: str) -> bool:
    """Whether the key exists; false also while Redis is out of reach."""
    return await _count_key(socket, key) == 1


def _readiness(socket: Path) -> Callable[[], Awaitable[bool]]:
    async def is_ready() -> bool:
        return await _count_key(socket, "any key will do") is not None

    return is_ready


async def _count_key(socket: Path, key: str) -> int | None:
    """1 or 0, or None where Redis does not answer, as while it loads its file."""
    client = Redis(unix_socket_path=str(socket), socket_timeout=_COMMAND_TIMEOUT_SECONDS)
    try:
        async with asyncio.timeout(_COMMAND_TIMEOUT_SECONDS):
            return int(await client.exists(key))
    except (RedisError, OSError, TimeoutError):
        return None
    finally:
        await client.aclose()
