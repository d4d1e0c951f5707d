from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.redis import describe_outage
from tests.unwritable_redis import unwritable_redis


async def test_a_redis_that_cannot_save_is_told_from_one_out_of_reach(tmp_path: Path) -> None:
    async with unwritable_redis(tmp_path) as url, Redis.from_url(url) as redis:
        with pytest.raises(RedisError) as refused:
            await redis.ping()
    assert describe_outage(refused.value) == "Redis cannot write to its disk, which may be full"
    assert describe_outage(TimeoutError()) == "Redis is out of reach"


async def test_a_full_disk_of_redis_is_said_to_be_full(redis: Redis) -> None:
    """In the words of a Redis whose append-only file met a full disk."""
    words = "MISCONF Errors writing to the AOF file: No space left on device"
    with pytest.raises(RedisError) as refused:
        await redis.register_script("return redis.error_reply(ARGV[1])")(args=[words])
    assert describe_outage(refused.value) == "the disk of Redis is full"
