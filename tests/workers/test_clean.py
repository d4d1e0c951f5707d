from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from dashnet.edge import NetworkKind
from dashnet.history.counts import SummaryCounts, select_summary_counts
from dashnet.history.plan import make_plan
from dashnet.history.tiers import open_history
from dashnet.publication import read_missed, read_position
from dashnet.reading import to_tick
from tests.conftest import run_network
from tests.factories import make_device
from tests.oracle import Row
from tests.snapshots import store_rows
from workers.clean import clean
from workers.context import WorkerContext
from workers.partitions import ensure_partitions, select_partition_days
from workers.refresh import refresh
from workers.sync import sync


async def select_all(context: WorkerContext, query: str) -> Sequence[Any]:
    async with context.engine.connect() as connection:
        return (await connection.execute(text(query))).all()


def with_settings(context: WorkerContext, **values: object) -> WorkerContext:
    return WorkerContext(context.settings.model_copy(update=values), context.engine, context.redis, context.network)


async def times_of(context: WorkerContext, device_id: int) -> list[datetime]:
    rows = await select_all(
        context, f"SELECT time_stamp FROM store.snapshot WHERE device_id = {device_id} ORDER BY time_stamp"
    )
    return [row.time_stamp for row in rows]


async def test_simulated_devices_are_left_with_the_ten_minutes_before(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now - timedelta(seconds=1), "test")
    await clean(context, now, "test")
    last = to_tick(now - timedelta(seconds=1))
    minutes = [last - timedelta(minutes=back) for back in range(9, -1, -1)]
    assert await times_of(context, device_ids[0]) == minutes


