import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.database import is_unreachable
from workers.locks import is_locked, try_lock, wait_lock

NAME = "a lock"


async def test_a_lock_is_held_by_one_connection_at_a_time(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other, try_lock(one, NAME) as mine:
        async with try_lock(other, NAME) as theirs:
            assert (mine, theirs) == (True, False)


async def test_a_lock_is_free_again_after_its_block(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other:
        async with try_lock(one, NAME):
            pass
        async with try_lock(other, NAME) as taken:
            assert taken


async def test_a_lock_outlives_the_transactions_of_its_holder(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other, try_lock(one, NAME):
        async with one.begin():
            await one.exec_driver_sql("SELECT 1")
        assert await is_locked(other, NAME)


async def test_a_lock_dies_with_its_connection(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other, try_lock(one, NAME):
        assert await is_locked(other, NAME)
        pid = (await one.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
        await one.commit()
        await other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        assert not await is_locked(other, NAME)


async def test_waiting_for_a_lock_ends_at_its_limit(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other, try_lock(one, NAME):
        with pytest.raises(DBAPIError, match="lock timeout"):
            async with wait_lock(other, NAME, 0.05):
                pass


async def test_an_error_in_the_block_gives_the_lock_back(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other:
        with pytest.raises(ZeroDivisionError):
            async with wait_lock(one, NAME, 1):
                raise ZeroDivisionError
        assert not await is_locked(other, NAME)


async def test_a_holder_whose_connection_breaks_when_it_commits_is_told_of_that(engine: AsyncEngine) -> None:
    async with engine.connect() as one, engine.connect() as other:
        with pytest.raises(DBAPIError) as told:
            async with try_lock(one, NAME):
                pid = (await one.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
                await other.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
                await one.commit()
        # Which of asyncpg's errors it is depends on how much it has heard of the end by then.
        assert is_unreachable(told.value)
        assert not await is_locked(other, NAME)
