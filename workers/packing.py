"""A finished day's index is written anew: while refreshes insert into it, its pages stay a third empty."""

import logging
from datetime import date

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.database import sqlstate_of
from dashnet.schemas import LOCK_NOT_AVAILABLE
from workers.partitions import outside_transactions
from workers.precedence import give_way

logger = logging.getLogger(__name__)

# An entry takes 28 bytes, and pages are filled to nine tenths: what takes more than this is worth the work.
LOOSE_BYTES = 35
FEWEST_ROWS = 10_000

_LOOSEST = text(
    "SELECT index.relname FROM pg_inherits JOIN pg_class AS day ON day.oid = inhrelid "
    "JOIN pg_index ON indrelid = day.oid AND indisprimary JOIN pg_class AS index ON index.oid = indexrelid "
    "WHERE inhparent = CAST(:table AS regclass) AND day.relname < :today AND day.reltuples >= :fewest "
    "AND pg_relation_size(index.oid) > :bytes * day.reltuples ORDER BY day.relname DESC LIMIT 1"
)
_LEFT_OVER = text(
    "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE NOT indisvalid AND relnamespace = 'store'::regnamespace AND relname ~ '_cc(new|old)[0-9]*$'"
)


async def pack_finished_day(engine: AsyncEngine, today: date) -> str | None:
    """Pack the newest day before `today` (UTC) that needs it, one at a time; returns the name of its index.

    It begins while no refresh is running, and neither refreshes nor readers wait for it. What an interrupted one left
    is dropped; an index that somebody uses for long is left for the next time.
    """
    await give_way(engine)
    async with outside_transactions(engine) as connection:
        try:
            for left_over in list(await connection.scalars(_LEFT_OVER)):
                await connection.execute(text(f'DROP INDEX CONCURRENTLY IF EXISTS store."{left_over}"'))
            return await _pack(connection, "snapshot", today) or await _pack(connection, "interface_snapshot", today)
        except DBAPIError as error:
            if sqlstate_of(error) != LOCK_NOT_AVAILABLE:
                raise
            logger.warning("a finished day is in use, it is packed next time error=%s", error.orig)
            return None


async def _pack(connection: AsyncConnection, table: str, today: date) -> str | None:
    values = {
        "table": f"store.{table}",
        "today": f"{table}_{today:%Y%m%d}",
        "fewest": FEWEST_ROWS,
        "bytes": LOOSE_BYTES,
    }
    index: str | None = await connection.scalar(_LOOSEST, values)
    if index is not None:
        await connection.execute(text(f'REINDEX INDEX CONCURRENTLY store."{index}"'))
        logger.info("finished day packed index=%s", index)
    return index