async def test_the_baseline_is_the_simulated_past_itself(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    await clean(context, now, "test")
    minute = to_tick(now) - timedelta(minutes=3)
    past = (await network.get("/devices/", params={"at": minute.isoformat()})).json()
    stored = await select_all(
        context,
        "SELECT device_id, active_connection, upload_speed::text::float8, download_speed::text::float8 "
        f"FROM store.snapshot WHERE time_stamp = '{minute}' ORDER BY device_id",
    )
    assert [tuple(row) for row in stored] == [
        (one["id"], one["active_connection"], one["upload_speed"], one["download_speed"]) for one in past
    ]


MINUTE, MICROSECOND = timedelta(minutes=1), timedelta(microseconds=1)


def end_of_baseline(now: datetime) -> datetime:
    """The end of the last full minute."""
    return to_tick(now - MICROSECOND) + MINUTE


async def add_late(context: WorkerContext, network: httpx.AsyncClient, now: datetime, **fields: object) -> int:
    """A device added after the first clean."""
    await clean(context, now - MICROSECOND, "first start")
    device_id: int = (await network.post("/devices/", json=make_device(**fields))).json()["id"]
    await sync(context, 2)
    return device_id


async def set_since(context: WorkerContext, device_id: int, since: datetime) -> None:
    async with context.engine.begin() as connection:
        await connection.execute(
            text("UPDATE store.device SET driver_since = :since WHERE id = :id"), {"since": since, "id": device_id}
        )


async def since_of(context: WorkerContext, device_id: int) -> datetime:
    rows = await select_all(context, f"SELECT driver_since FROM store.device WHERE id = {device_id}")
    since: datetime = rows[0].driver_since
    return since


@pytest.mark.parametrize(("age_seconds", "minutes"), [(0, 0), (59, 0), (60, 1), (179, 2), (180, 3), (3600, 10)])
async def test_a_device_added_later_gets_no_past_from_before_it_was_added(
    context: WorkerContext,
    network: httpx.AsyncClient,
    device_ids: list[int],
    now: datetime,
    age_seconds: int,
    minutes: int,
) -> None:
    end = end_of_baseline(now)
    late = await add_late(context, network, now)
    await set_since(context, late, end - timedelta(seconds=age_seconds))
    await clean(context, now, "test")
    whole = [end - back * MINUTE for back in range(10, 0, -1)]
    assert await times_of(context, late) == whole[10 - minutes :]
    assert [await times_of(context, one) for one in device_ids] == [whole] * 3


async def test_a_device_is_added_when_the_store_hears_of_it(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    before = datetime.now(UTC)
    late = await add_late(context, network, now)
    after = datetime.now(UTC)
    await network.patch(f"/devices/{late}", json={"host_name": "renamed"})
    await sync(context, 3)
    since = await since_of(context, late)
    assert before <= since <= after
    await clean(context, since + 3 * MINUTE, "test")
    times = await times_of(context, late)
    assert (len(times), min(times) >= since) == (3, True)


async def test_a_device_added_in_the_minute_of_a_clean_keeps_its_only_reading(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    late = await add_late(context, network, now)
    await set_since(context, late, end_of_baseline(now) - MINUTE + MICROSECOND)
    await refresh(context, now - MICROSECOND, "by hand")
    await clean(context, now, "test")
    assert await times_of(context, late) == [now - MICROSECOND]


async def test_what_was_read_of_a_real_device_stays_once_it_is_simulated(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    end = end_of_baseline(now)
    late = await add_late(context, network, now, driver="host")
    await store_rows(context.engine, [Row(late, end - back * MINUTE, True, 1.0, 2.0) for back in (8, 5, 2)])
    before = datetime.now(UTC)
    await network.patch(f"/devices/{late}", json={"driver": "simulated"})
    await sync(context, 3)
    assert await since_of(context, late) >= before
    await set_since(context, late, end - 3 * MINUTE)
    await clean(context, now, "test")
    assert await times_of(context, late) == [end - back * MINUTE for back in (8, 5, 3, 2, 1)]


async def test_the_fleet_of_a_first_start_keeps_its_ten_minutes_however_young_it_is(
    context: WorkerContext, store: None, now: datetime
) -> None:
    async with run_network(context.settings.model_copy(update={"demo_devices": 12})):
        await clean(context, now - MICROSECOND, "first start")
        await clean(context, now, "test")
    counts = await select_all(context, "SELECT count(*), min(time_stamp) FROM store.snapshot GROUP BY device_id")
    assert [tuple(row) for row in counts] == [(10, end_of_baseline(now) - 10 * MINUTE)] * 12


async def test_real_devices_are_never_wiped(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    real = (await network.post("/devices/", json=make_device(driver="host"))).json()
    await refresh(context, now - timedelta(seconds=1), "test")
    await clean(context, now, "test")
    assert await times_of(context, real["id"]) == [now - timedelta(seconds=1)]


async def test_the_networks_sums_are_of_all_devices_though_a_refresh_by_hand_went(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], store: None, now: datetime
) -> None:
    real = (await network.post("/devices/", json=make_device(driver="host"))).json()["id"]
    await sync(context, 2)
    first = to_tick(now - timedelta(seconds=2))  # so late that it is not rolled up yet
    if first.minute == 0:  # there is no tick on the hour
        first -= timedelta(minutes=1)
    ticks = [first, first + timedelta(seconds=1)]
    await store_rows(context.engine, [Row(one, tick, True, 1.0, 2.0) for tick in ticks for one in (*device_ids, real)])
    edges = [first, first + timedelta(seconds=60)]
    before = await select_summary(context, edges)
    await clean(context, now, "test")
    after = await select_summary(context, edges)
    assert (before.tick_count, after.tick_count, after.covered_seconds) == (2, 1, 60)
    assert after.up_seconds + after.down_seconds + after.unknown_seconds == 60 * (len(device_ids) + 1)


async def select_summary(context: WorkerContext, edges: Sequence[datetime]) -> SummaryCounts:
    async with open_history(context.engine) as (connection, extent):
        plan = make_plan(edges, extent, simulated=True)
        return (await select_summary_counts(connection, plan))[NetworkKind.ALL][0]


async def test_a_clean_twice_leaves_what_a_clean_once_leaves(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    # Both in one minute, for each leaves the ten minutes before its own.
    first = now if now.second < 59 else now - timedelta(seconds=1)
    await clean(context, first, "test")
    once = await select_all(context, "SELECT * FROM store.snapshot ORDER BY device_id, time_stamp")
    await clean(context, first + timedelta(seconds=1), "test")
    twice = await select_all(context, "SELECT * FROM store.snapshot ORDER BY device_id, time_stamp")
    assert [tuple(row) for row in twice] == [tuple(row) for row in once]


async def test_without_the_demo_reset_only_the_very_first_clean_writes_a_baseline(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    lasting = with_settings(context, demo_reset=False)
    await clean(lasting, now - timedelta(seconds=2), "test")
    await refresh(lasting, now - timedelta(seconds=1), "test")
    await clean(lasting, now, "test")
    assert len(await times_of(context, device_ids[0])) == 11


async def test_a_large_fleet_is_reset_page_by_page(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(25)])
    await clean(with_settings(context, refresh_page_devices=10), now, "test")
    counts = await select_all(context, "SELECT count(*), count(DISTINCT device_id) FROM store.snapshot")
    assert [tuple(row) for row in counts] == [(250, 25)]
    ((devices, snapshots),) = await select_all(context, "SELECT device_count, snapshot_count FROM store.job_run")
    assert (devices, snapshots) == (25, 250)


async def test_days_past_their_retention_are_dropped_and_tomorrow_is_ready(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    today = now.date()
    await ensure_partitions(context.engine, {today - timedelta(days=back) for back in (3, 4, 5)})
    await clean(with_settings(context, snapshot_retention_days=3), now, "test")
    kept = await select_partition_days(context.engine)
    assert min(kept) == today - timedelta(days=3)
    assert today + timedelta(days=1) in kept


async def test_a_clean_ends_with_a_reset_for_every_screen(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    before = await read_position(context.redis, context.settings)
    await clean(context, now, "test")
    missed = await read_missed(context.redis, context.settings, before)
    assert missed is not None
    assert missed[-1].message.startswith(b'{"type":"reset"')


async def test_a_later_clean_asks_for_no_refresh(context: WorkerContext, device_ids: list[int], now: datetime) -> None:
    await clean(context, now - timedelta(seconds=1), "test")
    await context.redis.flushall()
    await clean(context, now, "test")
    assert await context.redis.keys("arq:job:refresh:*") == []


async def test_the_first_clean_asks_for_a_refresh(context: WorkerContext, device_ids: list[int], now: datetime) -> None:
    await clean(context, now, "test")
    assert len(await context.redis.keys("arq:job:refresh:*")) == 1
