from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from dashnet.errors import InvalidInput
from dashnet.jobs import Job
from tests.oracle import MINUTE, Row, count_device, of_device
from tests.snapshots import forget_finer_than_hours, restless, steady, store_past
from workers import report as module
from workers.context import WorkerContext
from workers.report import report
from workers.sync import sync

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 10, 1, tzinfo=BERLIN).astimezone(UTC)
END = datetime(2026, 11, 1, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture
async def stored_ids(context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int]) -> list[int]:
    """Three devices that the store knows, named so that the last comes first; the first two are core."""
    for number, device_id in enumerate(device_ids):
        fields = {"host_name": f"Host-{9 - number}", "tags": ["core"] if number < 2 else []}
        await network.patch(f"/devices/{device_id}", json=fields)
    await sync(context, 4)
    return device_ids


async def make(context: WorkerContext, tick: datetime, month: str = "2026-10", zone: str = "Europe/Berlin") -> Any:
    """The figures that the job keeps."""
    await report(context, tick, "test", month, zone)
    query = text("SELECT figures FROM store.report WHERE month = :month AND zone = :zone")
    async with context.engine.connect() as connection:
        return await connection.scalar(query, {"month": month, "zone": zone})


async def test_devices_are_told_by_name_each_with_the_sums_of_its_snapshots(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    rows = [row for one in stored_ids[:2] for row in restless(one, BEGIN - 2 * HOUR, BEGIN + 5 * HOUR)]
    await store_past(context.engine, rows, BEGIN + DAY)
    made = await make(context, now)
    assert [one["device_id"] for one in made["devices"]] == stored_ids[::-1]
    for device_id, its in of_device(rows).items():
        expected = count_device(its, BEGIN, END) or {}
        (told,) = (one for one in made["devices"] if one["device_id"] == device_id)
        assert {name: told[name] for name in ("up_seconds", "down_seconds")} == {
            name: expected[name] for name in ("up_seconds", "down_seconds")
        }
        assert told["downloaded_bytes"] == round((expected["download_megabits"] or 0) * 125_000)


async def test_a_month_with_numbers_that_cannot_be_true_is_told_without_them(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    bad, good, _ = stored_ids
    rows = [row for one in (bad, good) for row in restless(one, BEGIN, BEGIN + 5 * HOUR)]
    await store_past(context.engine, rows, BEGIN + DAY)
    async with context.engine.begin() as connection:
        for tier in ("5m", "1h"):
            spike = f"UPDATE store.rollup_{tier} SET download_megabits = 'Infinity' WHERE device_id = :bad"
            await connection.execute(text(spike), {"bad": bad})
            await connection.execute(text(f"UPDATE store.summary_{tier} SET download_megabits = 'NaN'"))
    made = await make(context, now)
    told = {one["device_id"]: one["downloaded_bytes"] for one in made["devices"]}
    expected = count_device(of_device(rows)[good], BEGIN, END) or {}
    assert (told[good], told[bad]) == (round((expected["download_megabits"] or 0) * 125_000), None)
    assert (made["network"]["downloaded_bytes"], made["network"]["uploaded_bytes"] > 0) == (None, True)


async def test_the_days_of_a_month_with_a_change_of_clocks_are_its_own(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    saturday = datetime(2026, 10, 24, tzinfo=BERLIN).astimezone(UTC)
    await store_past(context.engine, steady(stored_ids[0], saturday, saturday + 4 * DAY), saturday + 5 * DAY)
    days = {one["date"]: (one["uploaded_bytes"] or 0) // 250_000 for one in (await make(context, now))["days"]}
    assert len(days) == 31
    told = [days[f"2026-10-{number}"] for number in (24, 25, 26, 27, 28)]
    assert told == [86_400 - 60, 90_000, 86_400, 86_400 - 3600 + 60, 0]


async def test_where_hours_are_gone_the_days_keep_their_names(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    await store_past(context.engine, steady(stored_ids[0], BEGIN, BEGIN + DAY), END + DAY)
    await forget_finer_than_hours(context.engine, END + DAY)
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE store.history_extent SET hours_since = :until"), {"until": END + DAY})
    made = await make(context, now)
    dates = [one["date"] for one in made["days"]]
    assert (made["exact"], dates) == (False, [f"2026-10-{number:02}" for number in range(1, 32)])


async def test_a_tag_is_its_devices_together(context: WorkerContext, stored_ids: list[int], now: datetime) -> None:
    rows = [row for one in stored_ids for row in steady(one, BEGIN, BEGIN + HOUR)]
    await store_past(context.engine, rows, BEGIN + DAY)
    (core,) = (await make(context, now))["tags"]
    assert (core["tag"], core["devices"], core["up_seconds"], core["upload_speed_95th"]) == ("core", 2, 7200, 4.0)


async def test_outages_are_counted_and_told_the_longest_first(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    rows: list[Row] = []
    for one, minutes in zip(stored_ids[:2], (5, 15), strict=True):
        middle = BEGIN + (20 + minutes) * MINUTE
        rows += steady(one, BEGIN, BEGIN + 20 * MINUTE)
        rows += steady(one, BEGIN + 20 * MINUTE, middle, active=False) + steady(one, middle, BEGIN + HOUR)
    await store_past(context.engine, rows)
    made = await make(context, now)
    assert (made["outage_count"], [one["seconds"] for one in made["outages"]]) == (2, [900, 300])


async def test_the_ledgers_ticks_of_the_month_are_counted(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    async with context.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES "
                "('refresh', '2026-10-20T12:01Z', 'schedule', 'done'), "
                "('refresh', '2026-10-20T12:02Z', 'schedule', 'missed'), "
                "('refresh', '2026-10-31T23:30Z', 'schedule', 'missed'), "
                "('refresh', '2026-10-20T12:03Z', 'schedule', NULL)"
            )
        )
    assert (await make(context, now))["ticks"] == {"done": 1, "skipped": 0, "missed": 1, "failed": 0}


async def test_without_any_device_there_is_a_report_that_says_so(
    context: WorkerContext, store: None, network: httpx.AsyncClient, now: datetime
) -> None:
    made = await make(context, now)
    assert (made["device_count"], made["devices"], made["network"]["up_ratio"]) == (0, [], None)


async def test_it_stands_in_the_ledger_with_what_was_asked_for_and_how_far_it_came(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    await make(context, now)
    query = text("SELECT job, outcome, progress, device_count, arguments FROM store.job_run")
    async with context.engine.connect() as connection:
        rows = [tuple(row) for row in await connection.execute(query)]
    assert rows == [(Job.REPORT, "done", 1.0, 3, ["2026-10", "Europe/Berlin"])]


async def test_made_again_it_takes_the_place_of_the_older_one(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    await make(context, now)
    await store_past(context.engine, steady(stored_ids[0], BEGIN, BEGIN + HOUR), BEGIN + DAY)
    made = await make(context, now + timedelta(seconds=1))
    assert made["network"]["up_seconds"] == 3600


@pytest.mark.parametrize("month", ["2999-01", "9998-12"])
async def test_a_month_that_has_not_begun_fails_and_the_ledger_says_so(
    context: WorkerContext, stored_ids: list[int], now: datetime, month: str
) -> None:
    with pytest.raises(InvalidInput, match="has not begun"):
        await make(context, now, month)
    async with context.engine.connect() as connection:
        error = await connection.scalar(text("SELECT error FROM store.job_run WHERE outcome = 'failed'"))
    assert error == f"{month} has not begun yet"


async def test_it_is_made_though_the_workers_were_busy_for_minutes(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    assert await make(context, now - 5 * MINUTE) is not None


async def test_only_the_newest_are_kept(
    context: WorkerContext, stored_ids: list[int], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for every month in every zone does not fill the disk."""
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    for number, zone in enumerate(("UTC", "Europe/Berlin", "Asia/Kolkata")):
        await make(context, now + timedelta(seconds=number), zone=zone)
        async with context.engine.begin() as connection:
            await connection.execute(text("UPDATE store.report SET made_at = made_at - interval '1 minute'"))
    async with context.engine.connect() as connection:
        zones = set(await connection.scalars(text("SELECT zone FROM store.report")))
    assert zones == {"Europe/Berlin", "Asia/Kolkata"}
