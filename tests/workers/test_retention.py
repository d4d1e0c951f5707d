from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from dashnet.history.tiers import EPOCH, floor_to, open_history, select_interface_extent
from tests.interfaces import copy_as_interfaces
from tests.oracle import Row
from tests.snapshots import store_rows
from workers.context import WorkerContext
from workers.partitions import select_partition_days
from workers.retention import delete_before, drop_expired, record_reset
from workers.rollup import roll_up

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def with_settings(context: WorkerContext, **values: object) -> WorkerContext:
    return WorkerContext(context.settings.model_copy(update=values), context.engine, context.redis, context.network)


async def select_all(context: WorkerContext, query: str) -> Sequence[Any]:
    async with context.engine.connect() as connection:
        return (await connection.execute(text(query))).all()


def noons(now: datetime, *days_ago: int) -> list[Row]:
    """A snapshot at noon so many days ago."""
    midnight = floor_to(now, DAY)
    return [Row(1, midnight - days * DAY + timedelta(hours=12, minutes=1), True, 1.0, 1.0) for days in days_ago]


async def test_a_raw_day_goes_only_once_it_is_rolled_up(context: WorkerContext, now: datetime) -> None:
    await store_rows(context.engine, noons(now, 20, 10))
    await drop_expired(context, now)
    assert len(await select_partition_days(context.engine)) == 2
    await roll_up(context.engine, now)
    await drop_expired(context, now)
    assert min(await select_partition_days(context.engine), default=now.date()) >= (now - 7 * DAY).date()
    assert await select_all(context, "SELECT sum(snapshot_count)::int FROM store.rollup_1d") == [(2,)]


async def test_how_far_a_tier_reaches_is_told_when_a_part_of_it_goes(context: WorkerContext, now: datetime) -> None:
    await store_rows(context.engine, noons(now, 100, 10, 1))
    await roll_up(context.engine, now)
    await drop_expired(with_settings(context, hour_retention_days=90), now)
    async with open_history(context.engine) as (_, extent):
        midnight = floor_to(now, DAY)
        # The span of the day's last snapshot may reach into the next one.
        assert extent.raw_since == midnight - 7 * DAY + timedelta(minutes=5)
        assert extent.five_minutes_since == midnight - 60 * DAY
        assert extent.hours_since == midnight - 90 * DAY
        assert extent.days_since == EPOCH


@pytest.mark.parametrize(("days", "left"), [(0, 2), (30, 1)], ids=["for ever", "thirty days"])
async def test_days_are_kept_for_ever_unless_a_setting_says_otherwise(
    context: WorkerContext, now: datetime, days: int, left: int
) -> None:
    await store_rows(context.engine, noons(now, 100, 10))
    await roll_up(context.engine, now)
    await drop_expired(with_settings(context, day_retention_days=days), now)
    counts = "SELECT (SELECT count(*) FROM store.rollup_1d), (SELECT count(*) FROM store.summary_1d)"
    assert await select_all(context, counts) == [(left, left)]


async def test_state_changes_reports_and_runs_have_retentions_of_their_own(
    context: WorkerContext, now: datetime
) -> None:
    async with context.engine.begin() as connection:
        for days in (1, 50):
            moment = {"moment": now - days * DAY}
            await connection.execute(text("INSERT INTO store.state_change VALUES (:moment, 1, 'up', 'down')"), moment)
            await connection.execute(
                text("INSERT INTO store.report VALUES (:month, 'UTC', :moment, '{}')"), {"month": f"{days}", **moment}
            )
            await connection.execute(
                text("INSERT INTO store.job_run (job, tick, requested_by) VALUES ('clean', :moment, 't')"),
                moment,
            )
    await drop_expired(with_settings(context, state_change_retention_days=30, ledger_retention_days=30), now)
    tables = ("state_change", "report", "job_run")
    assert [await select_all(context, f"SELECT count(*) FROM store.{table}") for table in tables] == [[(1,)]] * 3


async def test_of_simulated_devices_only_what_is_rolled_up_may_be_reset(context: WorkerContext, now: datetime) -> None:
    begin = floor_to(now, timedelta(hours=1)) - timedelta(hours=1)
    await store_rows(context.engine, [Row(1, begin + number * MINUTE, True, 1.0, 1.0) for number in range(1, 50)])
    assert await record_reset(context.engine, now) == begin + MINUTE
    await roll_up(context.engine, begin + timedelta(minutes=37))
    assert await record_reset(context.engine, now) == begin + timedelta(minutes=35)
    async with open_history(context.engine) as (_, extent):
        assert extent.simulated_raw_since == begin + timedelta(minutes=35)


async def test_in_an_empty_store_nothing_may_be_reset(context: WorkerContext, now: datetime) -> None:
    assert await record_reset(context.engine, now) is None


async def test_old_rows_are_deleted_in_small_batches(
    context: WorkerContext, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.retention._DELETE_BATCH", 3)
    async with context.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.state_change SELECT CAST(:now AS timestamptz) - number * interval '1 day', 1, 'up', "
                "'down' FROM generate_series(0, 9) AS number"
            ),
            {"now": now},
        )
    assert await delete_before(context.engine, "state_change", "at", now - 1.5 * DAY) == 8
    assert await select_all(context, "SELECT count(*) FROM store.state_change") == [(2,)]


async def test_interfaces_have_retentions_of_their_own(context: WorkerContext, now: datetime) -> None:
    await store_rows(context.engine, noons(now, 100, 40, 5, 1))
    await copy_as_interfaces(context.engine, [1])
    await roll_up(context.engine, now)
    kept = {"interface_snapshot": 2, "interface_five_minute": 20, "interface_hour": 90}
    await drop_expired(with_settings(context, **{f"{what}_retention_days": days for what, days in kept.items()}), now)
    tables = ("interface_snapshot", "interface_rollup_5m", "interface_rollup_1h", "interface_rollup_1d")
    counts = [await select_all(context, f"SELECT count(*) FROM store.{table}") for table in tables]
    assert counts == [[(1,)], [(2,)], [(3,)], [(4,)]]
    midnight = floor_to(now, DAY)
    async with open_history(context.engine) as (connection, _):
        extent = await select_interface_extent(connection)
    assert extent.raw_since == midnight - 2 * DAY + timedelta(minutes=5)
    assert (extent.five_minutes_since, extent.hours_since) == (midnight - 20 * DAY, midnight - 90 * DAY)
    assert extent.days_since == EPOCH
