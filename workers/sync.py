"""The job `sync`: an edit of the inventory reaches the store and every screen at once, not at the next refresh."""

from workers.context import WorkerContext
from workers.devices import select_stored_inventory, sync_inventory
from workers.publishing import change_store


async def sync(context: WorkerContext, revision: int) -> None:
    """Bring the store up to the inventory, unless it holds `revision` already.

    Raises:
        DashnetError, sqlalchemy.exc.DBAPIError, redis.RedisError: the next refresh brings the changes.
    """
    async with context.engine.connect() as connection:
        stored = await select_stored_inventory(connection)
        await connection.commit()
        if stored.revision >= revision:
            return
        async with change_store(context, connection) as outbox:
            await sync_inventory(context, connection, outbox)
