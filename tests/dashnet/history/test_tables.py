from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.schema import SchemaItem
from sqlmodel import SQLModel

from dashnet.history import tables
from dashnet.history.counts import DeviceCounts, SummaryCounts
from dashnet.history.measures import DEVICE_MEASURES, SUMMARY_MEASURES
from dashnet.store import SCHEMA


async def test_the_tables_of_the_store_are_those_that_the_migrations_make(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


def _differences(connection: Connection) -> list[Any]:
    def is_ours(thing: SchemaItem, name: str | None, kind: str, *_: object) -> bool:
        return not isinstance(thing, Table) or (thing.schema == SCHEMA and name != "alembic_version")

    options = {"include_schemas": True, "include_object": is_ours}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), SQLModel.metadata))


def test_a_measure_is_a_column_and_a_field_of_its_counts() -> None:
    names = [measure.name for measure in DEVICE_MEASURES]
    assert names == list(DeviceCounts.__dataclass_fields__)
    assert {"device_id", "begin_at", *names} == set(tables.RollupFields.model_fields)
    names = [measure.name for measure in SUMMARY_MEASURES]
    assert names == list(SummaryCounts.__dataclass_fields__)
    assert {"begin_at", *names} == set(tables.SummaryFields.model_fields)
