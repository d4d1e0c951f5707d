import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.history.report import ReportFigures
from dashnet.jobs import MOST_WAITING, Job
from dashnet.security_headers import hash_inline
from dashnet.settings import Settings
from services.app import reports
from tests.conftest import run_app
from tests.oracle import Row
from tests.ports import free_port
from tests.queue import queued, run_queued, working
from tests.servers import eventually
from tests.snapshots import restless, store_past
from workers.context import WorkerContext

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "/api/reports/2026-10"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks is told how far it has come at once."""
    monkeypatch.setattr(reports, "WAIT_SECONDS", 0.3)


@pytest.fixture
async def worker(context: WorkerContext) -> AsyncIterator[None]:
    """Makes whatever report is asked for, until the test ends."""
    async with working(context):
        yield


@pytest.fixture
async def rows(engine: AsyncEngine, device_ids: list[int]) -> list[Row]:
    """Some hours of October."""
    begin = OCTOBER + 30 * HOUR
    rows = [row for one in device_ids[:2] for row in restless(one, begin + one * HOUR, begin + 5 * HOUR)]
    await store_past(engine, rows, begin + 24 * HOUR)
    return rows


async def test_who_asks_first_has_it_made_and_waits_for_it(
    app: httpx.AsyncClient, worker: None, rows: list[Row]
) -> None:
    answer = await app.get(PATH)
    assert answer.status_code == 200
    assert set(answer.json()) == set(ReportFigures.__annotations__)
    assert answer.json()["network"]["up_seconds"] > 0


async def test_who_asks_again_is_given_the_same(app: httpx.AsyncClient, worker: None, engine: AsyncEngine) -> None:
    first, second = await app.get(PATH), await app.get(PATH)
    assert first.content == second.content
    assert await count_runs(engine) == 1


async def count_runs(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM store.job_run WHERE job = 'report'")) or 0)


async def test_as_a_page_it_lets_in_its_own_style_and_nothing_else(app: httpx.AsyncClient, worker: None) -> None:
    answer = await app.get(PATH, params={"format": "html"})
    (source,) = hash_inline(answer.text, "style")
    assert f"default-src 'none'; style-src {source}; base-uri" in answer.headers["content-security-policy"]


async def test_it_says_what_the_other_routes_say(app: httpx.AsyncClient, worker: None, rows: list[Row]) -> None:
    made = (await app.get(PATH)).json()
    whole = {"from": "2026-10-01T00:00:00Z", "to": "2026-11-01T00:00:00Z"}
    traffic = {one["device_id"]: one for one in (await app.get("/api/traffic", params=whole)).json()["rows"]}
    known = {one["device_id"]: one for one in (await app.get("/api/availability", params=whole)).json()["rows"]}
    for device in made["devices"][:2]:
        for name in ("uploaded_bytes", "downloaded_bytes", "upload_speed_95th", "download_speed_95th"):
            assert device[name] == traffic[device["device_id"]][name]
        for name in ("up_ratio", "down_seconds", "unobserved_seconds", "outages", "mean_seconds_to_repair"):
            assert device[name] == known[device["device_id"]][name]


@pytest.mark.parametrize(
    ("zone", "begin", "end", "days"),
    [
        ("UTC", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", 31),
        ("Europe/Berlin", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", 31),
        ("Australia/Lord_Howe", "2026-09-30T13:30:00Z", "2026-10-31T13:00:00Z", 31),
        ("Asia/Kathmandu", "2026-09-30T18:15:00Z", "2026-10-31T18:15:00Z", 31),
    ],
)
async def test_a_month_and_its_days_are_those_of_the_zone(
    app: httpx.AsyncClient, worker: None, zone: str, begin: str, end: str, days: int
) -> None:
    made = (await app.get(PATH, params={"zone": zone})).json()
    assert (made["zone"], made["begin"], made["end"]) == (zone, begin, end)
    assert [day["date"] for day in made["days"]] == [f"2026-10-{number:02}" for number in range(1, days + 1)]


async def test_a_month_that_goes_on_is_told_up_to_now(app: httpx.AsyncClient, worker: None) -> None:
    made = (await app.get(f"/api/reports/{datetime.now(UTC):%Y-%m}")).json()
    assert datetime.now(UTC) - datetime.fromisoformat(made["end"]) < timedelta(minutes=1)


async def test_while_no_worker_takes_it_up_progress_is_null(app: httpx.AsyncClient, patience: None) -> None:
    answer = await app.get(PATH)
    assert (answer.status_code, answer.headers["retry-after"]) == (202, "1")
    assert answer.json() == {"month": "2026-10", "zone": "UTC", "progress": None}


async def test_while_it_is_made_progress_is_told(
    app: httpx.AsyncClient, patience: None, context: WorkerContext
) -> None:
    await insert_run(context.engine, outcome=None)
    assert (await app.get(PATH)).json()["progress"] == 0.25
    assert await queued(context, Job.REPORT) == []


async def insert_run(engine: AsyncEngine, outcome: str | None) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, arguments, progress, outcome) "
                "VALUES ('report', date_trunc('second', now()), 'report', '[\"2026-10\", \"UTC\"]', 0.25, :outcome)"
            ),
            {"outcome": outcome},
        )


async def test_asked_for_twice_at_once_it_is_made_once(
    app: httpx.AsyncClient, patience: None, context: WorkerContext
) -> None:
    await asyncio.gather(*(app.get(PATH) for _ in range(5)))
    assert [arguments[2:] for arguments in await queued(context, Job.REPORT)] == [["2026-10", "UTC"]]


async def test_asked_for_again_while_no_worker_is_up_it_waits_once(
    app: httpx.AsyncClient, patience: None, context: WorkerContext
) -> None:
    await app.get(PATH)
    await app.get(PATH)
    assert len(await queued(context, Job.REPORT)) == 1


async def test_whoever_asks_for_all_zones_at_once_leaves_the_workers_to_their_refreshes(
    app: httpx.AsyncClient, patience: None, context: WorkerContext
) -> None:
    zones = ["Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Oslo", "Europe/Vienna", "Europe/Sofia"]
    answers = [await app.get(PATH, params={"zone": zone}) for zone in zones]
    assert {answer.status_code for answer in answers} == {202}
    assert len(await queued(context, Job.REPORT)) == MOST_WAITING


async def test_many_reports_at_once_are_all_made_in_the_end(app: httpx.AsyncClient, worker: None) -> None:
    """More of them than there are ticks to ask for."""

    async def fetch(month: int) -> int:
        async def is_made() -> bool:
            return (await app.get(f"/api/reports/2025-{month:02}")).status_code == 200

        return await eventually(is_made, 30)

    assert await asyncio.gather(*(fetch(month) for month in range(1, 13))) == [True] * 12


async def test_a_report_that_failed_is_503_and_says_where_to_look(
    app: httpx.AsyncClient, context: WorkerContext
) -> None:
    asked = asyncio.create_task(app.get(PATH))
    await eventually(lambda: queued(context, Job.REPORT))
    async with context.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE store.report RENAME TO lost"))
        # What reads the past does not miss it; only what keeps the report does.
        await connection.execute(text("CREATE VIEW store.report AS SELECT * FROM store.lost WHERE false GROUP BY 1, 2"))
    with pytest.raises(Exception, match="report"):
        await run_queued(context)
    answer = await asked
    assert (answer.status_code, "dashnet jobs list" in answer.json()["detail"]) == (503, True)


async def age(engine: AsyncEngine, made_at: datetime) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE store.report SET made_at = :made_at"), {"made_at": made_at})


@pytest.mark.parametrize(
    ("month", "age_of_it", "runs"),
    [
        ("2026-10", timedelta(days=20), 1),
        (None, timedelta(minutes=4), 1),
        (None, timedelta(minutes=6), 2),
    ],
)
async def test_one_of_a_month_that_is_over_stays_and_one_of_a_month_that_goes_on_is_made_anew(
    app: httpx.AsyncClient, worker: None, engine: AsyncEngine, month: str | None, age_of_it: timedelta, runs: int
) -> None:
    path = f"/api/reports/{month or format(datetime.now(UTC), '%Y-%m')}"
    await app.get(path)
    await age(engine, datetime.now(UTC) - age_of_it)
    assert (await app.get(path)).status_code == 200
    assert await count_runs(engine) == runs


async def test_one_made_before_all_of_the_month_was_rolled_up_is_made_anew(
    app: httpx.AsyncClient, worker: None, engine: AsyncEngine
) -> None:
    await app.get(PATH)
    await age(engine, datetime(2026, 11, 1, 0, 14, tzinfo=UTC))
    await app.get(PATH)
    assert await count_runs(engine) == 2


@pytest.mark.parametrize("format", ["json", "html", "pdf", "csv"])
async def test_one_that_an_earlier_version_stored_is_shown(
    app: httpx.AsyncClient, worker: None, engine: AsyncEngine, rows: list[Row], format: str
) -> None:
    """It had neither the kinds' traffic apart nor a null for what is not known."""
    made = (await app.get(PATH)).json()
    older = "UPDATE store.report SET made_at = now(), figures = figures - 'traffic_kind' - 'traffic'"
    async with engine.begin() as connection:
        await connection.execute(text(older))
    answer = await app.get(PATH, params={"format": format})
    assert (answer.status_code, await count_runs(engine)) == (200, 1)
    assert format != "json" or set(answer.json()) == set(made)


