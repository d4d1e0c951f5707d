"""The stack's own Redis, run for real."""

import os
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from dashnet.embedded.folders import create_folders
from dashnet.embedded.redis import prepare_redis, redis_has_key
from dashnet.embedded.servers import embedded_servers
from dashnet.errors import StackError
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


def _append_only_file(folder: Path) -> Path:
    """The file that is appended to: one in the folder until 6.2, from 7 on the increment that the manifest names."""
    manifests = [*folder.rglob("*.manifest")]
    if not manifests:
        return folder / "appendonly.aof"
    (line,) = [line for line in manifests[0].read_text().splitlines() if " type i" in line]
    return manifests[0].parent / line.split()[1]


async def test_file_that_was_cut_off_by_a_crash_loads(state_folder: Path) -> None:
    async with embedded_servers(state_folder) as (_, url), _client(url) as client:
        await client.set("kept", 1)
    log = _append_only_file(state_folder / "redis")
    with log.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nhal")
    async with embedded_servers(state_folder) as (_, url), _client(url) as client:
        assert await client.get("kept") == b"1"


async def test_key_of_a_redis_that_is_away_is_not_there(tmp_path: Path) -> None:
    assert not await redis_has_key(tmp_path / "redis.sock", "any")


async def test_socket_is_closed_to_others(state_folder: Path) -> None:
    async with embedded_servers(state_folder):
        assert (state_folder / "run" / "redis.sock").stat().st_mode & 0o777 == 0o700


def test_data_of_a_newer_redis_are_no_empty_redis(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    (folders.redis / "appendonlydir").mkdir()
    older = state_folder / "redis-server"
    older.write_text("#!/bin/sh\necho 'Redis server v=6.2.14 sha=0'\n")
    older.chmod(0o755)
    with pytest.raises(StackError, match=r"made by Redis 7 or newer, and Redis 6\.2 .* DASHNET_REDIS_SERVER"):
        prepare_redis(folders, older)
