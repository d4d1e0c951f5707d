import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.history.counts import select_device_counts
from dashnet.history.traffic import to_bytes
from dashnet.reading import to_wire
from services.app import traffic
from tests.app.questions import ask
from tests.oracle import MINUTE, Row, count_device, count_summary, of_device
from tests.snapshots import forget_finer_than_hours, restless, steady, store_past
from workers.rollup import roll_up

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY, FIVE_MINUTES = timedelta(hours=1), timedelta(days=1), timedelta(minutes=5)


def bytes_of(rows: Sequence[Row], begin: datetime, end: datetime) -> tuple[int, int]:
    """Sent and received, second by second; a megabit is 125,000 bytes."""
    counts = [count_device(its, begin, end) or {} for its in of_device(rows).values()]
    up, down = (sum(one.get(f"{way}_megabits") or 0 for one in counts) for way in ("upload", "download"))
    return round(up * 125_000), round(down * 125_000)


def percentile(values: list[float]) -> float:
    """The least value that 95 of 100 do not exceed."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def five_minute_means(rows: Sequence[Row], begin: datetime, end: datetime) -> dict[datetime, float]:
    """Mbit/s up of one device, of the five minutes in which its state was known."""
    marks = [begin + number * FIVE_MINUTES for number in range((end - begin) // FIVE_MINUTES)]
    counts = {mark: count_device(rows, mark, mark + FIVE_MINUTES) or {} for mark in marks}
    known = {mark: (one.get("up_seconds") or 0) + (one.get("down_seconds") or 0) for mark, one in counts.items()}
    return {mark: (counts[mark]["upload_megabits"] or 0) / known[mark] for mark in marks if known[mark]}


@pytest.fixture
async def rows(engine: AsyncEngine, device_ids: list[int]) -> list[Row]:
    """Five hours of all three devices, with times down and gaps, of which four and a half are rolled up."""
    rows = [row for one in device_ids for row in restless(one, NOON + 9 * one * MINUTE, NOON + 5 * HOUR)]
    await store_past(engine, rows, NOON + 4.5 * HOUR)
    return sorted(rows, key=lambda row: row.time_stamp)


async def test_bytes_of_devices_are_what_the_raw_snapshots_add_up_to_and_the_busiest_come_first(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    begin, end = NOON + 17 * MINUTE, NOON + 4 * HOUR + 3 * MINUTE
    found = await ask(app, "/api/traffic", begin, end)
    told = {one["device_id"]: (one["uploaded_bytes"], one["downloaded_bytes"]) for one in found["rows"]}
    assert told == {one: bytes_of(of_device(rows)[one], begin, end) for one in device_ids}
    totals = [sum(pair) for pair in told.values()]
    assert totals == sorted(totals, reverse=True)


SPIKE = "UPDATE store.{} SET {} = {} WHERE device_id = {} AND {} = '2026-11-20 12:20Z'"


@pytest.mark.parametrize("value", ["2.5e12", "'NaN'", "'Infinity'", "-1"])
async def test_a_snapshot_that_cannot_be_true_spoils_nobodys_traffic(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, value: str
) -> None:
    bad, good, _ = device_ids
    await store_past(engine, [row for one in (bad, good) for row in steady(one, NOON, NOON + HOUR)])
    async with engine.begin() as connection:
        await connection.execute(text(SPIKE.format("snapshot", "upload_speed", value, bad, "time_stamp")))
    await roll_up(engine, NOON + 2 * HOUR)
    devices = await ask(app, "/api/traffic", NOON, NOON + HOUR)
    network = await ask(app, "/api/traffic", NOON, NOON + HOUR, by="network")
    uploaded = {one["device_id"]: one["uploaded_bytes"] for one in devices["rows"]}
    assert uploaded == {bad: 3480 * 2 * 125_000, good: 3540 * 2 * 125_000}
    assert network["rows"][0]["uploaded_bytes"] == (3540 * 4 - 60 * 2) * 125_000


@pytest.mark.parametrize("value", ["1.7e308", "'NaN'", "'Infinity'", "-1"])
async def test_tiers_that_cannot_be_true_spoil_no_answer(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, value: str
) -> None:
    bad, good, _ = device_ids
    await store_past(engine, [row for one in (bad, good) for row in steady(one, NOON, NOON + HOUR)], NOON + DAY)
    async with engine.begin() as connection:
        for tier in ("5m", "1h", "1d"):
            await connection.execute(
                text(f"UPDATE store.rollup_{tier} SET upload_megabits = {value} WHERE device_id = {bad}")
            )
            await connection.execute(text(f"UPDATE store.summary_{tier} SET upload_megabits = {value}"))
    rows = (await ask(app, "/api/traffic", NOON, NOON + HOUR, step="1h"))["rows"]
    network = (await ask(app, "/api/traffic", NOON, NOON + HOUR, by="network"))["rows"][0]
    points = (await ask(app, "/api/summary/history", NOON, NOON + HOUR, step="1h"))["points"]
    assert [(one["device_id"], one["uploaded_bytes"]) for one in rows] == [(good, 3540 * 250_000), (bad, None)]
    assert (network["uploaded_bytes"], network["downloaded_bytes"]) == (None, 3540 * 1_000_000)
    assert (points[0]["upload_speed"], points[0]["download_speed"]) == (None, 8.0)


def test_bytes_never_exceed_what_64_bits_hold() -> None:
    assert (to_bytes(8.0), to_bytes(1e15)) == (1_000_000, 2**63 - 1)


async def test_bytes_of_a_tag_are_those_of_its_devices(
    app: httpx.AsyncClient, device_ids: list[int], tags: None, rows: list[Row]
) -> None:
    found = await ask(app, "/api/traffic", NOON, NOON + 4 * HOUR, by="tag")
    by_device, (core, lab) = of_device(rows), (device_ids[:2], device_ids[1:2])
    assert {one["tag"]: (one["uploaded_bytes"], one["downloaded_bytes"]) for one in found["rows"]} == {
        tag: bytes_of([row for one in members for row in by_device[one]], NOON, NOON + 4 * HOUR)
        for tag, members in (("core", core), ("lab", lab))
    }


async def test_bytes_of_the_network_are_those_of_its_ticks(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    found = await ask(app, "/api/traffic", NOON, NOON + 4 * HOUR, by="network")
    expected = count_summary(rows, NOON, NOON + 4 * HOUR)
    assert expected is not None
    assert [one["uploaded_bytes"] for one in found["rows"]] == [round((expected["upload_megabits"] or 0) * 125_000)]


async def test_the_95th_percentile_of_a_device_is_that_of_its_five_minute_means(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    found = await ask(app, "/api/traffic", NOON, NOON + 4 * HOUR, device_id=device_ids[0])
    means = five_minute_means(of_device(rows)[device_ids[0]], NOON, NOON + 4 * HOUR)
    assert found["rows"][0]["upload_speed_95th"] == pytest.approx(percentile(list(means.values())))


async def test_the_95th_percentile_of_a_tag_is_that_of_the_sums_of_its_devices_means(
    app: httpx.AsyncClient, device_ids: list[int], tags: None, rows: list[Row]
) -> None:
    found = await ask(app, "/api/traffic", NOON, NOON + 4 * HOUR, by="tag")
    one, other = (five_minute_means(of_device(rows)[id_], NOON, NOON + 4 * HOUR) for id_ in device_ids[:2])
    sums = [one.get(mark, 0) + other.get(mark, 0) for mark in {*one, *other}]
    (core,) = (row for row in found["rows"] if row["tag"] == "core")
    assert core["upload_speed_95th"] == pytest.approx(percentile(sums))


async def test_the_95th_percentile_of_the_network_is_that_of_its_five_minute_means(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    found = await ask(app, "/api/traffic", NOON, NOON + 4 * HOUR, by="network")
    marks = [NOON + number * FIVE_MINUTES for number in range(48)]
    counts = [count_summary(rows, mark, mark + FIVE_MINUTES) for mark in marks]
    means = [(one["upload_megabits"] or 0) / (one["upload_known_seconds"] or 1) for one in counts if one]
    assert found["rows"][0]["upload_speed_95th"] == pytest.approx(percentile(means))


async def test_a_range_without_whole_five_minutes_has_no_percentile(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    found = await ask(app, "/api/traffic", NOON + 61 * MINUTE, NOON + 64 * MINUTE, by="network")
    assert found["rows"][0]["upload_speed_95th"] is None


async def test_where_five_minute_means_are_gone_there_is_no_percentile_but_bytes(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row], engine: AsyncEngine
) -> None:
    await forget_finer_than_hours(engine, NOON + 2 * HOUR)
    (row,) = (await ask(app, "/api/traffic", NOON, NOON + 4 * HOUR, device_id=device_ids[0]))["rows"]
    expected = bytes_of(of_device(rows)[device_ids[0]], NOON, NOON + 4 * HOUR)
    assert (row["uploaded_bytes"], row["upload_speed_95th"]) == (expected[0], None)


async def test_a_range_that_begins_within_an_hour_that_is_left_whole_is_told_as_not_exact(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row], engine: AsyncEngine
) -> None:
    await forget_finer_than_hours(engine, NOON + 2 * HOUR)
    found = await ask(app, "/api/traffic", NOON + 70 * MINUTE, NOON + 4 * HOUR)
    assert (found["exact"], found["from"]) == (False, to_wire(NOON + HOUR))


@pytest.mark.parametrize("by", ["device", "tag", "network"])
async def test_steps_add_up_to_the_whole_though_the_first_begins_in_the_middle(
    app: httpx.AsyncClient, device_ids: list[int], tags: None, rows: list[Row], by: str
) -> None:
    found = await ask(app, "/api/traffic", NOON + 20 * MINUTE, NOON + 4 * HOUR, step="1h", by=by)
    begins = [to_wire(NOON + 20 * MINUTE), *(to_wire(NOON + number * HOUR) for number in (1, 2, 3))]
    for row in found["rows"]:
        assert [one["time_stamp"] for one in row["buckets"]] == begins
        assert sum(one["uploaded_bytes"] for one in row["buckets"]) == pytest.approx(row["uploaded_bytes"], abs=2)
        assert sum(one["downloaded_bytes"] for one in row["buckets"]) == pytest.approx(row["downloaded_bytes"], abs=2)


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
async def test_a_day_of_the_zone_has_the_bytes_of_as_many_hours_as_its_clocks_gave_it(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, day: tuple[int, int, int], hours: int
) -> None:
    local = datetime(*day, tzinfo=ZoneInfo("Europe/Berlin"))
    begin, end = local.astimezone(UTC), (local + DAY).astimezone(UTC)
    await store_past(engine, steady(device_ids[0], begin - 2 * HOUR, end + 2 * HOUR), end + DAY)
    found = await ask(app, "/api/traffic", begin, end, step="1d", zone="Europe/Berlin")
    buckets = found["rows"][0]["buckets"]
    assert [(one["time_stamp"], one["uploaded_bytes"]) for one in buckets] == [
        (to_wire(begin), hours * 3600 * 2 * 125_000)
    ]


async def test_months_are_those_of_the_zone(app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine) -> None:
    zone = ZoneInfo("Asia/Kolkata")
    march, april, may = (datetime(2026, month, 1, tzinfo=zone).astimezone(UTC) for month in (3, 4, 5))
    await store_past(engine, steady(device_ids[0], april - HOUR, april + HOUR), april + DAY)
    found = await ask(app, "/api/traffic", march, may, step="1mo", zone="Asia/Kolkata")
    # Half an hour after a full one UTC the last span of the hour before is over.
    assert [one["uploaded_bytes"] // 250_000 for one in found["rows"][0]["buckets"]] == [3600, 3600]


async def test_only_the_busiest_are_told(app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine) -> None:
    speeds = dict(zip(device_ids, (1.0, 3.0, 2.0), strict=True))
    rows = [row for one, speed in speeds.items() for row in steady(one, NOON, NOON + HOUR, upload=speed)]
    await store_past(engine, rows)
    found = await ask(app, "/api/traffic", NOON, NOON + HOUR, limit=2, step="5m")
    assert [one["device_id"] for one in found["rows"]] == [device_ids[1], device_ids[2]]


async def test_the_steps_of_the_busiest_alone_are_read(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of all devices of a large network would be millions."""
    asked: list[tuple[int, object]] = []

    async def watched(connection: Any, plan: Any, ids: Any = None) -> Any:
        asked.append((len(plan.edges) - 1, ids))
        return await select_device_counts(connection, plan, ids)

    monkeypatch.setattr(traffic, "select_device_counts", watched)
    await store_past(engine, [row for one in device_ids for row in steady(one, NOON, NOON + HOUR, upload=one)])
    await ask(app, "/api/traffic", NOON, NOON + HOUR, limit=1, step="5m")
    assert asked == [(1, None), (12, [device_ids[2]])]


