"""What a database holds already that cannot be true: it is left out, and everything else is told as ever."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.edge import NetworkKind
from dashnet.history.counts import select_device_counts, select_interface_counts, select_summary_counts
from dashnet.history.plan import Plan, make_plan
from dashnet.history.tiers import Tier, open_history
from dashnet.history.traffic import select_device_percentiles, select_network_percentiles
from tests.snapshots import steady, store_rows
from workers.partitions import ensure_partitions
from workers.rollup import roll_up

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
IMPOSSIBLE = ["2.5e12", "'NaN'", "'Infinity'", "-1"]
TIERS = [Tier.FIVE_MINUTES, Tier.HOUR, Tier.DAY]


async def execute(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def select_counts(engine: AsyncEngine, plan: Plan | None = None) -> tuple[dict[int, Any], Any]:
    """Of both devices and of the network, over the hour that begins at noon."""
    async with open_history(engine) as (connection, extent):
        plan = plan or make_plan([NOON, NOON + HOUR], extent, simulated=False)
        devices = await select_device_counts(connection, plan)
        network = (await select_summary_counts(connection, plan))[NetworkKind.ALL]
        return {one: buckets[0] for one, buckets in devices.items()}, network[0]


@pytest.fixture
async def two_devices(engine: AsyncEngine) -> None:
    """An hour of two devices with 2 Mbit/s up and 4 down each, not rolled up yet."""
    rows = [row for device_id in (1, 2) for row in steady(device_id, NOON, NOON + HOUR)]
    await store_rows(engine, rows)


@pytest.mark.parametrize("value", IMPOSSIBLE)
async def test_a_snapshot_that_cannot_be_true_counts_as_not_known_raw_and_rolled_up(
    engine: AsyncEngine, two_devices: None, value: str
) -> None:
    """And only that one: the minute of the other device, and the rest of the hour, stay as they were."""
    at = "device_id = 1 AND time_stamp = '2026-11-20 12:20Z'"
    await execute(
        engine,
        f"UPDATE store.snapshot SET upload_speed = {value}, loss_ratio = {value}, jitter_seconds = -1 WHERE {at}",
    )
    raw = await select_counts(engine)
    await roll_up(engine, NOON + 2 * HOUR)
    for devices, network in (raw, await select_counts(engine)):
        first, second = devices[1], devices[2]
        assert (first.upload_known_seconds, first.upload_megabits, first.upload_max) == (3480, 6960.0, 2.0)
        assert (first.loss_known_seconds, first.jitter_max, first.download_megabits) == (0, None, 14_160.0)
        assert (second.upload_known_seconds, second.upload_megabits) == (3540, 7080.0)
        assert (network.upload_megabits, network.upload_known_seconds, network.upload_max) == (14_040.0, 3540, 4.0)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(
    ("column", "value"),
    [("upload_megabits", "2.5e17"), ("upload_max", "'NaN'"), ("upload_min", "'Infinity'"), ("upload_max", "-1")],
)
async def test_a_row_of_a_tier_that_cannot_be_true_is_left_out_and_the_rest_is_told(
    engine: AsyncEngine, two_devices: None, tier: Tier, column: str, value: str
) -> None:
    await roll_up(engine, NOON + timedelta(days=2))
    await execute(
        engine,
        f"UPDATE store.rollup_{tier} SET {column} = {value} WHERE device_id = 1 AND begin_at <= '2026-11-20 12:00Z'",
        f"UPDATE store.summary_{tier} SET {column} = {value} WHERE begin_at <= '2026-11-20 12:00Z'",
    )
    begin = NOON.replace(hour=0) if tier is Tier.DAY else NOON
    plan = Plan([begin, begin + tier.step], True, {tier: [(begin, begin + tier.step)]})
    devices, network = await select_counts(engine, plan)
    assert (devices[1].upload_megabits, devices[1].upload_known_seconds, devices[1].upload_max) == (0, 0, None)
    assert devices[2].upload_megabits == 2 * devices[2].upload_known_seconds
    assert (devices[1].download_megabits, network.upload_megabits) == (4 * devices[2].upload_known_seconds, 0)
    assert network.download_megabits == 8 * network.covered_seconds


async def test_percentiles_leave_out_what_cannot_be_true(engine: AsyncEngine, two_devices: None) -> None:
    await roll_up(engine, NOON + 2 * HOUR)
    await execute(
        engine,
        *(
            f"UPDATE store.{table} SET upload_megabits = 'Infinity' WHERE begin_at < '2026-11-20 12:30Z'"
            for table in ("rollup_5m", "summary_5m")
        ),
    )
    async with open_history(engine) as (connection, _):
        devices = await select_device_percentiles(connection, (NOON, NOON + HOUR), [1, 2])
        network = (await select_network_percentiles(connection, (NOON, NOON + HOUR)))[NetworkKind.ALL]
    assert (devices[1].upload, network.upload, network.download) == (2.0, 4.0, 8.0)


@pytest.mark.parametrize("value", IMPOSSIBLE)
async def test_a_rate_of_an_interface_that_cannot_be_true_counts_as_not_known(engine: AsyncEngine, value: str) -> None:
    await ensure_partitions(engine, {NOON.date()})
    row = "INSERT INTO store.interface_snapshot (time_stamp, interface_id, upload_speed, errors_in, is_up) VALUES"
    await execute(
        engine,
        *(f"{row} ('2026-11-20 12:{minute:02}Z', 7, 2, 1, true)" for minute in range(1, 60)),
        f"UPDATE store.interface_snapshot SET upload_speed = {value}, errors_in = {value} "
        "WHERE time_stamp = '2026-11-20 12:20Z'",
        # The roll-up begins at the first snapshot of a device.
        "INSERT INTO store.snapshot (time_stamp, device_id) VALUES ('2026-11-20 12:01Z', 1)",
    )
    raw = await select_interface(engine)
    await roll_up(engine, NOON + 2 * HOUR)
    assert [raw, await select_interface(engine)] == [(3480, 6960.0, 2.0, 3480.0)] * 2
    await execute(
        engine,
        f"UPDATE store.interface_rollup_5m SET upload_max = {value} WHERE begin_at = '2026-11-20 12:30Z'",
        f"UPDATE store.interface_rollup_1h SET upload_max = {value}",
    )
    assert await select_interface(engine, Tier.FIVE_MINUTES) == (3180, 6360.0, 2.0, 3480.0)
    assert await select_interface(engine, Tier.HOUR) == (0, 0.0, None, 3480.0)


async def select_interface(engine: AsyncEngine, tier: Tier | None = None) -> Sequence[Any]:
    async with open_history(engine) as (connection, extent):
        plan = make_plan([NOON, NOON + HOUR], extent, simulated=False)
        if tier is not None:
            plan = Plan(plan.edges, True, {tier: [(NOON, NOON + HOUR)]})
        counts = (await select_interface_counts(connection, plan, 7))[0]
    return counts.upload_known_seconds, counts.upload_megabits, counts.upload_max, counts.errors_in_packets


async def test_rolling_up_goes_on_over_rows_that_cannot_be_true(engine: AsyncEngine, two_devices: None) -> None:
    """Hours are made of five minutes that hold anything at all, also more than an integer takes when added up."""
    await roll_up(engine, NOON + timedelta(minutes=42))
    await execute(
        engine,
        "UPDATE store.rollup_5m SET upload_megabits = 'Infinity', round_trip_area = 'NaN', up_seconds = 2147483647 "
        "WHERE device_id = 1",
        "UPDATE store.summary_5m SET upload_megabits = 1.7e308, covered_seconds = 2147483647",
    )
    await roll_up(engine, NOON + 2 * HOUR)
    devices, network = await select_counts(engine)
    assert devices[2].upload_megabits == 7080.0
    assert devices[1].upload_megabits == 2 * devices[1].upload_known_seconds
    assert network.upload_megabits < 1e308
