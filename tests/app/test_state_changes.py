from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.reading import to_wire
from tests.app.questions import ask
from tests.oracle import MINUTE
from tests.snapshots import steady, store_past
from workers.context import WorkerContext
from workers.network_client import Readings
from workers.state_changes import insert_state_changes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "/api/state-changes"


@pytest.fixture
async def turned(engine: AsyncEngine, device_ids: list[int]) -> None:
    """The first device goes up, down and up again; the second goes down."""
    rows = [
        *steady(device_ids[0], NOON, NOON + 10 * MINUTE),
        *steady(device_ids[0], NOON + 10 * MINUTE, NOON + 20 * MINUTE, active=False),
        *steady(device_ids[0], NOON + 20 * MINUTE, NOON + 30 * MINUTE),
        *steady(device_ids[1], NOON + 15 * MINUTE, NOON + 30 * MINUTE, active=False),
    ]
    await store_past(engine, rows)


async def test_the_newest_comes_first_with_what_was_before(
    app: httpx.AsyncClient, device_ids: list[int], turned: None
) -> None:
    found = await ask(app, PATH, NOON, NOON + HOUR)
    assert [(one["device_id"], one["from_state"], one["to_state"], one["at"]) for one in found] == [
        (device_ids[0], "down", "up", to_wire(NOON + 20 * MINUTE)),
        (device_ids[1], "unknown", "down", to_wire(NOON + 15 * MINUTE)),
        (device_ids[0], "up", "down", to_wire(NOON + 10 * MINUTE)),
        (device_ids[0], "unknown", "up", to_wire(NOON + MINUTE)),
    ]


@pytest.mark.parametrize(
    ("parameters", "minutes"),
    [
        ({"to_state": "down"}, [15, 10]),
        ({"device_id": 2}, [15]),
        ({"device_id": 1, "to_state": "up"}, [20, 1]),
        ({"limit": 1}, [20]),
    ],
)
async def test_changes_are_chosen_by_device_state_and_number(
    app: httpx.AsyncClient, turned: None, parameters: dict[str, str | int], minutes: list[int]
) -> None:
    found = await ask(app, PATH, NOON, NOON + HOUR, **parameters)
    assert [datetime.fromisoformat(one["at"]).minute for one in found] == minutes


async def test_a_range_holds_its_first_moment_and_not_its_last(app: httpx.AsyncClient, turned: None) -> None:
    found = await ask(app, PATH, NOON + 10 * MINUTE, NOON + 20 * MINUTE)
    assert [datetime.fromisoformat(one["at"]).minute for one in found] == [15, 10]


async def test_the_reason_of_the_refresh_is_told(
    app: httpx.AsyncClient, device_ids: list[int], context: WorkerContext
) -> None:
    readings = Readings([device_ids[0]], [False], [0.0], [0.0], [None], ["no answer within 10 s"])
    async with context.engine.begin() as connection:
        await insert_state_changes(connection, NOON, readings, {device_ids[0]})
    (one,) = await ask(app, PATH, NOON, NOON + HOUR)
    devices = (await app.get("/api/devices")).json()
    assert (one["reason"], one["host_name"]) == ("no answer within 10 s", devices[0]["host_name"])


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"to_state": "offline"}, "to_state"),
        ({"to_state": "up\x00"}, "to_state"),
        ({"limit": "0"}, "limit"),
        ({"limit": "10001"}, "limit"),
        ({"device_id": "1.5"}, "device_id"),
        ({"from": "2999-01-01T00:00:00Z"}, "from"),
    ],
)
async def test_a_bad_question_is_422_and_names_the_field(
    app: httpx.AsyncClient, parameters: dict[str, str], field: str
) -> None:
    answer = await app.get(PATH, params=parameters)
    assert (answer.status_code, answer.json()["errors"][0]["location"]) == (422, field)
