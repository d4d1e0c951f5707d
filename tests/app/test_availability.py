from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.reading import to_wire
from tests.app.questions import ask
from tests.oracle import MINUTE, Row, count_device, count_summary, of_device
from tests.snapshots import forget_finer_than_hours, restless, steady, store_past

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "/api/availability"


def seconds_of(row: dict[str, Any]) -> dict[str, int]:
    return {state: row[f"{state}_seconds"] for state in ("up", "down", "unknown", "unobserved")}


def expected_of(rows: Sequence[Row], *parts: tuple[datetime, datetime]) -> dict[str, float]:
    """Seconds of some parts, one by one from raw snapshots; what is in none of them since the first was unobserved."""
    counts = [count_device(rows, begin, end) or {} for begin, end in parts]
    told = {one: sum(count.get(f"{one}_seconds") or 0 for count in counts) for one in ("up", "down", "unknown")}
    since = min(row.time_stamp for row in rows)
    whole = sum((end - max(begin, since)).total_seconds() for begin, end in parts)
    return {**told, "unobserved": whole - sum(told.values())}


def period(begin: datetime, end: datetime) -> str:
    return f"{to_wire(begin)}/{to_wire(end)}"


@pytest.fixture
async def rows(engine: AsyncEngine, device_ids: list[int]) -> list[Row]:
    """Five hours of two of the devices, with times down and gaps; the third was never read."""
    rows = [row for one in device_ids[:2] for row in restless(one, NOON + 9 * one * MINUTE, NOON + 5 * HOUR)]
    await store_past(engine, rows, NOON + 4.5 * HOUR)
    return sorted(rows, key=lambda row: row.time_stamp)


