"""How every process reaches Postgres, and how the owner of tables brings them up to date when it starts."""

from pathlib import Path
from typing import TYPE_CHECKING

from asyncpg import InternalClientError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from dashnet.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config


def create_engine(settings: Settings, process_name: str) -> AsyncEngine:
    """An engine whose connections carry the process's name; nothing connects before the first use.

    A connection that Postgres dropped is noticed and replaced before it is handed out. Dispose it at the end.
    """
    return create_async_engine(
        settings.database_url,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=settings.database_timeout_seconds,
        connect_args={
            "timeout": settings.database_timeout_seconds,
            "command_timeout": max(60.0, settings.database_timeout_seconds),
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
    newest = _newest_version(migrations)
    async with engine.connect() as connection:
        if await _stored_version(connection, schema) == newest:
            return False
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"migrate {schema}"})
        if await _stored_version(connection, schema) == newest:
            return False
        await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        await connection.run_sync(_upgrade, migrations, schema)
    return True


async def is_migrated(connection: AsyncConnection, migrations: Path, schema: str) -> bool:
    """Whether the tables of `schema` are those this code was written for."""
    return await _stored_version(connection, schema) == _newest_version(migrations)


def _newest_version(migrations: Path) -> str:
    """File names begin with their version, a timestamp, so that the newest is the last by name."""
    return max(path.name.split("_")[0] for path in (migrations / "versions").glob("[0-9]*.py"))


async def _stored_version(connection: AsyncConnection, schema: str) -> str | None:
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


def is_unreachable(error: BaseException) -> bool:
    """Whether Postgres could not be reached, is starting or stopping, or dropped the connection."""
    if isinstance(error, DBAPIError):
        sqlstate = str(getattr(error.orig, "sqlstate", "") or "")
        return error.connection_invalidated or sqlstate.startswith(("08", "57P", "53"))
    # asyncpg's own error for a connection that broke in the middle of an answer is none of SQLAlchemy's.
    return isinstance(error, (OSError, TimeoutError, InternalClientError))
