"""What the migrations made of a schema, held against the tables that the code declares."""

from collections.abc import Sequence
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import SchemaItem
from sqlmodel import SQLModel


async def find_differences(engine: AsyncEngine, schema: str) -> Sequence[Any]:
    """What a migration would have to change, in Alembic's words; nothing where they agree."""

    def is_asked_for(thing: SchemaItem, name: str | None, kind: str, *_: object) -> bool:
        return not isinstance(thing, Table) or (thing.schema == schema and name != "alembic_version")

    def compare(connection: Connection) -> Sequence[Any]:
        options = {"include_schemas": True, "include_object": is_asked_for}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))

    async with engine.connect() as connection:
        return await connection.run_sync(compare)
