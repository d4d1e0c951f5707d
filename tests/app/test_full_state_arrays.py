import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text

from dashnet.conformance.array_2020 import check_2020
from dashnet.settings import Settings
from services.app import full_state_arrays
from services.app.full_state_arrays import stream_full_state
from tests.app.conftest import RefreshOnce
from tests.app.front_end_2020 import show
from tests.conftest import run_app
from tests.factories import make_device
from tests.feeds import open_feed
from workers.clean import clean
from workers.context import WorkerContext
from workers.partitions import ensure_partitions
from workers.refresh import refresh
from workers.sync import sync

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Row = tuple[datetime, int, float | None, float | None, bool | None]


@pytest.fixture
async def three(context: WorkerContext) -> None:
    """Devices 1, 2 and 3 in the store, and room for the snapshots of a day."""
    await ensure_partitions(context.engine, {NOON.date()})
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.device SELECT id, 'device ' || id, 'Laptop', '', 'mac-' || id, '10.0.0.1', 'simulated', "
            "'{}', '[]', NULL FROM generate_series(1, 3) AS id"
        )


async def put(context: WorkerContext, *rows: Row) -> None:
    names = ("at", "id", "up", "down", "active")
    query = text("INSERT INTO store.snapshot VALUES (:at, :id, :up, :down, NULL, :active)")
    async with context.engine.begin() as connection:
        await connection.execute(query, [dict(zip(names, row, strict=True)) for row in rows])


async def put_clean(context: WorkerContext, tick: datetime, outcome: str | None = "done") -> None:
    query = text(
        "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES ('clean', :tick, 'test', :outcome)"
    )
    async with context.engine.begin() as connection:
        await connection.execute(query, {"tick": tick, "outcome": outcome})


async def select(context: WorkerContext, most: int = 70, newest: str | None = None) -> list[dict[str, Any]]:
    pieces = [piece async for piece in stream_full_state(context.engine, most, newest)]
    devices: list[dict[str, Any]] = orjson.loads(b"".join(pieces))
    check_2020(devices)
    return devices


def readings(device: dict[str, Any]) -> Sequence[tuple[str, float, float, bool | None]]:
    """Each snapshot by its minute and second."""
    return [
        (one["time_stamp"][14:19], one["upload_speed"], one["download_speed"], one["active_connection"])
        for one in device["snap_shots"]
    ]


@pytest.mark.usefixtures("three")
async def test_a_younger_device_is_padded_at_its_old_end(context: WorkerContext) -> None:
    await put(context, (NOON, 1, 1, 2, True), (NOON + MINUTE, 1, 3, 4, True), (NOON + MINUTE, 2, 5, 6, True))
    elder, younger = await select(context)
    assert readings(elder) == [("00:00", 1, 2, True), ("01:00", 3, 4, True)]
    assert readings(younger) == [("00:00", 0, 0, False), ("01:00", 5, 6, True)]


@pytest.mark.usefixtures("three")
async def test_a_device_that_missed_a_tick_is_unknown_there_and_keeps_its_place(context: WorkerContext) -> None:
    await put(context, *((NOON + number * MINUTE, 1, 1, 1, True) for number in range(3)))
    await put(context, (NOON, 2, 7, 7, True), (NOON + 2 * MINUTE, 2, 9, 9, True))
    _, holed = await select(context)
    assert readings(holed) == [("00:00", 7, 7, True), ("01:00", 0, 0, None), ("02:00", 9, 9, True)]


@pytest.mark.usefixtures("three")
async def test_a_device_not_read_since_shows_its_latest_reading_last(context: WorkerContext) -> None:
    """Pages of a large refresh come one by one; the front end reads each device's last."""
    await put(context, (NOON, 1, 1, 1, True), (NOON, 2, 2, 2, True), (NOON + MINUTE, 1, 3, 3, True))
    _, later = await select(context)
    assert readings(later) == [("00:00", 2, 2, True), ("01:00", 2, 2, True)]


@pytest.mark.usefixtures("three")
async def test_a_device_is_held_back_until_its_first_reading(context: WorkerContext) -> None:
    await put(context, (NOON, 2, 1, 1, False))
    assert [device["id"] for device in await select(context)] == [2]


@pytest.mark.usefixtures("three")
async def test_before_any_reading_the_array_is_empty(context: WorkerContext) -> None:
    assert await select(context) == []


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("broken", [None, float("nan"), float("inf"), -1.0])
async def test_a_speed_that_is_not_known_is_zero_here(context: WorkerContext, broken: float | None) -> None:
    await put(context, (NOON, 1, broken, 2.0, True), (NOON, 2, 2.0, broken, True))
    assert [readings(device)[0][1:3] for device in await select(context)] == [(0, 2), (2, 0)]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("stored", "shown"), [(897.4299999999967, 897.43), (66.1, 66.1), (0.004, 0.0), (1e5, 100000.0)]
)
async def test_speeds_have_two_decimals(context: WorkerContext, stored: float, shown: float) -> None:
    await put(context, (NOON, 1, stored, stored, True))
    assert readings((await select(context))[0])[0][1:3] == (shown, shown)


