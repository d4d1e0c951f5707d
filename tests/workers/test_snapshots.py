from datetime import datetime, timedelta
from typing import Any

import pytest

from dashnet.bounds import MEASURED
from dashnet.history.counts import select_device_counts
from dashnet.history.plan import make_plan
from dashnet.history.tiers import open_history
from dashnet.publication import Position
from services.app.snapshots import select_panel
from workers.context import WorkerContext
from workers.devices import select_latest_snapshots
from workers.network_client import Readings
from workers.snapshots import insert_snapshots, to_publication
from workers.sync import sync


@pytest.fixture
async def readings(context: WorkerContext, device_ids: list[int]) -> Readings:
    """Three devices: one with everything, one with a round trip alone, one of which nothing is known."""
    await sync(context, 1)
    return Readings(
        device_ids,
        [True, True, None],
        [1.5, None, None],
        [2.5, None, None],
        [0.25, 0.125, None],
        [None, None, "no permission"],
        {},
        [0.25, None, None],
        [0.001, None, None],
    )


EXPECTED = [(1.5, 2.5, 0.25, 0.25, 0.001), (None, None, 0.125, None, None), (None, None, None, None, None)]


def measured(snap_shot: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(snap_shot[name] for name in MEASURED)


async def test_what_is_published_is_what_is_stored_and_what_is_not_known_is_null(
    context: WorkerContext, readings: Readings, now: datetime
) -> None:
    async with context.engine.begin() as connection:
        stored = await insert_snapshots(connection, now, readings)
        latest = await select_latest_snapshots(connection, readings.device_ids)
    panel = await select_panel(context.engine, Position("", 0))
    published = to_publication("2026-11-23T20:00:00Z", readings, stored)["snap_shots"]
    assert [measured(one) for one in published] == EXPECTED
    assert [measured(panel.devices[one]["snap_shot"]) for one in readings.device_ids] == EXPECTED
    assert [measured(latest[one]["snap_shot"]) for one in readings.device_ids] == EXPECTED


async def test_loss_and_jitter_that_nobody_measured_are_null(
    context: WorkerContext, readings: Readings, now: datetime
) -> None:
    rest = (readings.upload_speeds, readings.download_speeds, readings.round_trips_seconds, readings.errors)
    unmeasured = Readings(readings.device_ids, readings.active_connections, *rest)
    async with context.engine.begin() as connection:
        await insert_snapshots(connection, now, unmeasured)
        latest = await select_latest_snapshots(connection, readings.device_ids)
    assert [measured(latest[one]["snap_shot"])[3:] for one in readings.device_ids] == [(None, None)] * 3


async def test_history_counts_each_value_over_the_time_in_which_it_was_known(
    context: WorkerContext, readings: Readings, now: datetime
) -> None:
    # Not on the hour, and the span ends with the minute.
    tick = now.replace(minute=30, second=0)
    async with context.engine.begin() as connection:
        await insert_snapshots(connection, tick, readings)
    async with open_history(context.engine) as (connection, extent):
        plan = make_plan([tick, tick + timedelta(minutes=1)], extent, simulated=False)
        found = await select_device_counts(connection, plan, readings.device_ids)
    first, second, third = (found[device_id][0] for device_id in readings.device_ids)
    assert (first.loss_area, first.loss_known_seconds) == (15.0, 60)
    assert first.jitter_max == pytest.approx(0.001)
    assert (second.upload_known_seconds, second.round_trip_known_seconds, second.up_seconds) == (0, 60, 60)
    assert (third.upload_known_seconds, third.unknown_seconds) == (0, 60)