async def test_a_removed_device_counts_for_the_network_and_has_no_row(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(999, NOON, NOON + HOUR))
    devices = await ask(app, "/api/traffic", NOON, NOON + HOUR)
    network = await ask(app, "/api/traffic", NOON, NOON + HOUR, by="network")
    assert (devices["rows"], network["rows"][0]["uploaded_bytes"]) == ([], 3540 * 2 * 125_000)


async def test_bytes_of_the_network_are_counted_at_its_edge_with_kinds_apart(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    """The first hour was stored before kinds were kept apart, up to the first tick after it: a row of its own."""
    rows = steady(1, NOON, NOON + HOUR, upload=8.0)
    for one, simulated, edge in ((1, False, True), (2, False, False), (3, True, True)):
        its = steady(one, NOON + HOUR, NOON + 2 * HOUR, upload=8.0 * one)
        rows += [replace(row, simulated=simulated, edge=edge) for row in its]
    await store_past(engine, rows, NOON + 1.5 * HOUR)
    found = (await ask(app, "/api/traffic", NOON + MINUTE, NOON + 2 * HOUR, by="network", step="1h"))["rows"]
    one = (await ask(app, "/api/traffic", NOON, NOON + 2 * HOUR, by="network", kind="real"))["rows"]
    assert [(row["kind"], row["uploaded_bytes"]) for row in found] == [
        ("real", 3540 * 1_000_000),
        ("simulated", 3540 * 3_000_000),
        ("all", 3600 * 1_000_000),
    ]
    assert [bucket["uploaded_bytes"] for bucket in found[0]["buckets"]] == [None, 3540 * 1_000_000]
    assert [(row["kind"], row["upload_speed_95th"]) for row in one] == [("real", 8.0)]


@pytest.mark.parametrize("by", ["device", "tag", "network"])
async def test_a_range_in_which_nobody_looked_has_no_traffic(
    app: httpx.AsyncClient, device_ids: list[int], by: str
) -> None:
    found = await ask(app, "/api/traffic", NOON, NOON + HOUR, by=by, step="30m")
    assert [one["uploaded_bytes"] for one in found["rows"] if one["uploaded_bytes"] is not None] == []


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"by": "planet"}, "by"),
        ({"by": "network", "kind": "planet"}, "kind"),
        ({"by": "device", "kind": "real"}, "kind"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"step": "0"}, "step"),
        ({"step": "1m", "from": "2026-01-01T00:00:00Z"}, "step"),
        ({"zone": "Nowhere"}, "zone"),
        ({"device_id": "x"}, "device_id"),
        ({"device_id": "1", "by": "network"}, "device_id"),
        ({"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T12:00:00Z"}, "from"),
    ],
)
async def test_a_bad_question_is_422_and_names_the_field(
    app: httpx.AsyncClient, parameters: dict[str, str], field: str
) -> None:
    answer = await app.get("/api/traffic", params=parameters)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, field)


@pytest.mark.parametrize("device_id", [0, -1, 999_999, 10**20])
async def test_an_unknown_device_is_404(app: httpx.AsyncClient, device_id: int) -> None:
    assert (await app.get("/api/traffic", params={"device_id": device_id})).status_code == 404