async def test_one_made_before_the_past_was_written_is_made_anew(
    app: httpx.AsyncClient, worker: None, engine: AsyncEngine
) -> None:
    await app.get(PATH)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, outcome, finished_at) "
                "VALUES ('backfill', now(), 'hand', 'done', now())"
            )
        )
    assert (await app.get(PATH)).status_code == 200
    assert await count_runs(engine) == 2


@pytest.mark.parametrize(
    "month",
    ["2026-13", "2026-00", "2026-1", "202610", "x", "1999-12", "9999-01", "2999-01", "\u0662026-10", "2026-10%00"],
)
async def test_what_is_no_month_that_has_begun_is_422(app: httpx.AsyncClient, month: str) -> None:
    answer = await app.get(f"/api/reports/{month}")
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "month")


@pytest.mark.parametrize("zone", ["", "Nowhere", "Factory", "../etc/passwd", "x" * 65])
async def test_an_unknown_zone_is_422(app: httpx.AsyncClient, zone: str) -> None:
    answer = await app.get(PATH, params={"zone": zone})
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, "zone")


async def test_without_redis_a_report_that_is_made_is_still_given(
    settings: Settings, app: httpx.AsyncClient, worker: None, redis: Redis
) -> None:
    await app.get(PATH)
    lost = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0", "app_port": free_port()})
    async with run_app(lost) as other:
        assert (await other.get(PATH)).status_code == 200
        answer = await other.get("/api/reports/2026-09")
    assert (answer.status_code, "Redis" in answer.json()["detail"]) == (503, True)
