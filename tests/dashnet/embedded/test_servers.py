"""Postgres and Redis for tests and tools."""

import asyncio
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text

from dashnet.database import create_engine
from dashnet.embedded.servers import embedded_servers_in_thread
from dashnet.errors import StackError
from dashnet.settings import Settings


async def _select_one(settings: Settings) -> object:
    engine = create_engine(settings, "test")
    async with engine.connect() as connection:
        answer: object = await connection.scalar(text("SELECT 1"))
    await engine.dispose()
    return answer


def test_addresses_work_for_the_whole_house_even_with_odd_characters_in_the_path(open_folder: Path) -> None:
    with embedded_servers_in_thread(open_folder / "it's a (test) äöü; #1") as (database_url, redis_url):
        assert asyncio.run(_select_one(Settings(database_url=database_url, redis_url=redis_url))) == 1
        with Redis.from_url(redis_url) as client:
            assert client.ping()


def test_failure_to_start_reaches_the_caller(open_folder: Path) -> None:
    with pytest.raises(StackError, match="too long"), embedded_servers_in_thread(open_folder / ("x" * 100)):
        pass


def test_nothing_runs_after_the_block(state_folder: Path) -> None:
    with embedded_servers_in_thread(state_folder):
        pass
    assert list((state_folder / "pids").iterdir()) == []
