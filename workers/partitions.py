"""Daily partitions of the tables that grow fast: made ahead, dropped whole, and nobody waits for either."""

import logging
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.database import sqlstate_of
from dashnet.schemas import LOCK_NOT_AVAILABLE

logger = logging.getLogger(__name__)

# Each partitioned table and the column that its days are told by.
TABLES = {
    "snapshot": "time_stamp",
    "rollup_5m": "begin_at",
    "interface_snapshot": "time_stamp",
    "interface_rollup_5m": "begin_at",
}
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"
DETACH_SECONDS = 30


async def ensure_partitions(engine: AsyncEngine, days: Iterable[date], tables: Iterable[str] = TABLES) -> None:
    """Make the partitions of these tables for these days (UTC) where they are missing."""
    wanted, grown = set(days), []
    for table in tables:
        if missing := sorted(wanted - await select_partition_days(engine, table, with_pending=False)):
            grown.append(table)
        for day in missing:
            await _make_partition(engine, table, day)
    if grown:
        await _tell_again(engine, grown)


async def _make_partition(engine: AsyncEngine, table: str, day: date) -> None:
    name, column = f"{table}_{day:%Y%m%d}", TABLES[table]
    begin, end = f"'{day} 00:00:00+00'", f"'{day + timedelta(days=1)} 00:00:00+00'"
    async with engine.begin() as connection:
        await connection.execute(text(_LOCK_TIMEOUT))
        # Two workers may both find it missing; taking turns keeps the second from failing.
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('dashnet partitions'))"))
        if await _is_attached(connection, table, name):
            return
        # Made apart and then attached: PARTITION OF would lock out whoever reads or writes the table.
        await connection.execute(
            text(
                f"CREATE TABLE store.{name} (LIKE store.{table} INCLUDING ALL, "
                f"CONSTRAINT {name}_day CHECK ({column} >= {begin} AND {column} < {end}))"
            )
        )
        await connection.execute(
            text(f"ALTER TABLE store.{table} ATTACH PARTITION store.{name} FOR VALUES FROM ({begin}) TO ({end})")
        )
        await connection.execute(text(f"ALTER TABLE store.{name} DROP CONSTRAINT {name}_day"))
    logger.info("partition made table=%s day=%s", table, day)


async def _tell_again(engine: AsyncEngine, tables: Iterable[str]) -> None:
    """Have every connection look anew which partitions there are.

    One that looks for the first time at the very moment of an ATTACH takes the news for older than what it found, and
    sees the table without the new day until the table changes again (Postgres 18.4; `test_partitions.py` shows it). So
    each table is changed again, by what changes nothing: its statistics stay the default ones.
    """
    async with engine.begin() as connection:
        await connection.execute(text(_LOCK_TIMEOUT))
        for table in tables:
            await connection.execute(text(f"ALTER TABLE ONLY store.{table} ALTER {TABLES[table]} SET STATISTICS -1"))


async def _is_attached(connection: AsyncConnection, table: str, name: str) -> bool:
    """Whether the day is a partition. What an interrupted drop left of it goes: it was rolled up, and due to go."""
    query = text(
        "SELECT inhrelid IS NOT NULL AS is_partition, inhdetachpending AS is_pending "
        "FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid WHERE pg_class.oid = to_regclass(:name)"
    )
    row = (await connection.execute(query, {"name": f"store.{name}"})).one_or_none()
    if row is None or (row.is_partition and not row.is_pending):
        return row is not None
    if row.is_pending:
        await connection.execute(text(f"ALTER TABLE store.{table} DETACH PARTITION store.{name} FINALIZE"))
    await connection.execute(text(f"DROP TABLE store.{name}"))
    logger.warning("what an interrupted drop left is gone table=%s name=%s", table, name)
    return False


async def drop_partitions_before(engine: AsyncEngine, first_kept: date, table: str = "snapshot") -> int:
    """Drop every partition of a day before `first_kept`; returns how many.

    A day is detached before it is dropped, so that neither readers nor writers of other days wait. One that somebody
    reads for long, such as a backup, is left for the next time; whatever an interrupted drop left is dropped too.
    """
    expired = sorted(day for day in await select_partition_days(engine, table) if day < first_kept)
    dropped = 0
    async with outside_transactions(engine) as connection:
        try:
            for day in expired:
                await _detach(connection, table, f"{table}_{day:%Y%m%d}")
            for day in sorted(await _select_detached_days(connection, table)):
                if day < first_kept:
                    await connection.execute(text(f"DROP TABLE IF EXISTS store.{table}_{day:%Y%m%d}"))
                    logger.info("partition dropped table=%s day=%s", table, day)
                    dropped += 1
        except DBAPIError as error:
            if sqlstate_of(error) != LOCK_NOT_AVAILABLE:
                raise
            logger.warning("partitions are in use, they are dropped next time table=%s error=%s", table, error.orig)
    return dropped


@asynccontextmanager
async def outside_transactions(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection for statements that cannot be part of a transaction; it waits for no lock for long."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(f"SET lock_timeout = {round(DETACH_SECONDS * 1000)}"))
        try:
            yield connection
        finally:
            await connection.execute(text("RESET lock_timeout"))


async def _detach(connection: AsyncConnection, table: str, name: str) -> None:
    query = text("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(:name)")
    begun_before = await connection.scalar(query, {"name": f"store.{name}"})
    if begun_before is not None:
        how = "FINALIZE" if begun_before else "CONCURRENTLY"
        await connection.execute(text(f"ALTER TABLE store.{table} DETACH PARTITION store.{name} {how}"))


async def select_partition_days(
    engine: AsyncEngine, table: str = "snapshot", *, with_pending: bool = True
) -> set[date]:
    """The days (UTC) that have a partition in the table; with those whose dropping has begun, unless told otherwise."""
    query = text(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass) "
        "AND (:with_pending OR NOT inhdetachpending)"
    )
    async with engine.connect() as connection:
        values = {"table": f"store.{table}", "with_pending": with_pending}
        return _to_days(table, await connection.scalars(query, values))


async def _select_detached_days(connection: AsyncConnection, table: str) -> set[date]:
    query = text(
        "SELECT 'store.' || relname FROM pg_class WHERE relnamespace = CAST('store' AS regnamespace) "
        "AND relkind = 'r' AND NOT relispartition"
    )
    return _to_days(table, await connection.scalars(query))


def _to_days(table: str, names: Iterable[str]) -> set[date]:
    pattern = re.compile(rf"store\.{table}_(\d{{4}})(\d{{2}})(\d{{2}})")
    found = [pattern.fullmatch(name) for name in names]
    return {date(int(match[1]), int(match[2]), int(match[3])) for match in found if match}
