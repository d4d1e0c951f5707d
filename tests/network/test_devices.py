"""The contract of the routes; what they refuse stands in test_bad_input.py."""

import asyncio
from dataclasses import fields
from typing import Any

import httpx
import pytest

from dashnet.reading import InterfaceReading
from services.network.models import InterfacePublic
from tests.factories import make_device
from tests.network.conftest import Device

READING = {
    "state",
    "active_connection",
    "upload_speed",
    "download_speed",
    "round_trip_seconds",
    "loss_ratio",
    "jitter_seconds",
    "read_at",
    "error",
}
STATIC = {
    "id",
    "host_name",
    "device_type",
    "operating_system",
    "mac_address",
    "ip_address",
    "driver",
    "driver_options",
    "tags",
    "parent_id",
}
HOST = {"driver": "host", "driver_options": {"interfaces": ["lo"]}}


async def inventory_of(network: httpx.AsyncClient) -> list[Device]:
    answer: list[Device] = (await network.get("/devices/", params={"read": False})).json()
    return answer


async def test_an_empty_inventory_is_an_empty_array(network: httpx.AsyncClient) -> None:
    answer = await network.get("/devices/")
    assert (answer.status_code, answer.json()) == (200, [])


async def test_devices_are_read_in_id_order(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device(), make_device(**HOST), make_device()])
    devices = (await network.get("/devices/")).json()
    assert [device["id"] for device in devices] == [1, 2, 3]
    assert [set(device) for device in devices] == [STATIC | READING] * 3


async def test_an_up_device_carries_traffic_and_a_down_one_none(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(200)])
    devices = (await network.get("/devices/")).json()
    up = [device for device in devices if device["active_connection"]]
    down = [device for device in devices if not device["active_connection"]]
    assert {device["state"] for device in up} == {"up"}
    assert {(one["state"], one["upload_speed"], one["download_speed"]) for one in down} == {("down", 0, 0)}


async def test_pages_hold_every_device_exactly_once(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device() for _ in range(10)])
    await network.delete("/devices/4")
    pages = [(await network.get("/devices/", params={"after": after, "limit": 4})).json() for after in (0, 5, 9)]
    assert [[device["id"] for device in page] for page in pages] == [[1, 2, 3, 5], [6, 7, 8, 9], [10]]


@pytest.mark.parametrize("after", [3, 4, 2**70])
async def test_after_the_last_device_comes_an_empty_page(
    network: httpx.AsyncClient, three_devices: list[Device], after: int
) -> None:
    assert (await network.get("/devices/", params={"after": after})).json() == []


async def test_the_inventory_alone_has_no_reading(network: httpx.AsyncClient, three_devices: list[Device]) -> None:
    assert await inventory_of(network) == three_devices
    assert set(three_devices[0]) == STATIC


async def test_the_past_can_be_read_again(network: httpx.AsyncClient, three_devices: list[Device]) -> None:
    first = (await network.get("/devices/", params={"at": "2026-11-23T20:00:00Z"})).json()
    again = (await network.get("/devices/", params={"at": "2026-11-23T20:00:00Z"})).json()
    assert again == first
    assert {device["read_at"] for device in first} == {"2026-11-23T20:00:00Z"}


async def test_a_reading_now_agrees_with_what_is_said_of_that_moment_later(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    now = (await network.get("/devices/")).json()
    later = (await network.get("/devices/", params={"at": now[0]["read_at"]})).json()
    assert later == now


async def test_only_simulated_devices_have_a_past(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device(**HOST), make_device()])
    devices = (await network.get("/devices/", params={"at": "2026-11-23T20:00:00Z"})).json()
    assert [device["id"] for device in devices] == [2]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z"])
async def test_any_moment_of_the_calendar_can_be_read(
    network: httpx.AsyncClient, three_devices: list[Device], moment: str
) -> None:
    realistic = make_device(driver_options={"profile": "realistic"})
    await network.post("/devices/", json=realistic)
    devices = (await network.get("/devices/", params={"at": moment})).json()
    assert {device["read_at"] for device in devices} == {moment}