async def test_seconds_of_a_device_are_those_of_its_snapshots_and_since_the_first_the_rest_nobody_looked(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    begin, end = NOON + 17 * MINUTE, NOON + 4 * HOUR + 3 * MINUTE
    found = {row["device_id"]: row for row in (await ask(app, PATH, begin, end))["rows"]}
    for device_id, its in of_device(rows).items():
        assert seconds_of(found[device_id]) == expected_of(its, (begin, end))


async def test_a_device_that_was_never_read_was_not_down(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    found = await ask(app, PATH, NOON, NOON + HOUR, device_id=device_ids[2])
    (row,) = found["rows"]
    assert (row["up_ratio"], row["down_ratio"], seconds_of(row)["unobserved"]) == (None, None, 3600)


async def test_ratios_are_shares_of_the_time_that_was_observed(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = [
        *steady(device_ids[0], NOON, NOON + 31 * MINUTE),
        *steady(device_ids[0], NOON + 31 * MINUTE, NOON + 41 * MINUTE, active=False),
        *steady(device_ids[0], NOON + 41 * MINUTE, NOON + 51 * MINUTE, active=None),
    ]
    await store_past(engine, rows, NOON + 4 * HOUR)
    (row,) = (await ask(app, PATH, NOON, NOON + 4 * HOUR, device_id=device_ids[0]))["rows"]
    assert (row["up_ratio"], row["down_ratio"], row["unknown_ratio"]) == (0.6, 0.2, 0.2)


async def test_the_worst_comes_first_and_what_nobody_looked_at_last(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = [*steady(device_ids[0], NOON, NOON + HOUR), *steady(device_ids[1], NOON, NOON + HOUR, active=False)]
    await store_past(engine, rows)
    found = await ask(app, PATH, NOON, NOON + HOUR)
    assert [row["device_id"] for row in found["rows"]] == [device_ids[1], device_ids[0], device_ids[2]]


async def test_a_tag_is_its_devices_added_up_those_that_were_never_read_included(
    app: httpx.AsyncClient, network: httpx.AsyncClient, device_ids: list[int], tags: None, rows: list[Row]
) -> None:
    found = await ask(app, PATH, NOON, NOON + 4 * HOUR, by="tag")
    core = next(row for row in found["rows"] if row["tag"] == "core")
    whole = [expected_of(its, (NOON, NOON + 4 * HOUR)) for its in of_device(rows).values()]
    assert seconds_of(core) == {state: sum(one[state] for one in whole) for state in whole[0]}


async def test_of_the_network_unobserved_is_the_time_in_which_no_device_was_read(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    found = await ask(app, PATH, NOON, NOON + 4 * HOUR, by="network")
    counts = count_summary(rows, NOON, NOON + 4 * HOUR)
    assert counts is not None
    assert seconds_of(found["rows"][0]) == {
        "up": counts["up_seconds"],
        "down": counts["down_seconds"],
        "unknown": counts["unknown_seconds"],
        "unobserved": 4 * 3600 - (counts["covered_seconds"] or 0),
    }


@pytest.mark.parametrize("by", ["device", "network"])
async def test_what_is_excluded_counts_for_nothing(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, by: str
) -> None:
    down = steady(device_ids[0], NOON + HOUR, NOON + 2 * HOUR, active=False)
    up = [*steady(device_ids[0], NOON, NOON + HOUR), *steady(device_ids[0], NOON + 2 * HOUR, NOON + 3 * HOUR)]
    await store_past(engine, [*up, *down], NOON + 4 * HOUR)
    window = (NOON + HOUR, NOON + 2 * HOUR + MINUTE)
    answer = await app.get(
        PATH,
        params={
            "from": to_wire(NOON + MINUTE),
            "to": to_wire(NOON + 3 * HOUR),
            "by": by,
            "exclude": [period(*window), period(NOON + 90 * MINUTE, NOON + 100 * MINUTE)],
        },
    )
    found = answer.json()
    expected = expected_of([*up, *down], (NOON + MINUTE, window[0]), (window[1], NOON + 3 * HOUR))
    assert found["seconds"] == 3 * 3600 - 60 - 3660
    told = {"up": found["rows"][0]["up_seconds"], "down": found["rows"][0]["down_seconds"]}
    assert told == {"up": expected["up"], "down": expected["down"]}


async def test_an_outage_within_an_excluded_period_counts_for_none(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, outage_of(device_ids[0], NOON, minutes=10))
    parameters = {"exclude": period(NOON, NOON + HOUR), "from": to_wire(NOON), "to": to_wire(NOON + 2 * HOUR)}
    (row, *_) = (await app.get(PATH, params={**parameters, "device_id": device_ids[0]})).json()["rows"]
    assert (row["outages"], row["mean_seconds_to_repair"]) == (0, None)


async def test_all_excluded_leaves_nothing_and_is_no_error(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row]
) -> None:
    parameters = {"from": to_wire(NOON), "to": to_wire(NOON + HOUR), "exclude": period(NOON, NOON + HOUR)}
    found = (await app.get(PATH, params=parameters)).json()
    assert (found["seconds"], {row["up_ratio"] for row in found["rows"]}) == (0, {None})


async def test_where_finer_rows_are_gone_all_rows_are_told_over_the_same_seconds(
    app: httpx.AsyncClient, device_ids: list[int], rows: list[Row], engine: AsyncEngine
) -> None:
    await forget_finer_than_hours(engine, NOON + 3 * HOUR)
    found = await ask(app, PATH, NOON + 70 * MINUTE, NOON + 4 * HOUR)
    assert (found["exact"], found["from"], found["seconds"]) == (False, to_wire(NOON + HOUR), 3 * 3600)
    assert {sum(seconds_of(row).values()) for row in found["rows"]} == {3 * 3600}


async def test_the_ledger_tells_how_many_ticks_ended_how(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.job_run (job, tick, requested_by, outcome) VALUES "
                "('refresh', '2026-11-20T12:01Z', 'schedule', 'done'), "
                "('refresh', '2026-11-20T12:02Z', 'schedule', 'missed'), "
                "('refresh', '2026-11-20T12:03Z', 'schedule', 'missed'), "
                "('refresh', '2026-11-20T12:04Z', 'schedule', NULL), "
                "('rollup', '2026-11-20T12:05Z', 'schedule', 'done'), "
                "('refresh', '2026-11-20T13:00Z', 'schedule', 'failed')"
            )
        )
    found = await ask(app, PATH, NOON, NOON + HOUR)
    assert found["ticks"] == {"done": 1, "skipped": 0, "missed": 2, "failed": 0, "running": 1}


def outage_of(device_id: int, begin: datetime, minutes: int) -> list[Row]:
    """An hour from `begin` on, of which the device is down from minute 20 on."""
    first, last = begin + 20 * MINUTE, begin + (20 + minutes) * MINUTE
    return [
        *steady(device_id, begin, first),
        *steady(device_id, first, last, active=False),
        *steady(device_id, last, begin + HOUR),
    ]


async def test_means_between_failures_and_to_repair_are_of_the_outages_in_the_range(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = outage_of(device_ids[0], NOON, minutes=10) + outage_of(device_ids[0], NOON + HOUR, minutes=20)
    await store_past(engine, rows, NOON + 4 * HOUR)
    found = await ask(app, PATH, NOON, NOON + 2 * HOUR, device_id=device_ids[0])
    (row,) = found["rows"]
    assert (row["outages"], row["mean_seconds_to_repair"]) == (2, 900.0)
    assert row["mean_seconds_between_failures"] == row["up_seconds"] / 2


async def test_outages_are_told_with_begin_end_and_length_the_newest_first(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    rows = outage_of(device_ids[0], NOON, minutes=10) + outage_of(device_ids[1], NOON + HOUR, minutes=20)
    await store_past(engine, rows)
    found = await ask(app, "/api/outages", NOON, NOON + 2 * HOUR)
    assert [(one["device_id"], one["begin"], one["end"], one["seconds"]) for one in found] == [
        (device_ids[1], to_wire(NOON + 80 * MINUTE), to_wire(NOON + 100 * MINUTE), 1200),
        (device_ids[0], to_wire(NOON + 20 * MINUTE), to_wire(NOON + 30 * MINUTE), 600),
    ]


async def test_an_outage_that_goes_on_has_no_end_and_lasts_to_the_end_of_the_range(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(device_ids[0], NOON, NOON + HOUR, active=False))
    (one,) = await ask(app, "/api/outages", NOON, NOON + HOUR)
    assert (one["begin"], one["end"], one["seconds"]) == (to_wire(NOON + MINUTE), None, 3540)


async def test_an_outage_that_began_before_the_range_has_its_true_begin_and_its_length_within(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, outage_of(device_ids[0], NOON, minutes=10))
    (one,) = await ask(app, "/api/outages", NOON + 25 * MINUTE, NOON + 40 * MINUTE)
    assert (one["begin"], one["seconds"]) == (to_wire(NOON + 20 * MINUTE), 300)


@pytest.mark.parametrize("begin", [0, 30])
async def test_an_outage_that_only_touches_the_range_is_none_of_it(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, begin: int
) -> None:
    await store_past(engine, outage_of(device_ids[0], NOON, minutes=10))
    found = await ask(app, "/api/outages", NOON + begin * MINUTE, NOON + (begin + 20) * MINUTE)
    assert found == []


async def test_outages_are_chosen_by_device_and_number(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    hours = [NOON + number * HOUR for number in range(3)]
    await store_past(engine, [row for one in device_ids for hour in hours for row in outage_of(one, hour, minutes=5)])
    found = await ask(app, "/api/outages", NOON, NOON + 3 * HOUR, device_id=device_ids[1], limit=2)
    assert [(one["device_id"], one["begin"]) for one in found] == [
        (device_ids[1], to_wire(hour + 20 * MINUTE)) for hour in hours[:0:-1]
    ]


async def test_outages_of_a_removed_device_are_told_no_more(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, outage_of(999, NOON, minutes=10))
    assert await ask(app, "/api/outages", NOON, NOON + HOUR) == []


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        (PATH, {"by": "planet"}, "by"),
        (PATH, {"device_id": "x"}, "device_id"),
        (PATH, {"device_id": "1", "by": "tag"}, "device_id"),
        (PATH, {"from": "2026-11-20T12:00:00Z", "to": "2026-11-20T11:00:00Z"}, "from"),
        ("/api/outages", {"limit": "0"}, "limit"),
        ("/api/outages", {"limit": "10001"}, "limit"),
        ("/api/outages", {"from": "x"}, "from"),
    ],
)
async def test_a_bad_question_is_422_and_names_the_field(
    app: httpx.AsyncClient, path: str, parameters: dict[str, str], field: str
) -> None:
    answer = await app.get(path, params=parameters)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, field)


@pytest.mark.parametrize("path", [PATH, "/api/outages", "/api/state-changes"])
@pytest.mark.parametrize("device_id", [0, -1, 999_999, 10**20])
async def test_an_unknown_device_is_404(app: httpx.AsyncClient, path: str, device_id: int) -> None:
    assert (await app.get(path, params={"device_id": device_id})).status_code == 404
