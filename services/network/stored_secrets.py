"""Queries on the encrypted secrets of the inventory."""

from collections.abc import Sequence

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.network.sealing import Tokens


async def lock_inventory(connection: AsyncConnection) -> None:
    """Let the caller's transaction hold the inventory until it ends, as an edit does, without a new revision."""
    await connection.execute(text("SELECT revision FROM network.inventory FOR UPDATE"))


async def select_tokens(connection: AsyncConnection, device_id: int) -> Tokens:
    """The encrypted secrets of a device that exists."""
    query = text("SELECT secrets::text FROM network.device WHERE id = :id")
    tokens: Tokens = orjson.loads(await connection.scalar(query, {"id": device_id}))
    return tokens


async def select_all_tokens(connection: AsyncConnection) -> Sequence[tuple[int, Tokens]]:
    """The encrypted secrets of every device that has any, by id order."""
    query = text("SELECT id, secrets::text AS secrets FROM network.device WHERE secrets <> '{}' ORDER BY id")
    return [(row.id, orjson.loads(row.secrets)) for row in await connection.execute(query)]


async def update_tokens(connection: AsyncConnection, changed: Sequence[tuple[int, Tokens]]) -> None:
    """Put other tokens in the place of those that these devices have."""
    statement = text(
        "UPDATE network.device SET secrets = record.secrets "
        "FROM jsonb_to_recordset(CAST(:records AS jsonb)) AS record(id int, secrets jsonb) "
        "WHERE device.id = record.id"
    )
    records = [{"id": device_id, "secrets": tokens} for device_id, tokens in changed]
    await connection.execute(statement, {"records": orjson.dumps(records).decode()})
