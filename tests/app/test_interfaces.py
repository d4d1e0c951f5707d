"""Interfaces over HTTP: as they are now, and their past, held against that of devices with the same traffic."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.history.tiers import floor_to
from dashnet.reading import to_wire
from dashnet.settings import Settings
from tests.conftest import run_app
from tests.interfaces import ShowingNetwork, copy_as_interfaces, make_interface, with_network
from tests.snapshots import restless, store_rows
from workers.context import WorkerContext
from workers.refresh import refresh
from workers.retention import drop_expired
from workers.rollup import roll_up

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
async def refreshed(context: WorkerContext, settings: Settings, device_ids: list[int]) -> datetime:
    """The first device was read twice: then without eth1, and with another alias of eth0; tells the second tick."""
    tick = datetime.now(UTC).replace(microsecond=0)
    async with ShowingNetwork(settings) as network:
        network.shown = {device_ids[0]: [make_interface("eth0", alias="old"), make_interface("eth1", line_speed=None)]}
        await refresh(with_network(context, network), tick, "test")
        network.shown = {device_ids[0]: [make_interface("eth0", alias="new", state="down", upload_speed=None)]}
        await refresh(with_network(context, network), tick + SECOND, "test")
    return tick + SECOND


async def test_interfaces_are_told_with_their_latest_snapshot(
    app: httpx.AsyncClient, device_ids: list[int], refreshed: datetime
) -> None:
    eth0, eth1 = (await app.get(f"/api/devices/{device_ids[0]}/interfaces")).json()
    assert (eth0["name"], eth0["alias"], eth0["line_speed"], eth0["state"]) == ("eth0", "new", 1000.0, "down")
    assert eth0["first_seen_at"] == to_wire(refreshed - SECOND)
    assert eth0["last_seen_at"] == to_wire(refreshed)
    assert eth0["snap_shot"] == {
        "time_stamp": to_wire(refreshed),
        "state": "down",
        "upload_speed": None,
        "download_speed": 2.5,
        "errors_in": 0.25,
        "errors_out": 0.0,
        "discards_in": 0.0,
        "discards_out": 0.5,
    }
    # Nobody knows how it is now, for the latest reading did not show it.
    assert (eth1["name"], eth1["state"], eth1["snap_shot"]["state"]) == ("eth1", "unknown", "up")
    assert eth1["last_seen_at"] == to_wire(refreshed - SECOND)


async def test_of_too_many_interfaces_those_are_told_that_were_seen_last(
    app: httpx.AsyncClient, engine: AsyncEngine, device_ids: list[int], refreshed: datetime
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE store.interface SET last_seen_at = 'yesterday' WHERE name = 'eth0'"))
    answer = await app.get(f"/api/devices/{device_ids[0]}/interfaces?limit=1")
    assert [one["name"] for one in answer.json()] == ["eth1"]


async def test_a_device_without_interfaces_has_an_empty_list_and_one_that_is_not_there_is_not_found(
    app: httpx.AsyncClient, device_ids: list[int], refreshed: datetime
) -> None:
    assert (await app.get(f"/api/devices/{device_ids[1]}/interfaces")).json() == []
    assert (await app.get("/api/devices/999/interfaces")).status_code == 404


@pytest.mark.parametrize(
    ("device", "query", "status", "told"),
    [
        (0, "interface=eth9", 404, "has no interface 'eth9'; it has: eth0, eth1"),
        (0, "interface=%00", 404, "has no interface"),
        (1, "interface=eth0", 404, "none of its interfaces has been seen"),
        (998, "interface=eth0", 404, "there is no device 999"),
        (0, "", 422, "interface"),
        (0, "interface=", 422, "interface"),
        (0, "interface=eth0&step=1s", 422, "step"),
        (0, "interface=eth0&from=2999-01-01T00:00:00Z", 422, "future"),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(
    app: httpx.AsyncClient, refreshed: datetime, device: int, query: str, status: int, told: str
) -> None:
    answer = await app.get(f"/api/devices/{device + 1}/interfaces/history?{query}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.text


@pytest.fixture
async def midnight(engine: AsyncEngine, device_ids: list[int]) -> datetime:
    """Four days of the first device up to this midnight, rolled up, and an interface that showed the very same."""
    midnight = floor_to(datetime.now(UTC), DAY)
    await store_rows(engine, restless(device_ids[0], midnight - 4 * DAY, midnight - HOUR))
    await copy_as_interfaces(engine, device_ids[:1])
    await roll_up(engine, midnight)
    async with engine.begin() as connection:
        # So that a device is no simulated one, of which less past is promised.
        await connection.execute(text("UPDATE store.device SET driver = 'host'"))
    return midnight


@pytest.fixture
async def past(settings: Settings, midnight: datetime) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app service that knows these devices."""
    async with run_app(settings) as client:
        yield client


