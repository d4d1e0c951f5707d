from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.reading import to_wire
from services.app import series
from tests.app.conftest import RefreshOnce
from tests.app.questions import ask
from tests.oracle import MINUTE, count_device, count_summary
from tests.servers import eventually
from tests.snapshots import forget_finer_than_hours, restless, steady, store_past
from workers.context import WorkerContext

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(points: Sequence[dict[str, Any]], moment: datetime) -> dict[str, Any]:
    """The point that begins at this moment."""
    return next(point for point in points if point["time_stamp"] == to_wire(moment))


async def test_what_was_refreshed_is_in_the_history_at_once(
    app: httpx.AsyncClient, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    tick = await refresh_once()

    async def is_told() -> bool:
        found = await ask(app, f"/api/devices/{device_ids[0]}/history", tick, tick + HOUR, step="1m")
        return bool(found["tier"] == "raw" and found["points"][-1]["snapshots"])

    # Within a second, for the second that runs is not over.
    await eventually(is_told)


async def test_a_range_holds_its_first_moment_and_not_its_last(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(device_ids[0], NOON, NOON + HOUR))
    path = f"/api/devices/{device_ids[0]}/history"
    found = await ask(app, path, NOON + 10 * MINUTE, NOON + 20 * MINUTE, step="1m")
    assert [point["time_stamp"] for point in found["points"]] == [
        to_wire(NOON + number * MINUTE) for number in range(10, 20)
    ]
    assert sum(point["snapshots"] for point in found["points"]) == 10


@pytest.mark.parametrize("step", ["1m", "5m", "7m", "1h", "6h", "1d", "1w"])
async def test_every_step_adds_up_to_the_raw_snapshots(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, step: str
) -> None:
    rows = restless(device_ids[1], NOON, NOON + 7 * HOUR)
    await store_past(engine, rows, NOON + 6 * HOUR)
    found = await ask(app, f"/api/devices/{device_ids[1]}/history", NOON, NOON + 7 * HOUR, step=step)
    expected = count_device(rows, NOON, NOON + 7 * HOUR)
    assert expected is not None
    points = found["points"]
    assert {one: sum(point[f"{one}_seconds"] for point in points) for one in ("up", "down", "unknown")} == {
        one: expected[f"{one}_seconds"] for one in ("up", "down", "unknown")
    }
    assert max(point["upload_speed_max"] or 0 for point in points) == expected["upload_max"]
    assert sum(point["snapshots"] for point in points) == len(rows)


async def test_a_mean_is_of_the_time_that_was_observed_and_its_band_holds_every_peak(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = restless(device_ids[0], NOON, NOON + 3 * HOUR)
    await store_past(engine, rows, NOON + 4 * HOUR)
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", NOON, NOON + 3 * HOUR, step="1h")
    expected = count_device(rows, NOON + HOUR, NOON + 2 * HOUR)
    assert expected is not None
    point = at(found["points"], NOON + HOUR)
    known = (expected["up_seconds"] or 0) + (expected["down_seconds"] or 0)
    assert point["upload_speed"] == pytest.approx((expected["upload_megabits"] or 0) / known)
    assert (point["upload_speed_min"], point["upload_speed_max"]) == (expected["upload_min"], expected["upload_max"])
    assert point["round_trip_seconds"] == 0.5


async def test_a_time_that_nobody_looked_is_null_and_one_that_it_was_down_is_zero(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = steady(device_ids[0], NOON, NOON + 50 * MINUTE, active=False)
    rows += steady(device_ids[0], NOON + 2 * HOUR, NOON + 3 * HOUR)
    await store_past(engine, rows, NOON + 4 * HOUR)
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", NOON, NOON + 3 * HOUR, step="1h")
    assert [point["upload_speed"] for point in found["points"]] == [0.0, None, 2.0]
    assert found["points"][1]["down_seconds"] == 0


async def test_the_network_is_the_sum_of_its_devices_tick_by_tick(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = [row for device_id in device_ids for row in restless(device_id, NOON + device_id * MINUTE, NOON + 3 * HOUR)]
    await store_past(engine, rows, NOON + 4 * HOUR)
    found = await ask(app, "/api/summary/history", NOON, NOON + 3 * HOUR, step="1h")
    point = at(found["points"], NOON + HOUR)
    expected = count_summary(sorted(rows, key=lambda row: row.time_stamp), NOON + HOUR, NOON + 2 * HOUR)
    assert expected is not None
    assert point["upload_speed"] == pytest.approx(
        (expected["upload_megabits"] or 0) / (expected["upload_known_seconds"] or 1)
    )
    assert (point["upload_speed_max"], point["up_min"], point["up_max"], point["ticks"]) == (
        expected["upload_max"],
        expected["up_min"],
        expected["up_max"],
        expected["tick_count"],
    )


async def test_the_network_is_counted_at_its_edge_with_real_and_simulated_devices_apart(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    """Raw and rolled up: a real uplink and what is behind it, and a simulated device."""
    places = ((1, False, True), (2, False, False), (3, True, True))
    rows = [
        replace(row, simulated=simulated, edge=edge)
        for one, simulated, edge in places
        for row in steady(one, NOON, NOON + 2 * HOUR, upload=10.0**one)
    ]
    await store_past(engine, rows, NOON + 1.5 * HOUR)
    told = {}
    for kind in ("real", "simulated", "all"):
        found = await ask(app, "/api/summary/history", NOON, NOON + 2 * HOUR, step="1h", kind=kind)
        told[kind] = [(one["upload_speed"], one["download_speed_max"], one["up"]) for one in found["points"]]
    assert told == {
        "real": [(10.0, 20.0, 2.0)] * 2,
        "simulated": [(1000.0, 2000.0, 1.0)] * 2,
        "all": [(None, None, 3.0)] * 2,
    }


async def test_without_a_kind_it_is_that_of_the_devices_there_are_with_what_was_before_labelled(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = steady(1, NOON, NOON + HOUR)
    rows += [replace(row, simulated=True, edge=True) for row in steady(1, NOON + HOUR, NOON + 2 * HOUR, upload=5.0)]
    await store_past(engine, rows, NOON + 3 * HOUR)
    found = await ask(app, "/api/summary/history", NOON + MINUTE, NOON + 2 * HOUR, step="1h")
    strict = await ask(app, "/api/summary/history", NOON + MINUTE, NOON + 2 * HOUR, step="1h", kind="simulated")
    assert found["kind"] == "simulated"
    assert [(one["kind"], one["upload_speed"]) for one in found["points"]] == [("all", 2.0), ("simulated", 5.0)]
    assert [one["upload_speed"] for one in strict["points"]] == [None, 5.0]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", (2026, 3, 29), 24),
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("Asia/Beirut", (2026, 3, 29), 23),
        ("Asia/Beirut", (2026, 10, 24), 25),
        ("America/Sao_Paulo", (2018, 11, 4), 23),
        ("America/Sao_Paulo", (2018, 2, 17), 25),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Asia/Kolkata", (2026, 6, 1), 24),
        ("Asia/Kathmandu", (2026, 6, 1), 24),
    ],
)
async def test_a_local_day_is_as_long_as_its_clocks_made_it(
    app: httpx.AsyncClient,
    device_ids: list[int],
    engine: AsyncEngine,
    zone: str,
    day: tuple[int, int, int],
    hours: float,
) -> None:
    local = datetime(*day, tzinfo=ZoneInfo(zone))
    begin, end = (moment.astimezone(UTC) for moment in (local, local + DAY))
    await store_past(engine, steady(device_ids[0], begin - 3 * HOUR, end + 3 * HOUR), end + DAY)
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", begin, end, step="1d", zone=zone)
    assert [(point["time_stamp"], point["up_seconds"]) for point in found["points"]] == [(to_wire(begin), hours * 3600)]
    assert found["exact"]


async def test_months_are_those_of_the_zone(app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine) -> None:
    zone = ZoneInfo("Europe/Berlin")
    march, april, may = (datetime(2026, month, 1, tzinfo=zone).astimezone(UTC) for month in (3, 4, 5))
    await store_past(engine, steady(device_ids[0], april - HOUR, april + HOUR), april + DAY)
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", march, may, step="1mo", zone="Europe/Berlin")
    assert [(one["time_stamp"], one["up_seconds"]) for one in found["points"]] == [
        (to_wire(march), 3540),
        (to_wire(april), 3660),
    ]


async def test_an_answer_says_what_it_was_made_of(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(device_ids[0], NOON, NOON + 3 * HOUR), NOON + 4 * HOUR)
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", NOON, NOON + 3 * HOUR, step="1h")
    told = {name: found[name] for name in ("from", "to", "zone", "step", "step_seconds", "tier", "tiers", "exact")}
    assert told == {
        "from": to_wire(NOON),
        "to": to_wire(NOON + 3 * HOUR),
        "zone": "UTC",
        "step": "1h",
        "step_seconds": 3600,
        "tier": "1h",
        "tiers": ["1h"],
        "exact": True,
    }


async def test_an_answer_in_longer_steps_says_from_when_on_minutes_can_be_asked_for(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(device_ids[0], NOON, NOON + 3 * HOUR), NOON + 4 * HOUR)
    await forget_finer_than_hours(engine, NOON + 2 * HOUR)
    for path in (f"/api/devices/{device_ids[0]}/history", "/api/summary/history"):
        whole = await ask(app, path, NOON, NOON + 3 * HOUR, step="1m")
        assert (whole["step"], whole["raw_since"]) == ("1h", to_wire(NOON + 2 * HOUR))
        fine = await ask(app, path, NOON + 2 * HOUR, NOON + 3 * HOUR, step="1m")
        assert (fine["step"], len(fine["points"])) == ("1m", 60)


async def test_where_finer_rows_are_gone_the_step_becomes_theirs(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(device_ids[0], NOON, NOON + 3 * HOUR), NOON + 4 * HOUR)
    await forget_finer_than_hours(engine, NOON + 2 * HOUR)
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", NOON, NOON + 3 * HOUR, step="1m")
    assert (found["step"], [point["up_seconds"] for point in found["points"]]) == ("1h", [3540, 3600, 3600])


async def test_a_local_day_that_begins_within_an_hour_that_is_left_is_told_as_not_exact(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    begin = datetime(2026, 11, 1, tzinfo=kathmandu).astimezone(UTC)
    await store_past(engine, steady(device_ids[0], begin - HOUR, begin + 2 * DAY), begin + 3 * DAY)
    await forget_finer_than_hours(engine, begin + 3 * DAY)
    path = f"/api/devices/{device_ids[0]}/history"
    found = await ask(app, path, begin, begin + 2 * DAY, step="1d", zone="Asia/Kathmandu")
    assert (found["exact"], found["from"]) == (False, to_wire(begin - 15 * MINUTE))
    assert sum(point["up_seconds"] for point in found["points"]) == 2 * 86_400


@pytest.mark.parametrize("points", [1, 2, 7, 288, 289, 2000])
@pytest.mark.parametrize("late", [timedelta(), timedelta(minutes=3, seconds=7), timedelta(hours=5)])
async def test_there_are_never_more_points_than_wanted(
    app: httpx.AsyncClient, device_ids: list[int], points: int, late: timedelta
) -> None:
    begin = NOON - 12 * HOUR + late
    path = f"/api/devices/{device_ids[0]}/history"
    found = await ask(app, path, begin, begin + DAY, points=points)
    assert 1 <= len(found["points"]) <= points


async def test_several_devices_come_over_the_same_buckets(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = [*steady(device_ids[0], NOON, NOON + 50 * MINUTE), *steady(device_ids[2], NOON, NOON + 2 * HOUR, upload=5.0)]
    await store_past(engine, rows, NOON + 4 * HOUR)
    wanted = f"{device_ids[2]}, {device_ids[0]},{device_ids[0]}"
    found = await ask(app, "/api/devices/history", NOON, NOON + 2 * HOUR, step="1h", device_ids=wanted)
    assert [(one["device_id"], [point["upload_speed"] for point in one["points"]]) for one in found["devices"]] == [
        (device_ids[0], [2.0, None]),
        (device_ids[2], [5.0, 5.0]),
    ]


@pytest.mark.parametrize(
    "parameters",
    [
        {"points": "0"},
        {"points": "1000000"},
        {"points": "2001"},
        {"points": "many"},
        {"step": "0"},
        {"step": "-5"},
        {"step": "59"},
        {"step": "1000000000"},
        {"step": "1.5h"},
        {"step": "5 m"},
        {"step": "1y"},
        {"step": "m"},
        {"step": ""},
        {"step": "367d"},
        {"step": "121mo"},
        {"step": "5m\x00"},
        {"step": "\u0665m"},
        {"step": "1m", "from": "2025-11-01T00:00:00Z"},
        {"format": "xml"},
        {"zone": "Europe/Nowhere"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/api/devices/{0}/history", "/api/devices/history?device_ids={0}", "/api/summary/history"]
)
async def test_a_bad_question_is_422_and_names_the_field(
    app: httpx.AsyncClient, device_ids: list[int], path: str, parameters: dict[str, str]
) -> None:
    url = httpx.URL(path.format(device_ids[0])).copy_merge_params(parameters)
    answer = await app.get(url)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] in parameters


@pytest.mark.parametrize(
    "given",
    ["", ",", "a", "1;2", "-1", "1.5", "1,\x00", str(10**20), "٣", ",".join(str(number) for number in range(101))],
)
async def test_ids_that_are_none_or_too_many_are_422(app: httpx.AsyncClient, given: str) -> None:
    answer = await app.get("/api/devices/history", params={"device_ids": given})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "device_ids")


async def test_one_unknown_device_among_several_is_404(app: httpx.AsyncClient, device_ids: list[int]) -> None:
    answer = await app.get("/api/devices/history", params={"device_ids": f"{device_ids[0]},999999"})
    assert (answer.status_code, "999999" in answer.json()["detail"]) == (404, True)


async def test_many_devices_with_many_points_each_are_given_fewer_points(
    app: httpx.AsyncClient, device_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is made at once holds up every screen for as long as it takes."""
    monkeypatch.setattr(series, "MOST_CELLS", 300)
    wanted = ",".join(map(str, device_ids))
    found = await ask(app, "/api/devices/history", NOON, NOON + DAY, points=2000, device_ids=wanted)
    assert len(found["devices"][0]["points"]) <= 100


async def test_many_devices_with_a_step_that_makes_too_many_points_are_refused(
    app: httpx.AsyncClient, device_ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "MOST_CELLS", 300)
    wanted = ",".join(map(str, device_ids))
    parameters = {"from": to_wire(NOON), "to": to_wire(NOON + DAY), "step": "5m", "device_ids": wanted}
    answer = await app.get("/api/devices/history", params=parameters)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "step")


async def test_a_device_that_the_store_has_lost_has_an_empty_past_and_no_error(
    app: httpx.AsyncClient, device_ids: list[int], context: WorkerContext
) -> None:
    """As for a moment after a restore, until every screen has begun anew."""
    await app.get("/api/devices")
    async with context.engine.begin() as connection:
        await connection.execute(text("DELETE FROM store.device"))
    found = await ask(app, f"/api/devices/{device_ids[0]}/history", NOON, NOON + HOUR)
    assert {point["upload_speed"] for point in found["points"]} == {None}


async def test_a_store_of_another_version_is_503_and_says_what_to_do(
    app: httpx.AsyncClient, device_ids: list[int], context: WorkerContext
) -> None:
    async with context.engine.begin() as connection:
        await connection.execute(text("DROP TABLE store.history_extent"))
    answer = await app.get(f"/api/devices/{device_ids[0]}/history")
    assert (answer.status_code, "dashnet upgrade" in answer.json()["detail"]) == (503, True)
