"""Databases as a whole: made, filled from a file, and held against each other row by row."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.backups.programs import environment_for, find_programs
from dashnet.embedded.servers import ServerAddresses
from dashnet.settings import Settings
from tests.conftest import execute

EARLIER = Path(__file__).parent / "fixtures" / "database-20261123.sql"
EARLIER_VERSION = "20261123120000"

Columns = Mapping[str, Sequence[str]]
Rows = Mapping[str, Sequence[str]]


@asynccontextmanager
async def new_database(servers: ServerAddresses, settings: Settings, name: str) -> AsyncIterator[Settings]:
    """The same settings with an empty database of their own."""
    await execute(servers.database_url, f"CREATE DATABASE {name}")
    url = make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
    yield settings.model_copy(update={"database_url": url})
    await execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)")


async def load_sql(settings: Settings, file: Path) -> None:
    """Run a plain dump."""
    psql = (find_programs(0).path("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={file}")
    await asyncio.to_thread(
        subprocess.run, psql, env=environment_for(settings.database_url, "test"), check=True, capture_output=True
    )


async def select_columns(engine: AsyncEngine) -> Columns:
    """The columns of each of our tables, but for Alembic's own; a partition is part of its table."""
    query = text(
        "SELECT attrelid::regclass::text AS name, array_agg(attname::text ORDER BY attnum) AS columns "
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attnum > 0 AND NOT attisdropped "
        "AND relnamespace::regnamespace::text IN ('network', 'store') AND relkind IN ('r', 'p') AND NOT relispartition "
        "AND relname <> 'alembic_version' GROUP BY 1"
    )
    async with engine.connect() as connection:
        return {row.name: row.columns for row in await connection.execute(query)}


async def select_rows(engine: AsyncEngine, columns: Columns) -> Rows:
    """All rows of these columns as text, sorted."""
    async with engine.connect() as connection:
        return {
            table: sorted(await connection.scalars(text(f"SELECT row({_quote(names)})::text FROM {table}")))
            for table, names in columns.items()
        }


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
