"""The past in bulk, asked of the real service; that it is the same past as that of `?at=…` stands here too."""

from itertools import chain
from typing import Any

import httpx
import pytest

from dashnet.problems import MEDIA_TYPE
from tests.factories import make_device
from tests.network.conftest import Device

REALISTIC = {"driver_options": {"profile": "realistic"}}
HOST = {"driver": "host", "driver_options": {"interfaces": ["lo"]}}
HOUR = {"from": "2026-11-23T20:00:00Z", "to": "2026-11-23T21:00:00Z"}
TABLES = {
    "active_connections": "active_connection",
    "upload_speeds": "upload_speed",
    "download_speeds": "download_speed",
    "round_trips_seconds": "round_trip_seconds",
}


async def read(network: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    """A past, of that hour where nothing else is said."""
    answer = await network.get("/readings/", params=HOUR | query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    past: dict[str, Any] = answer.json()
    return past


async def read_one_by_one(network: httpx.AsyncClient, time_stamps: list[str]) -> dict[str, list[list[Any]]]:
    """The same tables from `GET /devices/?at=…`."""
    rows = [(await network.get("/devices/", params={"at": moment})).json() for moment in time_stamps]
    return {table: [[device[field] for device in row] for row in rows] for table, field in TABLES.items()}


@pytest.mark.parametrize("begin", ["2026-11-23T20:00:00Z", "1969-12-31T23:50:00Z"])
async def test_it_is_the_past_that_is_read_moment_by_moment(
    network: httpx.AsyncClient, three_devices: list[Device], begin: str
) -> None:
    await network.post("/devices/", json=[make_device(**REALISTIC, parent_id=1), make_device(**REALISTIC)])
    past = await read(network, **{"from": begin, "to": begin.replace(":00:", ":20:").replace(":50:", ":59:")})
    assert past["device_ids"] == [1, 2, 3, 4, 5]
    assert {table: past[table] for table in TABLES} == await read_one_by_one(network, past["time_stamps"])


async def test_what_has_no_round_trip_says_null(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device(), make_device(**REALISTIC)])
    past = await read(network)
    assert {row[0] for row in past["round_trips_seconds"]} == {None}
    assert [row[1] is not None for row in past["round_trips_seconds"]] == [row[1] for row in past["active_connections"]]


@pytest.mark.parametrize(
    ("query", "time_stamps"),
    [
        ({"to": "2026-11-23T20:02:00Z"}, ["2026-11-23T20:00:00Z", "2026-11-23T20:01:00Z"]),
        ({"to": "2026-11-23T20:01:00.000001Z"}, ["2026-11-23T20:00:00Z", "2026-11-23T20:01:00Z"]),
        ({"step_seconds": 1800}, ["2026-11-23T20:00:00Z", "2026-11-23T20:30:00Z"]),
        ({"step_seconds": 86_400}, ["2026-11-23T20:00:00Z"]),
        ({"from": "2026-11-23T21:59:58+01:00", "step_seconds": 3600}, ["2026-11-23T20:59:58Z"]),
        ({"from": "2026-11-23T20:58:30.25"}, ["2026-11-23T20:58:30.250000Z", "2026-11-23T20:59:30.250000Z"]),
        ({"from": "0001-01-01", "to": "0001-01-01T00:00:01"}, ["0001-01-01T00:00:00Z"]),
        ({"from": "9999-12-31T23:59:59", "to": "9999-12-31T23:59:59.999999"}, ["9999-12-31T23:59:59Z"]),
    ],
    ids=str,
)
async def test_moments_go_from_the_first_in_steps_and_end_before_the_last(
    network: httpx.AsyncClient, three_devices: list[Device], query: dict[str, Any], time_stamps: list[str]
) -> None:
    past = await read(network, **query)
    assert past["time_stamps"] == time_stamps
    assert {table: past[table] for table in TABLES} == await read_one_by_one(network, time_stamps)


async def test_pages_hold_every_simulated_device_exactly_once(network: httpx.AsyncClient) -> None:
    """A page is full however many other devices lie between, so that one that is not is the last."""
    await network.post("/devices/", json=[make_device(**(HOST if number % 3 else {})) for number in range(14)])
    whole = await read(network)
    pages = [await read(network, after=after, limit=2) for after in (0, 4, 10, 13)]
    assert [page["device_ids"] for page in pages] == [[1, 4], [7, 10], [13], []]
    rows_of_pages = zip(*(page["upload_speeds"] for page in pages), strict=True)
    assert whole["upload_speeds"] == [list(chain.from_iterable(rows)) for rows in rows_of_pages]


async def test_a_device_whose_parent_is_on_another_page_is_down_with_it(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    whole, page = await read(network), await read(network, after=2, limit=1)
    assert page["active_connections"] == [[row[2]] for row in whole["active_connections"]]


async def test_where_no_device_is_simulated_rows_are_empty(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=make_device(**HOST))
    past = await read(network, step_seconds=1800)
    assert past == {
        "device_ids": [],
        "time_stamps": ["2026-11-23T20:00:00Z", "2026-11-23T20:30:00Z"],
        **{table: [[], []] for table in TABLES},
    }


async def test_a_million_readings_fit_in_an_answer(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(100)])
    past = await read(network, **{"to": "2026-11-23T22:46:40Z", "step_seconds": 1})
    assert {len(past[table]) for table in ("time_stamps", *TABLES)} == {10_000}
    assert {len(row) for row in past["round_trips_seconds"]} == {100}


TOO_MUCH = [
    (100, {"to": "2026-11-23T22:46:41Z", "step_seconds": 1}, "100 devices at 10,001 moments are too many"),
    (0, {"from": "0001-01-01", "to": "9999-12-31"}, "0 devices at 5,258,963,520 moments are too many"),
    (1, {"to": "2026-12-23", "step_seconds": 1}, "an answer holds at most 1,000,000 readings; ask for a shorter time"),
]


@pytest.mark.parametrize(("devices", "query", "text"), TOO_MUCH, ids=["devices", "time stamps", "one device"])
async def test_more_than_a_million_are_refused_with_a_word_on_what_to_do(
    network: httpx.AsyncClient, devices: int, query: dict[str, Any], text: str
) -> None:
    await network.post("/devices/", json=[make_device(**HOST), *(make_device() for _ in range(devices))])
    answer = await network.get("/readings/", params=HOUR | query)
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE)
    assert text in answer.json()["detail"]


