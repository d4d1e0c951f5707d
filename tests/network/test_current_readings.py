"""The present in bulk, asked of the real service: the same as `GET /devices/` shows one by one."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from dashnet.reading import InterfaceReading, Reading, State, unread
from services.network.current_readings import encode_readings
from tests.factories import make_device
from tests.network.conftest import Device
from tests.network.test_reader import make_inventory

MOMENT = datetime(2026, 11, 23, 20, tzinfo=UTC)
HOST = {"driver": "host", "driver_options": {"interfaces": ["lo"]}}
NO_SUCH = {"driver": "host", "driver_options": {"interfaces": ["no-such"]}}


async def read(network: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await network.get("/readings/now", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    readings: dict[str, Any] = answer.json()
    return readings


async def test_it_is_what_devices_show_one_by_one(network: httpx.AsyncClient, three_devices: list[Device]) -> None:
    await network.post("/devices/", json=[make_device(**HOST), make_device(**NO_SUCH)])
    readings = await read(network)
    devices = (await network.get("/devices/", params={"interfaces": "true"})).json()
    assert readings["device_ids"] == [one["id"] for one in devices] == [1, 2, 3, 4, 5]
    assert [one is not None for one in readings["upload_speeds"]] == [True, True, True, False, False]
    assert readings["errors"] == {str(one["id"]): one["error"] for one in devices if one["error"]}
    assert "5" in readings["errors"]
    assert {one: [its["name"] for its in shown] for one, shown in readings["interfaces"].items()} == {"4": ["lo"]}
    assert (readings["loss_ratios"], readings["jitters_seconds"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "ids"),
    [({"after": 1}, [2, 3]), ({"limit": 2}, [1, 2]), ({"after": 1, "until": 2}, [2]), ({"after": 3}, [])],
)
async def test_it_comes_in_pages(
    network: httpx.AsyncClient, three_devices: list[Device], query: dict[str, int], ids: list[int]
) -> None:
    readings = await read(network, **query)
    assert readings["device_ids"] == ids
    columns = "active_connections", "upload_speeds", "download_speeds", "round_trips_seconds"
    assert {len(readings[name]) for name in columns} == {len(ids)}


@pytest.mark.parametrize("query", [{"after": -1}, {"limit": 0}, {"limit": 100_001}, {"until": "x"}])
async def test_a_page_that_cannot_be_is_refused(network: httpx.AsyncClient, query: dict[str, Any]) -> None:
    assert (await network.get("/readings/now", params=query)).status_code == 422


async def test_a_page_of_another_site_touches_no_device(network: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    assert (await network.get("/readings/now", headers=headers)).status_code == 403


def test_what_json_has_no_place_for_costs_nobody_else_the_reading() -> None:
    shown = [InterfaceReading("eth\udcff", State.UP)]
    bad = replace(unread(1, State.DOWN, MOMENT, "gone"), upload_speed=10**30)
    odd = Reading(2, State.UP, 1.5, 2.5, None, MOMENT, interfaces=shown, loss_ratio=0.5)
    inventory = make_inventory("host", "host", "host")
    readings = orjson.loads(encode_readings(inventory, [bad, odd, unread(3, State.DOWN, MOMENT, "x")]))
    assert readings["active_connections"] == [None, True, False]
    assert readings["upload_speeds"] == [None, 1.5, 0.0]
    assert readings["loss_ratios"] == [None, 0.5, None]
    assert readings["errors"] == {"1": "internal fault of driver host; see the network service's log", "3": "x"}
    assert [one["name"] for one in readings["interfaces"]["2"]] == ["eth\ufffd"]
