from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.history import tables
from dashnet.history.counts import DeviceCounts, SummaryCounts
from dashnet.history.measures import DEVICE_MEASURES, SUMMARY_MEASURES
from dashnet.store import SCHEMA
from tests.migrated import find_differences


async def test_the_tables_of_the_store_are_those_that_the_migrations_make(engine: AsyncEngine) -> None:
    assert await find_differences(engine, SCHEMA) == []


def test_a_measure_is_a_column_and_a_field_of_its_counts() -> None:
    names = [measure.name for measure in DEVICE_MEASURES]
    assert names == list(DeviceCounts.__dataclass_fields__)
    assert {"device_id", "begin_at", *names} == set(tables.RollupFields.model_fields)
    names = [measure.name for measure in SUMMARY_MEASURES]
    assert names == list(SummaryCounts.__dataclass_fields__)
    assert {"kind", "begin_at", *names} == set(tables.SummaryFields.model_fields)