async def test_one_device_is_added_and_answered_as_one(network: httpx.AsyncClient) -> None:
    body = make_device(tags=["attic"], driver_options={"profile": "realistic", "seed": 4})
    answer = await network.post("/devices/", json=body)
    expected = body | {"id": 1, "driver": "simulated", "parent_id": None}
    assert (answer.status_code, answer.json()) == (201, expected)
    assert await inventory_of(network) == [expected]


async def test_a_list_is_added_and_answered_as_a_list(network: httpx.AsyncClient) -> None:
    answer = await network.post("/devices/", json=[make_device(host_name="a")])
    assert answer.status_code == 201
    assert [device["host_name"] for device in answer.json()] == ["a"]


async def test_a_list_with_one_bad_device_adds_none(network: httpx.AsyncClient) -> None:
    answer = await network.post("/devices/", json=[make_device(), make_device(host_name="")])
    assert answer.status_code == 422
    assert await inventory_of(network) == []


async def test_ten_thousand_devices_are_added_and_read_at_once(network: httpx.AsyncClient) -> None:
    answer = await network.post("/devices/", json=[make_device() for _ in range(10_000)])
    assert (answer.status_code, len(answer.json())) == (201, 10_000)
    assert len((await network.get("/devices/")).json()) == 10_000


async def test_a_refused_list_uses_up_no_ids(network: httpx.AsyncClient, device: Device) -> None:
    """A job that sends a list again and again must not wear the 2,147,483,647 ids out."""
    again = make_device(mac_address=device["mac_address"])
    refused = await network.post("/devices/", json=[make_device(), again])
    added = await network.post("/devices/", json=make_device())
    assert (refused.status_code, added.json()["id"]) == (409, device["id"] + 1)


async def test_one_device_is_read_as_in_the_list(network: httpx.AsyncClient, three_devices: list[Device]) -> None:
    answer = await network.get("/devices/2")
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in STATIC} == three_devices[1]
    assert set(answer.json()) == STATIC | READING


@pytest.mark.parametrize(
    "change",
    [
        {"host_name": "new"},
        {"mac_address": "02:00:00:00:00:00"},
        {"ip_address": "::1"},
        {"device_type": "Phone"},
        {"operating_system": ""},
        {"driver_options": {"profile": "realistic"}},
        {"tags": ["a", "b"]},
        {"parent_id": 1},
        {"parent_id": None},
        HOST,
        {},
    ],
    ids=str,
)
async def test_a_change_touches_only_what_is_given(
    network: httpx.AsyncClient, three_devices: list[Device], change: dict[str, Any]
) -> None:
    answer = await network.patch("/devices/3", json=change)
    assert (answer.status_code, answer.json()) == (200, three_devices[2] | change)
    assert await inventory_of(network) == [*three_devices[:2], three_devices[2] | change]


async def test_a_device_may_keep_its_own_mac_address(network: httpx.AsyncClient, device: Device) -> None:
    answer = await network.patch("/devices/1", json={"mac_address": device["mac_address"].lower()})
    assert (answer.status_code, answer.json()) == (200, device)


