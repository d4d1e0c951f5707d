from datetime import UTC, datetime, timedelta

import httpx
import pytest

from dashnet.reading import to_wire
from services.app.job_runs import is_late
from tests.app.conftest import RefreshOnce
from workers.context import WorkerContext

LAST = datetime(2026, 11, 23, 20, 10, tzinfo=UTC)
FULL_HOUR = datetime(2026, 11, 23, 20, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (LAST, LAST + timedelta(seconds=59), False),
        (LAST, LAST + timedelta(minutes=3, seconds=59), False),
        (LAST, LAST + timedelta(minutes=4), True),
        (LAST + timedelta(seconds=30), LAST + timedelta(minutes=4), True),
        (FULL_HOUR, FULL_HOUR + timedelta(minutes=4, seconds=59), False),
        (FULL_HOUR, FULL_HOUR + timedelta(minutes=5), True),
        (LAST, LAST + timedelta(days=400), True),
    ],
)
def test_refreshes_are_late_once_three_of_their_ticks_went_by(last: datetime, now: datetime, expected: bool) -> None:
    """The full hour is a clean's and counts for none."""
    assert is_late(last, now) is expected


async def test_the_ledger_lists_the_newest_tick_first(app: httpx.AsyncClient, refresh_once: RefreshOnce) -> None:
    ticks = [to_wire(await refresh_once()), to_wire(await refresh_once())]
    runs = (await app.get("/api/job-runs")).json()
    assert [run["tick"] for run in runs] == ticks[::-1]
    assert {(run["job"], run["outcome"], run["device_count"]) for run in runs} == {("refresh", "done", 3)}


async def insert_runs(context: WorkerContext) -> None:
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, after_id, requested_by, outcome) VALUES "
            "('refresh', '2026-11-23T20:01Z', 0, 'schedule', 'missed'), "
            "('refresh', '2026-11-23T20:02Z', 0, 'schedule', NULL), "
            "('refresh_page', '2026-11-23T20:02Z', 0, 'refresh', 'done'), "
            "('clean', '2026-11-23T20:00Z', 0, 'schedule', 'failed')"
        )


@pytest.mark.parametrize(
    ("parameters", "minutes"),
    [
        ({}, [2, 1, 0]),
        ({"job": "clean"}, [0]),
        ({"outcome": "missed"}, [1]),
        ({"before": "2026-11-23T20:01:00Z"}, [0]),
        ({"before": "2026-11-23T21:01:00 01:00"}, [0]),
        ({"before": "2026-11-23", "zone": "Europe/Berlin"}, []),
        ({"limit": "1"}, [2]),
    ],
)
async def test_runs_are_chosen_by_job_outcome_time_and_number_and_pages_are_left_out(
    app: httpx.AsyncClient, context: WorkerContext, parameters: dict[str, str], minutes: list[int]
) -> None:
    await insert_runs(context)
    runs = (await app.get("/api/job-runs", params=parameters)).json()
    assert [datetime.fromisoformat(run["tick"]).minute for run in runs] == minutes


@pytest.mark.parametrize(
    "parameters",
    [
        {"job": "reboot"},
        {"outcome": "x"},
        {"limit": "0"},
        {"before": "now"},
        {"before": "1.8e9"},
        {"before": "1e3"},
        {"before": "-3.7e-137"},
        {"before": "2026-11-23"},
        {"before": "0001-01-01T00:00:00+23:59"},
    ],
)
async def test_a_bad_choice_is_422(app: httpx.AsyncClient, parameters: dict[str, str]) -> None:
    assert (await app.get("/api/job-runs", params=parameters)).status_code == 422


async def test_how_far_a_long_run_has_come_is_told_while_it_runs(
    app: httpx.AsyncClient, context: WorkerContext
) -> None:
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.job_run (job, tick, requested_by, arguments, progress, snapshot_count) "
            "VALUES ('backfill', '2026-11-23T20:02Z', 'hand', '[90]', 0.25, 1000000)"
        )
    (run,) = (await app.get("/api/job-runs", params={"job": "backfill"})).json()
    assert (run["outcome"], run["progress"], run["snapshot_count"]) == (None, 0.25, 1_000_000)


@pytest.mark.parametrize("job", ["rollup", "backfill", "report"])
async def test_jobs_that_work_on_the_past_stand_in_the_ledger_too(
    app: httpx.AsyncClient, context: WorkerContext, job: str
) -> None:
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"INSERT INTO store.job_run (job, tick, requested_by) VALUES ('{job}', '2026-11-23T20:02Z', 'schedule')"
        )
    assert [run["job"] for run in (await app.get("/api/job-runs")).json()] == [job]
    assert [run["job"] for run in (await app.get("/api/job-runs", params={"job": job})).json()] == [job]
