"""Changing the store and telling of it: one writer at a time, publications after the commit and in its order."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.publication import Kind, publish
from workers.context import WorkerContext
from workers.locks import STORE_WRITER, is_locked, wait_lock
from workers.long_publications import split_publication

logger = logging.getLogger(__name__)


class Outbox:
    """Publications that leave when the transaction around them is committed, in the order they were put in."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Kind, dict[str, Any], bytes]] = []

    def put(self, kind: Kind, fields: dict[str, Any], part: bytes = b"") -> None:
        """Have this published after the commit, with a part beside it for those who ask for it; long ones are cut."""
        self.waiting += [(kind, *piece) for piece in split_publication(kind, fields, part)]


@asynccontextmanager
async def change_store(context: WorkerContext, connection: AsyncConnection) -> AsyncIterator[Outbox]:
    """One transaction on the store, alone among all workers, and its publications.

    Whoever commits but dies before all was published leaves a mark; the next to come publishes a `reset`, so that
    every app service reads the store anew. Nothing that was committed stays untold.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError: Postgres refused or is out of reach; nothing was changed.
        redis.RedisError: committed, but not published; the mark stays.
    """
    async with wait_lock(connection, STORE_WRITER, context.settings.refresh_timeout_seconds):
        await _publish_forgotten(context, connection)
        outbox = Outbox()
        async with connection.begin():
            yield outbox
            if outbox.waiting:
                await connection.execute(_MARK, {"unpublished": True})
        if outbox.waiting:
            for kind, fields, part in outbox.waiting:
                await publish(context.redis, context.settings, kind, fields, part)
            await connection.execute(_MARK, {"unpublished": False})
            await connection.commit()


@asynccontextmanager
async def change_store_in_steps(
    context: WorkerContext, connection: AsyncConnection
) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[None]]]:
    """As `change_store`, for many transactions: a block opens each, and one `reset` at the end is published for all.

    Raises:
        As `change_store`; steps that ended before an error are committed, and published by the next to come.
    """
    async with wait_lock(connection, STORE_WRITER, context.settings.refresh_timeout_seconds):
        await _publish_forgotten(context, connection)

        @asynccontextmanager
        async def step() -> AsyncIterator[None]:
            async with connection.begin():
                yield
                await connection.execute(_MARK, {"unpublished": True})

        yield step
        await _publish_forgotten(context, connection)


_MARK = text("UPDATE store.store_state SET unpublished = :unpublished")
_IS_MARKED = text("SELECT unpublished FROM store.store_state")


async def _publish_forgotten(context: WorkerContext, connection: AsyncConnection) -> None:
    marked = await connection.scalar(_IS_MARKED)
    await connection.commit()
    if marked:
        logger.info("all subscribers get a fresh state")
        await publish(context.redis, context.settings, Kind.RESET, {})
        await connection.execute(_MARK, {"unpublished": False})
        await connection.commit()


async def mend_publications(context: WorkerContext, connection: AsyncConnection) -> None:
    """Publish what a dead worker could not; does nothing while another worker is writing."""
    marked = await connection.scalar(_IS_MARKED)
    busy = marked and await is_locked(connection, STORE_WRITER)
    await connection.commit()
    if marked and not busy:
        async with change_store(context, connection):
            pass