@pytest.mark.usefixtures("three")
async def test_before_a_clean_there_is_one_snapshot_a_minute(context: WorkerContext) -> None:
    """A refresh by hand before it would otherwise be a hole in the past of each device that was reset."""
    await put(context, *((NOON - number * MINUTE, 1, number, 0, True) for number in range(1, 11)))
    await put(context, *((NOON - number * MINUTE, 2, number, 0, True) for number in range(1, 15)))
    await put(context, (NOON - timedelta(seconds=40), 2, 99, 0, True))
    await put_clean(context, NOON)
    reset, other = await select(context)
    assert [one[1] for one in readings(reset)] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert [one[1] for one in readings(other)] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 99]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(("outcome", "count"), [("done", 1), (None, 1), ("failed", 2)])
async def test_a_clean_counts_from_when_it_begins(context: WorkerContext, outcome: str | None, count: int) -> None:
    """Its publication is on its way before the ledger says that it is done."""
    await put(context, (NOON - timedelta(hours=1), 1, 1, 1, True), (NOON - MINUTE, 1, 1, 1, True))
    await put_clean(context, NOON, outcome)
    assert len(readings((await select(context))[0])) == count


@pytest.mark.usefixtures("three")
async def test_what_was_read_last_is_shown_even_if_a_clean_came_long_after_it(context: WorkerContext) -> None:
    await put(context, (NOON, 1, 1, 1, True), (NOON - MINUTE, 2, 1, 1, True))
    await put_clean(context, NOON + timedelta(hours=2))
    devices = await select(context, newest="2026-11-20T12:00:00Z")
    assert [readings(device) for device in devices] == [[("00:00", 1, 1, True)], [("00:00", 0, 0, None)]]


@pytest.mark.usefixtures("three")
async def test_the_newest_times_of_all_devices_are_the_ones_that_are_shown(context: WorkerContext) -> None:
    await put(context, *((NOON + number * MINUTE, 1, number, 0, True) for number in range(6)))
    await put(context, (NOON, 2, 8, 0, True), (NOON + MINUTE, 2, 9, 0, True))
    devices = await select(context, most=3)
    assert [one[1] for one in readings(devices[0])] == [3, 4, 5]
    assert [one[1] for one in readings(devices[1])] == [9, 9, 9]


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("seed", range(4))
async def test_whatever_devices_missed_the_front_end_of_2020_shows_it(context: WorkerContext, seed: int) -> None:
    chance = random.Random(seed)
    places = [(number, device_id) for number in range(8) for device_id in (1, 2, 3) if chance.random() < 0.6]
    active = chance.choices([True, False, None], k=24)
    await put(
        context, *((NOON + number * MINUTE, one, chance.random() * 99, 1, active.pop()) for number, one in places)
    )
    devices = await select(context, most=chance.randint(1, 9))
    assert len(show(devices).points) == len(devices[0]["snap_shots"])


async def test_the_front_end_of_2020_lives_through_a_clean_an_addition_and_a_removal(
    settings: Settings,
    device_ids: list[int],
    network: httpx.AsyncClient,
    context: WorkerContext,
    refresh_once: RefreshOnce,
) -> None:
    """This machine itself is among the devices, which a clean leaves as they are."""
    await network.post("/devices/", json=make_device(driver="host", driver_options={}))
    await sync(context, 2)
    async with run_app(settings) as app, open_feed(settings, "/") as feed:

        async def look(count: int) -> None:
            array = await feed.next()
            check_2020(array)
            shown, summary = show(array), (await app.get("/api/summary")).json()
            assert (len(array), shown.connections) == (count, summary["up"])
            # No device is behind another, so that both kinds together are all that the page of 2020 adds up.
            speeds = [summary[kind]["upload_speed"] or 0 for kind in ("real", "simulated")]
            assert shown.upload_speed == pytest.approx(sum(speeds), abs=0.01 * count)

        assert await feed.next() == []
        await refresh_once()
        await look(4)
        await clean(context, datetime.now(UTC).replace(microsecond=0), "test")
        await look(4)
        (added,) = (await network.post("/devices/", json=[make_device()])).json()
        await sync(context, 3)
        await look(4)
        await refresh(context, datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=70), "test")
        while len(array := await feed.next()) == 4:
            check_2020(array)
        assert [one["active_connection"] for one in array[-1]["snap_shots"][:10]] == [False] * 10
        await network.delete(f"/devices/{added['id']}")
        await sync(context, 4)
        await look(4)


@pytest.mark.usefixtures("three")
async def test_the_array_of_many_devices_is_made_in_pieces_with_the_times_of_all(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100,000 devices held as more than bytes took a gigabyte. The time of the last piece belongs to the first too."""
    monkeypatch.setattr(full_state_arrays, "_DEVICES_AT_ONCE", 1)
    await put(context, (NOON, 1, 1, 1, True), (NOON, 2, 2, 2, True), (NOON + MINUTE, 3, 3, 3, True))
    pieces = [piece async for piece in full_state_arrays.stream_full_state(context.engine, 70, None)]
    assert [orjson.loads(piece[1:])["id"] for piece in pieces[:-1]] == [1, 2, 3]
    assert {len(orjson.loads(piece[1:])["snap_shots"]) for piece in pieces[:-1]} == {2}
    assert (pieces[0][:1], pieces[1][:1], pieces[-1]) == (b"[", b",", b"]")
