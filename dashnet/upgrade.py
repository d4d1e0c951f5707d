"""What `dashnet upgrade` does: brings the tables of both schemas to the newest version, whatever else runs."""

from collections.abc import Callable, Mapping
from pathlib import Path

import stamina
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.database import migrate, sqlstate_of, stored_version
from dashnet.errors import ServiceUnavailable
from dashnet.schemas import LOCK_NOT_AVAILABLE, MIGRATIONS, check_version, open_engine
from dashnet.settings import Settings, get_settings

ATTEMPTS = 5


async def upgrade(
    say: Callable[[str], None], settings: Settings | None = None, migrations: Mapping[str, Path] = MIGRATIONS
) -> None:
    """Bring both schemas to their newest version and say what was done.

    Each schema is one transaction, so it may be interrupted at any moment and repeated, by any number at once.

    Raises:
        ServiceUnavailable: Postgres is out of reach, or busy for too long.
        DashnetError: a schema is newer than this code.
    """
    async with open_engine(settings or get_settings(), "dashnet-upgrade") as engine:
        for schema, folder in migrations.items():
            say(await upgrade_schema(engine, schema, folder))


async def upgrade_schema(engine: AsyncEngine, schema: str, migrations: Path) -> str:
    """Bring one schema to its newest version; returns what was done, for people.

    Raises:
        As `upgrade`.
    """
    before = await _read_version(engine, schema)
    if before is not None:
        check_version(schema, before, migrations, "the database")
    try:
        async for attempt in stamina.retry_context(on=is_busy, attempts=ATTEMPTS, timeout=60, wait_max=2):
            with attempt:
                is_done = await migrate(engine, migrations, schema)
    except DBAPIError as error:
        if not is_busy(error):
            raise
        raise ServiceUnavailable(
            f"the tables of {schema} were in use all the time and stay as they are; try again, or stop what uses them"
        ) from error
    after = await _read_version(engine, schema)
    if not is_done:
        return f"{schema}: at the newest version {after} already"
    return f"{schema}: made, version {after}" if before is None else f"{schema}: brought from {before} to {after}"


def is_busy(error: Exception) -> bool:
    """Whether a lock was not free in time."""
    return isinstance(error, DBAPIError) and sqlstate_of(error) == LOCK_NOT_AVAILABLE


async def _read_version(engine: AsyncEngine, schema: str) -> str | None:
    async with engine.connect() as connection:
        return await stored_version(connection, schema)
