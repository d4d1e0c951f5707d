"""The snapshot table's daily partitions: made ahead, dropped whole."""

import logging
import re
from collections.abc import Iterable
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.store import partition_statement

logger = logging.getLogger(__name__)

_NAME = re.compile(r"snapshot_(\d{4})(\d{2})(\d{2})")
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '10s'"


async def ensure_partitions(engine: AsyncEngine, days: Iterable[date]) -> None:
    """Make the partitions for these days (UTC) where they are missing."""
    wanted = set(days)
    missing = sorted(wanted - await select_partition_days(engine))
    for day in missing:
        async with engine.begin() as connection:
            await connection.execute(text(_LOCK_TIMEOUT))
            # Two workers may both find it missing; taking turns keeps the second from failing.
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('dashnet partitions'))"))
            await connection.execute(text(partition_statement(day)))
        logger.info("partition made day=%s", day)


async def drop_partitions_before(engine: AsyncEngine, first_kept: date) -> int:
    """Drop every partition of a day before `first_kept`; returns how many."""
    expired = sorted(day for day in await select_partition_days(engine) if day < first_kept)
    for day in expired:
        async with engine.begin() as connection:
            await connection.execute(text(_LOCK_TIMEOUT))
            await connection.execute(text(f"DROP TABLE IF EXISTS store.snapshot_{day:%Y%m%d}"))
        logger.info("partition dropped day=%s", day)
    return len(expired)


async def select_partition_days(engine: AsyncEngine) -> set[date]:
    """The days (UTC) that have a partition."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'store.snapshot'::regclass")
    async with engine.connect() as connection:
        names = list(await connection.scalars(query))
    found = [_NAME.search(name) for name in names]
    return {date(int(match[1]), int(match[2]), int(match[3])) for match in found if match}
