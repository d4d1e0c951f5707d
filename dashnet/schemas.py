"""Both schemas of the database as those commands see them that care for all of it: upgrade, backup, restore."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet import store
from dashnet.checks.check import START_ADVICE, describe_error, mask_secrets
from dashnet.database import create_engine, known_versions
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.settings import PROJECT_ROOT, Settings

NETWORK = "network"
# The rooms are found by their folder: what is shared imports none of them.
MIGRATIONS: Mapping[str, Path] = {
    NETWORK: PROJECT_ROOT / "services" / "network" / "migrations",
    store.SCHEMA: PROJECT_ROOT / "workers" / "migrations",
}
LOCK_NOT_AVAILABLE = "55P03"

_UNREACHABLE = (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)


@asynccontextmanager
async def open_engine(settings: Settings, process_name: str) -> AsyncIterator[AsyncEngine]:
    """An engine for long work, once Postgres has answered.

    Raises:
        ServiceUnavailable: Postgres is out of reach, or the address is none.
    """
    where = mask_secrets(settings.database_url)
    try:
        engine = create_engine(settings, process_name, limits_commands=False)
    except (ArgumentError, ImportError, ValueError):
        # The error could quote the password.
        raise ServiceUnavailable("DASHNET_DATABASE_URL is no address that begins with postgresql+asyncpg://") from None
    try:
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except _UNREACHABLE as error:
            raise ServiceUnavailable(
                f"Postgres is out of reach at {where} ({describe_error(error)}); {START_ADVICE}"
            ) from error
        yield engine
    finally:
        await engine.dispose()


def check_version(schema: str, version: str, migrations: Path, made: str) -> None:
    """Make sure that this code knows a version of `schema`; `made` says what has it, for the error.

    Raises:
        DashnetError: it is newer than this code, or from elsewhere.
    """
    known = known_versions(migrations)
    if version > known[-1]:
        raise DashnetError(
            f"{made} was made by a newer Dashnet: {schema} has version {version}, and this one knows versions up to "
            f"{known[-1]}. Upgrade the code first"
        )
    if version not in known:
        raise DashnetError(f"{made} was not made by this Dashnet: it knows no version {version} of {schema}")
