"""Postgres advisory locks that live and die with the connection that holds them.

A worker that is killed loses its connection, and with it its locks: nobody waits for a time-out.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.store import WRITER_LOCK

STORE_WRITER = WRITER_LOCK
_KEY = "hashtextextended(:name, 0)"


async def take_lock(connection: AsyncConnection, name: str) -> bool:
    """Take the lock if it is free; tells whether it was. Give it back with `release_lock`."""
    taken = bool(await connection.scalar(text(f"SELECT pg_try_advisory_lock({_KEY})"), {"name": name}))
    await connection.commit()
    return taken


@asynccontextmanager
async def try_lock(connection: AsyncConnection, name: str) -> AsyncIterator[bool]:
    """Hold the lock for a block if it is free; tells whether it was."""
    taken = await take_lock(connection, name)
    try:
        yield taken
    finally:
        if taken:
            await release_lock(connection, name)


@asynccontextmanager
async def wait_lock(connection: AsyncConnection, name: str, timeout_seconds: float) -> AsyncIterator[None]:
    """Take the lock, waiting for it at most so long.

    Raises:
        sqlalchemy.exc.DBAPIError: it was not free in time, or the connection broke.
    """
    await connection.execute(text(f"SET LOCAL lock_timeout = {round(timeout_seconds * 1000)}"))
    await connection.execute(text(f"SELECT pg_advisory_lock({_KEY})"), {"name": name})
    await connection.commit()
    try:
        yield
    finally:
        await release_lock(connection, name)


async def release_lock(connection: AsyncConnection, name: str) -> None:
    """Give the lock back, whatever state the connection is in."""
    if connection.invalidated:
        return  # Postgres took it back with the connection, and may not be there for another
    try:
        # Also where there seems to be no transaction: that of a connection that broke waits for this.
        await connection.rollback()
        await connection.execute(text(f"SELECT pg_advisory_unlock({_KEY})"), {"name": name})
        await connection.commit()
    except (StatementError, OSError):
        # A connection in an unknown state must not go back to the pool with its lock.
        await connection.invalidate()


async def is_locked(connection: AsyncConnection, name: str) -> bool:
    """Whether anybody holds the lock; asking does not touch it."""
    query = text(
        f"SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted "
        f"AND (classid::bigint << 32) | objid::bigint = {_KEY} "
        f"AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
    )
    return bool(await connection.scalar(query, {"name": name}))
