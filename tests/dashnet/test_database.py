import asyncio

import pytest
from asyncpg import InternalClientError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet import store
from dashnet.database import (
    DISK_FULL,
    create_engine,
    describe_error,
    describe_outage,
    is_migrated,
    is_unreachable,
    migrate,
)
from dashnet.settings import Settings
from tests.ports import free_port
from workers.main import MIGRATIONS


async def drop_store(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA store CASCADE"))


async def test_tables_that_are_up_to_date_are_left_alone(engine: AsyncEngine) -> None:
    assert not await migrate(engine, MIGRATIONS, store.SCHEMA)


async def test_of_many_processes_that_start_together_one_makes_the_tables(engine: AsyncEngine) -> None:
    await drop_store(engine)
    done = await asyncio.gather(*(migrate(engine, MIGRATIONS, store.SCHEMA) for _ in range(4)))
    assert done.count(True) == 1
    async with engine.connect() as connection:
        assert await is_migrated(connection, MIGRATIONS, store.SCHEMA)


async def test_an_empty_database_is_not_migrated(engine: AsyncEngine) -> None:
    await drop_store(engine)
    async with engine.connect() as connection:
        assert not await is_migrated(connection, MIGRATIONS, store.SCHEMA)


async def test_connections_carry_the_name_of_their_process(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text("SHOW application_name")) == "dashnet-test"
        assert await connection.scalar(text("SHOW timezone")) == "UTC"


async def test_a_postgres_that_nobody_runs_is_told_from_a_fault_of_ours(
    settings: Settings, engine: AsyncEngine
) -> None:
    nowhere = f"postgresql+asyncpg://dashnet@127.0.0.1:{free_port()}/dashnet"
    lost = create_engine(settings.model_copy(update={"database_url": nowhere}), "dashnet-test")
    with pytest.raises(ConnectionError) as refused:
        async with lost.connect():
            pass
    with pytest.raises(Exception, match="nonsense") as ours:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT nonsense"))
    await lost.dispose()
    assert is_unreachable(refused.value)
    assert not is_unreachable(ours.value)


async def test_a_connection_that_postgres_ended_is_replaced_before_it_is_used(
    settings: Settings, engine: AsyncEngine
) -> None:
    async with engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    other = create_engine(settings, "dashnet-other")
    async with other.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    await other.dispose()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) != pid


async def raised_by(engine: AsyncEngine, statement: str, **values: object) -> Exception:
    with pytest.raises(DBAPIError) as raised:
        async with engine.connect() as connection:
            await connection.execute(text(statement), values)
    return raised.value


def test_a_connection_that_broke_in_the_middle_of_an_answer_is_out_of_reach_bare_or_wrapped() -> None:
    broken = InternalClientError("cannot switch to state 15; another operation (2) is in progress")
    wrapped = Exception("asyncpg's error as SQLAlchemy's driver gives it on")
    wrapped.__cause__ = broken
    assert is_unreachable(broken)
    assert is_unreachable(DBAPIError("COMMIT", None, wrapped))
    assert not is_unreachable(DBAPIError("COMMIT", None, Exception("of our own making")))


async def test_a_full_disk_is_said_to_be_full(engine: AsyncEngine) -> None:
    error = await raised_by(engine, f"DO $$ BEGIN RAISE EXCEPTION 'No space' USING ERRCODE = '{DISK_FULL}'; END $$")
    assert is_unreachable(error)
    assert describe_outage(error) == "the disk of Postgres is full"
    assert describe_error(error) == "No space"


async def test_an_error_is_postgres_own_words_without_statement_and_values(engine: AsyncEngine) -> None:
    error = await raised_by(engine, "SELECT CAST(:wanted AS int) + 1 / :nought", wanted=61616161, nought=0)
    assert describe_error(error) == "division by zero"
    assert "61616161" not in str(error)


def test_an_error_without_words_is_named_by_its_kind() -> None:
    assert describe_error(TimeoutError()) == "TimeoutError"
