"""What `dashnet backup` does: pg_dump of one instant, beside everything that runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet import __version__
from dashnet.backups.archive import (
    CHUNK_BYTES,
    SCHEMAS,
    DumpWriter,
    Manifest,
    check_target,
    new_archive,
    open_dump,
    put_manifest,
)
from dashnet.backups.children import run_child
from dashnet.backups.programs import Programs, environment_for, find_programs
from dashnet.database import is_unreachable, sqlstate_of, stored_version
from dashnet.errors import BackupError
from dashnet.schemas import open_engine
from dashnet.settings import Settings, get_settings

PROGRESS_SECONDS = 5.0
_LOCK_TIMEOUT_SECONDS = 10
_UNDEFINED_TABLE = "42P01"
_TABLES = text(
    "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class "
    "WHERE relnamespace::regnamespace::text = ANY(:schemas) AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class Instant:
    """What a snapshot of the database shows; `snapshot_id` lets pg_dump see the same as long as it is held."""

    snapshot_id: str
    made_at: datetime
    versions: Mapping[str, str]
    row_counts: Mapping[str, int]


async def backup(file: Path, say: Callable[[str], None], *, replace: bool, settings: Settings | None = None) -> None:
    """Write a backup of both schemas and say what it holds.

    Whatever interrupts it: nothing stands under the file's name before all is written.

    Raises:
        ServiceUnavailable: Postgres is out of reach.
        BackupError: it cannot be made; no file was made.
    """
    settings = settings or get_settings()
    started = time.monotonic()
    check_target(file, replace=replace)
    async with open_engine(settings, "dashnet-backup") as engine:
        async with engine.connect() as connection:
            server = await select_server_version(connection)
        programs = find_programs(server.major)
        try:
            async with hold_instant(engine) as instant:
                say(f"copying {instant.row_counts['network.device']} devices, as of {instant.made_at:%F %T} UTC")
                manifest = await _write(file, instant, replace=replace, dump=_Dump(settings, programs, server, say))
        except DBAPIError as error:
            reason = "Postgres went away" if is_unreachable(error) else f"Postgres refused: {error.orig}"
            raise BackupError(f"{reason}; no backup was made, try again") from error
    say(
        f"{file}: {to_size(manifest.dump_size_bytes)}, {manifest.device_count} devices, "
        f"{manifest.snapshot_count} snapshots, in {time.monotonic() - started:.1f} s"
    )


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """Postgres' version, as number and as it says it."""

    major: int
    name: str


async def select_server_version(connection: AsyncConnection) -> ServerVersion:
    """The version of the server."""
    number = int(await connection.scalar(text("SHOW server_version_num")) or 0)
    return ServerVersion(number // 10_000, str(await connection.scalar(text("SHOW server_version"))))


@asynccontextmanager
async def hold_instant(engine: AsyncEngine) -> AsyncIterator[Instant]:
    """Hold one instant of both schemas for the block; meanwhile no table in it can be dropped.

    Raises:
        BackupError: there are no tables.
        sqlalchemy.exc.DBAPIError: Postgres is out of reach, or a table was locked for too long.
    """
    repeatable = engine.execution_options(isolation_level="REPEATABLE READ")
    async with repeatable.connect() as connection:
        tables = await _lock_tables(engine, connection)
        snapshot_id = await connection.scalar(text("SELECT pg_export_snapshot()"))
        versions = {schema: await stored_version(connection, schema) or "" for schema in SCHEMAS}
        counts = {table: await _count_rows(connection, table) for table in tables}
        yield Instant(str(snapshot_id), datetime.now(UTC).replace(microsecond=0), versions, counts)


async def _lock_tables(engine: AsyncEngine, connection: AsyncConnection) -> Sequence[str]:
    """Lock all tables against being dropped, before the first query: that is when a transaction's instant is taken."""
    for is_last in (False, False, True):
        tables = await _select_tables(engine)
        try:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT_SECONDS}s'"))
            await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            await connection.execute(text(f"LOCK TABLE {', '.join(tables)} IN ACCESS SHARE MODE"))
            break
        except DBAPIError as error:
            # A day that was past its retention went in between.
            if sqlstate_of(error) != _UNDEFINED_TABLE or is_last:
                raise
            await connection.rollback()
    return tables


async def _count_rows(connection: AsyncConnection, table: str) -> int:
    """Rows of a table, also those of a partition whose detaching was interrupted: pg_dump copies it as attached."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)")
    partitions = list(await connection.scalars(query, {"table": table}))
    counts = [await connection.scalar(text(f"SELECT count(*) FROM {part}")) for part in partitions or [table]]
    return sum(int(count or 0) for count in counts)


async def _select_tables(engine: AsyncEngine) -> Sequence[str]:
    async with engine.connect() as connection:
        tables = list(await connection.scalars(_TABLES, {"schemas": list(SCHEMAS)}))
    if not {f"{schema}.alembic_version" for schema in SCHEMAS} <= set(tables):
        raise BackupError("the database has no tables of Dashnet yet, so there is nothing to back up")
    return tables


@dataclass(frozen=True, slots=True)
class _Dump:
    settings: Settings
    programs: Programs
    server: ServerVersion
    say: Callable[[str], None]

    def command(self, snapshot_id: str) -> Sequence[str]:
        """The owner and rights of the tables are the business of the database that a backup is restored to."""
        return (
            *(self.programs.path("pg_dump"), "--no-password", "--format=custom", f"--snapshot={snapshot_id}"),
            *("--no-owner", "--no-privileges", "--no-tablespaces", f"--lock-wait-timeout={_LOCK_TIMEOUT_SECONDS}s"),
            *(f"--schema={schema}" for schema in SCHEMAS),
        )


async def _write(file: Path, instant: Instant, *, replace: bool, dump: _Dump) -> Manifest:
    with new_archive(file, replace=replace) as archive:
        with open_dump(archive) as writer:
            await _run_pg_dump(dump, instant.snapshot_id, writer)
        manifest = Manifest.model_validate(
            {
                "dashnet_version": __version__,
                "postgres_version": dump.server.name,
                "made_at": instant.made_at,
                "versions": instant.versions,
                "row_counts": instant.row_counts,
                "dump_sha256": writer.sha256,
                "dump_size_bytes": writer.size_bytes,
            }
        )
        put_manifest(archive, manifest)
    return manifest


async def _run_pg_dump(dump: _Dump, snapshot_id: str, writer: DumpWriter) -> None:
    environment = environment_for(dump.settings.database_url, "dashnet-backup")
    told_at = time.monotonic()
    async with run_child(dump.command(snapshot_id), environment, stdout=asyncio.subprocess.PIPE) as child:
        while chunk := await child.output.read(CHUNK_BYTES):
            writer.write(chunk)
            if time.monotonic() - told_at > PROGRESS_SECONDS:
                told_at = time.monotonic()
                dump.say(f"{to_size(writer.size_bytes)} so far")
        exit_code = await child.wait()
    if exit_code != 0:
        raise BackupError(f"pg_dump failed, no backup was made: {child.last_words}")


def to_size(size_bytes: int) -> str:
    """For people: 12.3 kB, 4.0 MB."""
    return f"{size_bytes / 1000:.1f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"
