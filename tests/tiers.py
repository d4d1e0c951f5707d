"""The rows of the tiers as they stand in the store, and as they should be."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.edge import NetworkKind
from dashnet.history.measures import DEVICE_MEASURES, SUMMARY_MEASURES, read_rows
from dashnet.history.tiers import floor_to
from tests.oracle import MINUTE, Row, count_device, count_summary, of_device

STEPS = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "1d": timedelta(days=1)}

Counts = Mapping[str, float | None]


async def select_devices(engine: AsyncEngine, tier: str, before: datetime | None = None) -> dict[Any, Counts]:
    """The counts of a tier by device and begin, of rows that begin before a moment."""
    return await _select(engine, f"rollup_{tier}", "device_id, begin_at", DEVICE_MEASURES, before)


async def select_summaries(engine: AsyncEngine, tier: str, before: datetime | None = None) -> dict[Any, Counts]:
    """The counts of all devices of a kind together by begin and kind."""
    return await _select(engine, f"summary_{tier}", "begin_at, kind", SUMMARY_MEASURES, before)


async def _select(
    engine: AsyncEngine, table: str, keys: str, measures: tuple[Any, ...], before: datetime | None
) -> dict[Any, Counts]:
    query = text(
        f"SELECT {keys}, {read_rows(measures)} FROM store.{table} "
        "WHERE begin_at < coalesce(CAST(:before AS timestamptz), 'infinity')"
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query, {"before": before})).mappings().all()
    names = keys.split(", ")
    return {tuple(row[name] for name in names): {one.name: row[one.name] for one in measures} for row in rows}


def expect_devices(rows: Sequence[Row], tier: str) -> dict[Any, Any]:
    """What `select_devices` should tell of these snapshots, but for what rounding leaves."""
    step = STEPS[tier]
    return approximately(
        {
            (device_id, begin): count_device(its, begin, begin + step)
            for device_id, its in of_device(rows).items()
            for begin in _touched(its, step)
        }
    )


def expect_summaries(rows: Sequence[Row], tier: str) -> dict[Any, Any]:
    """What `select_summaries` should tell of these snapshots."""
    step = STEPS[tier]
    return approximately(
        {
            (begin, kind): count_summary(rows, begin, begin + step, kind)
            for begin in _touched(rows, step)
            for kind in NetworkKind
        }
    )


def _touched(rows: Sequence[Row], step: timedelta) -> set[datetime]:
    """The buckets that a snapshot may count for."""
    return {floor_to(row.time_stamp + late, step) for row in rows for late in (timedelta(), MINUTE, 2 * MINUTE)}


def approximately(counts: Mapping[Any, Counts | None]) -> dict[Any, Any]:
    """Those that there are, but for what rounding leaves."""
    return {
        key: {name: value if value is None else pytest.approx(value, rel=1e-6) for name, value in count.items()}
        for key, count in counts.items()
        if count is not None
    }