async def test_a_removed_device_is_gone_and_its_children_stay(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    answer = await network.delete("/devices/1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await inventory_of(network) == [three_devices[1] | {"parent_id": None}, three_devices[2]]


async def test_a_mac_address_is_free_again_after_its_device_was_removed(
    network: httpx.AsyncClient, device: Device
) -> None:
    await network.delete(f"/devices/{device['id']}")
    answer = await network.post("/devices/", json=make_device(mac_address=device["mac_address"]))
    assert answer.status_code == 201
    assert answer.json()["id"] > device["id"]


async def test_changes_since_nothing_are_the_whole_inventory(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    await network.delete("/devices/3")
    changes = (await network.get("/inventory/changes")).json()
    assert (changes["revision"], changes["changed"], changes["removed"]) == (4, three_devices[:2], [])


async def test_changes_since_a_revision_are_exactly_what_changed(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    revision = (await network.get("/inventory/changes")).json()["revision"]
    await network.delete("/devices/1")
    added = (await network.post("/devices/", json=make_device())).json()
    changes = (await network.get("/inventory/changes", params={"since": revision})).json()
    assert changes["revision"] == revision + 2
    assert changes["changed"] == [three_devices[1] | {"parent_id": None}, added]
    assert changes["removed"] == [1]


@pytest.mark.parametrize("ahead", [0, 1, 2**40])
async def test_there_are_no_changes_since_now_or_later(
    network: httpx.AsyncClient, three_devices: list[Device], ahead: int
) -> None:
    known = (await network.get("/inventory/changes")).json()
    changes = (await network.get("/inventory/changes", params={"since": known["revision"] + ahead})).json()
    assert changes == known | {"changed": [], "removed": []}


async def test_a_refused_edit_is_no_change(network: httpx.AsyncClient, device: Device) -> None:
    before = (await network.get("/inventory/changes")).json()
    await network.post("/devices/", json=device | {"id": 7})
    await network.patch("/devices/1", json={"parent_id": 1})
    await network.delete("/devices/7")
    assert (await network.get("/inventory/changes")).json() == before


async def test_of_two_devices_with_one_mac_address_at_the_same_time_one_is_added(network: httpx.AsyncClient) -> None:
    body = make_device()
    answers = await asyncio.gather(*(network.post("/devices/", json=body) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert len(await inventory_of(network)) == 1


async def test_two_changes_at_the_same_time_make_no_circle(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json=[make_device(), make_device()])
    answers = await asyncio.gather(
        network.patch("/devices/1", json={"parent_id": 2}), network.patch("/devices/2", json={"parent_id": 1})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert None in [device["parent_id"] for device in await inventory_of(network)]


async def test_changes_of_different_fields_at_the_same_time_are_both_kept(
    network: httpx.AsyncClient, device: Device
) -> None:
    await asyncio.gather(
        network.patch("/devices/1", json={"host_name": "new"}), network.patch("/devices/1", json={"tags": ["new"]})
    )
    assert await inventory_of(network) == [device | {"host_name": "new", "tags": ["new"]}]


@pytest.fixture
async def host(network: httpx.AsyncClient) -> Device:
    """This machine's loopback in the inventory, beside a simulated device."""
    _, host = (await network.post("/devices/", json=[make_device(), make_device(**HOST)])).json()
    return dict(host)


async def test_interfaces_come_to_those_who_ask_and_from_devices_that_show_any(
    network: httpx.AsyncClient, host: Device
) -> None:
    simulated, read = (await network.get("/devices/?interfaces=true")).json()
    assert "interfaces" not in simulated
    (interface,) = read["interfaces"]
    assert (interface["name"], interface["state"]) == ("lo", "up")
    assert set(interface) == {field.name for field in fields(InterfaceReading)} == set(InterfacePublic.model_fields)
    one = (await network.get(f"/devices/{host['id']}?interfaces=true")).json()
    assert [one["name"] for one in one["interfaces"]] == ["lo"]


async def test_who_does_not_ask_gets_no_interfaces(network: httpx.AsyncClient, host: Device) -> None:
    assert ["interfaces" in device for device in (await network.get("/devices/")).json()] == [False, False]
    assert "interfaces" not in (await network.get(f"/devices/{host['id']}")).json()


async def test_interfaces_of_unread_devices_cannot_be_told(network: httpx.AsyncClient) -> None:
    refused = await network.get("/devices/?interfaces=true&read=false")
    assert refused.status_code == 422
    assert "exclude each other" in refused.json()["detail"]


async def test_devices_without_a_mac_address_are_added_and_none_takes_anothers(network: httpx.AsyncClient) -> None:
    bare = {"host_name": "nas", "ip_address": "10.0.0.1"}
    answer = await network.post("/devices/", json=[bare, bare | {"mac_address": ""}, bare | {"mac_address": None}])
    assert (answer.status_code, [one["mac_address"] for one in answer.json()]) == (201, [None, None, None])


async def test_a_mac_address_may_be_given_later_and_taken_away_again(network: httpx.AsyncClient) -> None:
    await network.post("/devices/", json={"host_name": "nas", "ip_address": "10.0.0.1"})
    given = await network.patch("/devices/1", json={"mac_address": "0:1b:44:11:3a:4"})
    assert given.json()["mac_address"] == "00:1B:44:11:3A:04"
    assert (await network.patch("/devices/1", json={"tags": ["a"]})).json()["mac_address"] == "00:1B:44:11:3A:04"
    assert (await network.patch("/devices/1", json={"mac_address": None})).json()["mac_address"] is None
