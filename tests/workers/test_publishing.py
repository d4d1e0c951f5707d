from datetime import datetime

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text

from dashnet.publication import Kind, Position, read_missed, read_position
from workers.context import WorkerContext
from workers.publishing import change_store, mend_publications


async def kinds_since(context: WorkerContext, since: Position) -> list[bytes]:
    missed = await read_missed(context.redis, context.settings, since)
    assert missed is not None
    return [publication.message.split(b'"')[3] for publication in missed]


async def is_marked(context: WorkerContext) -> bool:
    async with context.engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT unpublished FROM store.store_state")))


async def test_publications_leave_after_the_commit_in_the_order_they_were_put_in(context: WorkerContext) -> None:
    before = await read_position(context.redis, context.settings)
    async with context.engine.connect() as connection, change_store(context, connection) as outbox:
        outbox.put(Kind.INVENTORY, {"changed": [], "removed": [1]})
        outbox.put(Kind.SNAPSHOTS, {"time_stamp": "t", "snap_shots": []})
        assert await kinds_since(context, before) == []
    assert await kinds_since(context, before) == [b"inventory", b"snapshots"]
    assert not await is_marked(context)


async def test_a_transaction_that_fails_publishes_nothing(context: WorkerContext) -> None:
    before = await read_position(context.redis, context.settings)
    with pytest.raises(ZeroDivisionError):
        async with context.engine.connect() as connection, change_store(context, connection) as outbox:
            outbox.put(Kind.RESET, {})
            raise ZeroDivisionError
    assert await kinds_since(context, before) == []
    assert not await is_marked(context)


async def commit_without_publishing(context: WorkerContext) -> None:
    """What a worker leaves that dies, or loses Redis, between its commit and its publications."""
    await context.redis.config_set("maxmemory", "1")
    try:
        with pytest.raises(RedisError):
            async with context.engine.connect() as connection, change_store(context, connection) as outbox:
                outbox.put(Kind.INVENTORY, {"changed": [], "removed": [1]})
    finally:
        await context.redis.config_set("maxmemory", "0")


async def test_what_was_committed_but_not_published_is_told_by_the_next_writer_as_a_reset(
    context: WorkerContext,
) -> None:
    before = await read_position(context.redis, context.settings)
    await commit_without_publishing(context)
    assert await is_marked(context)
    async with context.engine.connect() as connection, change_store(context, connection) as outbox:
        outbox.put(Kind.SNAPSHOTS, {"time_stamp": "t", "snap_shots": []})
    assert await kinds_since(context, before) == [b"reset", b"snapshots"]
    assert not await is_marked(context)


async def test_what_was_not_published_is_mended_without_any_other_change(context: WorkerContext) -> None:
    before = await read_position(context.redis, context.settings)
    await commit_without_publishing(context)
    async with context.engine.connect() as connection:
        await mend_publications(context, connection)
    assert await kinds_since(context, before) == [b"reset"]
    assert not await is_marked(context)


async def test_nothing_is_published_where_there_is_nothing_to_mend(
    context: WorkerContext, redis: Redis, now: datetime
) -> None:
    before = await read_position(redis, context.settings)
    async with context.engine.connect() as connection:
        await mend_publications(context, connection)
    assert await kinds_since(context, before) == []
