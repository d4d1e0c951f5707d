"""A real Redis that cannot save, and so refuses commands with MISCONF, as one does whose disk is full."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.embedded.binaries import find_redis
from dashnet.settings import Settings
from tests.servers import eventually


@asynccontextmanager
async def unwritable_redis(folder: Path) -> AsyncIterator[str]:
    """Run a Redis of its own whose folder is gone, and that has tried to save; its address."""
    gone, path = folder / "gone", folder / "redis.sock"
    gone.mkdir()
    options = ("--port", "0", "--unixsocket", str(path), "--dir", str(gone), "--save", "3600", "1")
    program = find_redis(Settings(_env_file=None).redis_server).program
    server = await asyncio.create_subprocess_exec(str(program), *options, stdout=asyncio.subprocess.DEVNULL)
    redis: Redis = Redis(unix_socket_path=str(path))
    try:
        await eventually(lambda: _answers(redis))
        gone.rmdir()
        await redis.bgsave()
        await eventually(lambda: _has_failed(redis))
        yield f"unix://{path}"
    finally:
        await redis.aclose()
        server.kill()
        await server.wait()


async def _answers(redis: Redis) -> bool:
    with suppress(RedisError):
        return bool(await redis.ping())
    return False


async def _has_failed(redis: Redis) -> bool:
    status: str = (await redis.info("persistence"))["rdb_last_bgsave_status"]
    return status == "err"