async def test_one_device_behind_very_many_is_refused_what_would_take_minutes(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=make_device())
    for parent_id in range(1, 11):
        await network.post("/devices/", json=make_device(parent_id=parent_id))
    answer = await network.get("/readings/?from=2026-11-01&to=2026-11-12T13:46:40&step_seconds=1&after=10")
    assert answer.status_code == 422
    assert "and 10,000,000 with the 10 devices above them; ask for" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("", "from: Field required"),
        ("from=2026-11-23", "to: Field required"),
        ("from=noon&to=2026-11-23", "from: not an ISO 8601 time"),
        ("from=2026-11-23&to=1795464000", "to: not an ISO 8601 time"),
        ("from=2026-11-23&to=9999-12-31T23:59:59-01:00", "to: outside the years 1 to 9999"),
        ("from=0001-01-01T00:00:00%2B01:00&to=2026-11-23", "from: outside the years 1 to 9999"),
        ("from=2026-11-23&to=2026-11-23", "from: does not lie before to"),
        ("from=2026-11-24&to=2026-11-23", "from: does not lie before to"),
        ("from=2026-11-23&to=2026-11-24&step_seconds=0", "step_seconds: Input should be greater than or equal to 1"),
        ("from=2026-11-23&to=2026-11-24&step_seconds=86401", "step_seconds: Input should be less than or equal to 864"),
        ("from=2026-11-23&to=2026-11-24&step_seconds=0.5", "step_seconds: Input should be a valid integer"),
        ("from=2026-11-23&to=2026-11-24&after=-1", "after: Input should be greater than or equal to 0"),
        ("from=2026-11-23&to=2026-11-24&limit=0", "limit: Input should be greater than or equal to 1"),
        ("from=2026-11-23&to=2026-11-24&limit=100001", "limit: Input should be less than or equal to 100000"),
    ],
)
async def test_a_bad_query_is_refused(network: httpx.AsyncClient, query: str, text: str) -> None:
    answer = await network.get(f"/readings/?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, MEDIA_TYPE)
    assert text in answer.json()["detail"]
