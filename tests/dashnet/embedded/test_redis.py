"""The stack's own Redis, run for real."""

import os
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from dashnet.embedded.redis import redis_has_key
from dashnet.embedded.servers import embedded_servers
from tests.dashnet.embedded.stand_ins import running_pids

pytestmark = pytest.mark.anyio


def _client(url: str) -> Redis:
    """One that waits for a Redis that is away."""
    client: Redis = Redis.from_url(url, retry=Retry(ConstantBackoff(0.05), 200), retry_on_error=[RedisConnectionError])
    return client


async def test_acknowledged_writes_survive_kill_9_of_redis_which_comes_back_by_itself(state_folder: Path) -> None:
    async with embedded_servers(state_folder) as (_, url), _client(url) as client:
        for number in range(200):
            await client.set(f"kept {number}", 1)
        os.kill(running_pids(state_folder)["redis"], signal.SIGKILL)
        assert await client.dbsize() == 200


async def test_file_that_was_cut_off_by_a_crash_loads(state_folder: Path) -> None:
    async with embedded_servers(state_folder) as (_, url), _client(url) as client:
        await client.set("kept", 1)
    log = max((path for path in (state_folder / "redis").rglob("*aof*") if path.is_file()), key=lambda path: path.name)
    with log.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nhal")
    async with embedded_servers(state_folder) as (_, url), _client(url) as client:
        assert await client.get("kept") == b"1"


async def test_key_of_a_redis_that_is_away_is_not_there(tmp_path: Path) -> None:
    assert not await redis_has_key(tmp_path / "redis.sock", "any")


async def test_socket_is_closed_to_others(state_folder: Path) -> None:
    async with embedded_servers(state_folder):
        assert (state_folder / "run" / "redis.sock").stat().st_mode & 0o777 == 0o700