RATES = [f"{way}_speed{what}" for way in ("upload", "download") for what in ("", "_min", "_max")]
SAME = ("time_stamp", *RATES, "up_seconds", "down_seconds", "unknown_seconds", "snapshots")


def same_of(points: list[dict[str, Any]]) -> list[list[Any]]:
    return [[point[name] for name in SAME] for point in points]


@pytest.mark.parametrize(
    ("hours", "query", "tier"),
    [
        (6, "step=1m", "raw"),
        (30, "", "5m"),
        (96, "step=1d&zone=Asia/Tokyo", "1h"),
    ],
)
async def test_its_past_is_told_like_that_of_a_device_with_the_same_traffic(
    past: httpx.AsyncClient, midnight: datetime, device_ids: list[int], hours: int, query: str, tier: str
) -> None:
    begin, end = to_wire(midnight - hours * HOUR).replace("+", "%2B"), to_wire(midnight)
    asked = f"from={begin}&to={end}&{query}"
    device = (await past.get(f"/api/devices/{device_ids[0]}/history?{asked}")).json()
    answer = (await past.get(f"/api/devices/{device_ids[0]}/interfaces/history?interface=copy/1&{asked}")).json()
    assert {name: answer[name] for name in ("from", "to", "zone", "step", "tier", "tiers", "exact")} == {
        name: device[name] for name in ("from", "to", "zone", "step", "tier", "tiers", "exact")
    }
    assert (answer["device_id"], answer["interface"], answer["tier"]) == (device_ids[0], "copy/1", tier)
    assert same_of(answer["points"]) == same_of(device["points"])
    # Errors in are as many as Mbit/s were sent, and errors out, which are known while it is up, one a second.
    assert [point["errors_in"] for point in answer["points"]] == [point["upload_speed"] for point in answer["points"]]
    known = {point["errors_out"] for point in answer["points"] if point["up_seconds"]}
    assert known == {1.0}


async def test_time_in_which_nobody_looked_is_null(
    past: httpx.AsyncClient, midnight: datetime, device_ids: list[int]
) -> None:
    # The span of an hour's last snapshot reaches into the next one's first minute.
    asked = f"from={to_wire(midnight - 2 * HOUR)}&to={to_wire(midnight)}&step=30m"
    answer = await past.get(f"/api/devices/{device_ids[0]}/interfaces/history?interface=copy/1&{asked}")
    points = answer.json()["points"]
    assert [point["upload_speed"] is None for point in points] == [False, False, False, True]
    assert points[-1]["up_seconds"] + points[-1]["down_seconds"] + points[-1]["unknown_seconds"] == 0


async def test_as_csv_it_holds_the_same(past: httpx.AsyncClient, midnight: datetime, device_ids: list[int]) -> None:
    path = f"/api/devices/{device_ids[0]}/interfaces/history?interface=copy/1"
    path += f"&from={to_wire(midnight - DAY)}&to={to_wire(midnight)}&step=1h"
    points = (await past.get(path)).json()["points"]
    answer = await past.get(f"{path}&format=csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [row["interface"] for row in rows] == ["copy/1"] * 24
    for name in ("time_stamp", "upload_speed", "errors_in", "discards_in", "snapshots"):
        assert [row[name] for row in rows] == ["" if one[name] is None else str(one[name]) for one in points]


async def test_where_raw_snapshots_are_gone_the_tiers_answer(
    past: httpx.AsyncClient, context: WorkerContext, midnight: datetime, device_ids: list[int]
) -> None:
    asked = f"interface=copy/1&from={to_wire(midnight - 90 * HOUR)}&to={to_wire(midnight - 80 * HOUR)}&step=1m"
    path = f"/api/devices/{device_ids[0]}/interfaces/history?{asked}"
    assert (await past.get(path)).json()["step"] == "1m"
    await drop_expired(context, datetime.now(UTC))
    answer = (await past.get(path)).json()
    assert (answer["step"], answer["tier"]) == ("5m", "5m")
    assert any(point["upload_speed"] for point in answer["points"])
    # Of devices more is kept.
    assert (await past.get(f"/api/devices/{device_ids[0]}/history?{asked}")).json()["step"] == "1m"
