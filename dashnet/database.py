"""How every process reaches Postgres, and how the owner of tables brings them up to date when it starts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from asyncpg import InternalClientError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from dashnet.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

DISK_FULL = "53100"
LONGEST_ERROR = 300


def create_engine(settings: Settings, process_name: str, *, limits_commands: bool = True) -> AsyncEngine:
    """An engine whose connections carry the process's name; nothing connects before the first use.

    A connection that Postgres dropped is noticed and replaced before it is handed out. Dispose it at the end. A
    command may take a minute, or with `limits_commands=False` as long as it needs.
    """
    return create_async_engine(
        settings.database_url,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=settings.database_timeout_seconds,
        # The values of a refresh are thousands of numbers, and may be secrets.
        hide_parameters=True,
        connect_args={
            "timeout": settings.database_timeout_seconds,
            "command_timeout": max(60.0, settings.database_timeout_seconds) if limits_commands else None,
            "server_settings": {
                "application_name": process_name,
                "timezone": "UTC",
                # A worker whose machine vanished must not hold its lock for hours.
                "tcp_keepalives_idle": "5",
                "tcp_keepalives_interval": "2",
                "tcp_keepalives_count": "3",
            },
        },
    )


async def migrate(engine: AsyncEngine, migrations: Path, schema: str) -> bool:
    """Bring the tables of `schema` to the newest version in `migrations`; true where something was done.

    Any number of processes may call it at once: they take turns. Alembic is imported only when there is work,
    because its import costs a second.

    Raises:
        sqlalchemy.exc.DBAPIError: Postgres is out of reach or refused a step; the step was rolled back.
    """
    newest = known_versions(migrations)[-1]
    async with engine.connect() as connection:
        if await stored_version(connection, schema) == newest:
            return False
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"migrate {schema}"})
        if await stored_version(connection, schema) == newest:
            return False
        await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        await connection.run_sync(_upgrade, migrations, schema)
    return True


async def is_migrated(connection: AsyncConnection, migrations: Path, schema: str) -> bool:
    """Whether the tables of `schema` are those this code was written for."""
    return await stored_version(connection, schema) == known_versions(migrations)[-1]


def known_versions(migrations: Path) -> Sequence[str]:
    """All versions that this code knows, the newest last: file names begin with theirs, a timestamp."""
    return sorted(path.name.split("_")[0] for path in (migrations / "versions").glob("[0-9]*.py"))


async def stored_version(connection: AsyncConnection, schema: str) -> str | None:
    """The version that the tables of `schema` have; None where there are none."""
    # Not to_regclass(): inside a transaction that waited for a lock it may still answer from before.
    query = text("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = :schema AND tablename = 'alembic_version')")
    if not await connection.scalar(query, {"schema": schema}):
        return None
    version: str | None = await connection.scalar(text(f'SELECT version_num FROM "{schema}".alembic_version'))
    return version


def _upgrade(connection: Connection, migrations: Path, schema: str) -> None:
    from alembic import command

    config = alembic_config(migrations)
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "head")


def alembic_config(migrations: Path) -> "Config":
    """Alembic's configuration for one room's migrations, without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations))
    return config


def sqlstate_of(error: DBAPIError) -> str:
    """Postgres' five characters for what went wrong, such as 55P03 for a lock that was not free; may be empty."""
    return str(getattr(error.orig, "sqlstate", "") or "")


def is_unreachable(error: BaseException) -> bool:
    """Whether Postgres could not be reached, is starting or stopping, dropped the connection, or has no room left."""
    if isinstance(error, DBAPIError):
        is_lost = error.connection_invalidated or sqlstate_of(error).startswith(("08", "57P", "53"))
        return is_lost or isinstance(getattr(error.orig, "__cause__", None), InternalClientError)
    if isinstance(error, StatementError):
        # A connection that was lost before is opened anew by the next statement, or is not.
        return isinstance(error.orig, OSError)
    # asyncpg's own error for a connection that broke in the middle of an answer comes bare or within SQLAlchemy's.
    return isinstance(error, (OSError, TimeoutError, PoolTimeout, InternalClientError))


def is_disk_full(error: BaseException) -> bool:
    """Whether Postgres says that its disk is full."""
    return isinstance(error, DBAPIError) and sqlstate_of(error) == DISK_FULL


def describe_outage(error: BaseException) -> str:
    """Why Postgres cannot be used, for an error that `is_unreachable`: `Postgres is out of reach`."""
    return "the disk of Postgres is full" if is_disk_full(error) else "Postgres is out of reach"


def describe_error(error: BaseException) -> str:
    """An error in its own words, on one line: of Postgres' errors neither the statement nor its values."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    words = str(error).strip() or type(error).__name__
    return words.splitlines()[0][:LONGEST_ERROR]
