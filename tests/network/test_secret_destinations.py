"""A stored secret belongs to its destination: it is asked for again where a device is asked elsewhere."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.factories import make_device
from tests.network.secret_driver import NAME, secretive_driver
from tests.ports import free_port
from tests.servers import run_server

MASK = "*" * 10
PASSWORD = "geheim-7"
URL = "http://127.0.0.1:9/status"
OPTIONS = {"url": URL, "username": "me", "password": PASSWORD}
Thief = tuple[str, list[str]]


@pytest.fixture
async def thief() -> AsyncIterator[Thief]:
    """The address of somebody else's page, and what it was told."""
    told: list[str] = []

    async def take(request: Request) -> Response:
        told.append(request.headers.get("authorization", ""))
        return PlainTextResponse("thanks")

    port = free_port()
    async with run_server(Starlette(routes=[Route("/", take)]), port):
        yield f"http://127.0.0.1:{port}/", told


async def add(network: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await network.post("/devices/", json=make_device(**fields))
    assert answer.status_code == 201
    device: dict[str, Any] = answer.json()
    return device


@pytest.mark.parametrize("password", [{}, {"password": MASK}])
async def test_a_secret_is_not_sent_where_an_edit_leads(
    network: httpx.AsyncClient, thief: Thief, password: dict[str, str]
) -> None:
    url, told = thief
    device = await add(network, driver="http", driver_options=OPTIONS)
    body = {"driver_options": {"url": url, "username": "me", **password}}
    answer = await network.patch(f"/devices/{device['id']}", json=body)
    await network.get(f"/devices/{device['id']}")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "location": "driver_options.password",
            "detail": "give the secret again (null removes it), because url now points to another port",
        }
    ]
    assert told == []
    stored = (await network.get("/devices/", params={"read": False})).json()
    assert stored[0]["driver_options"] == {**OPTIONS, "password": MASK}


async def test_given_again_it_goes_along_and_null_leaves_it_behind(network: httpx.AsyncClient, thief: Thief) -> None:
    url, told = thief
    device = await add(network, driver="http", driver_options=OPTIONS)
    for options in (OPTIONS | {"url": url}, {"url": f"{url}?", "password": None}):
        assert (await network.patch(f"/devices/{device['id']}", json={"driver_options": options})).status_code == 200
        await network.get(f"/devices/{device['id']}")
    assert [one.partition(" ")[0] for one in told] == ["Basic", ""]


@pytest.mark.parametrize(
    "options",
    [
        {"url": "http://127.0.0.1:9/another/path"},
        {"url": "HTTP://127.0.0.1:9"},
        {"url": URL, "timeout_seconds": 9, "password": MASK},
    ],
)
async def test_the_same_destination_keeps_it_however_it_is_written(
    network: httpx.AsyncClient, options: dict[str, Any]
) -> None:
    device = await add(network, driver="http", driver_options=OPTIONS)
    body = {"ip_address": "192.0.2.1", "driver_options": {"username": "me", **options}}
    changed = await network.patch(f"/devices/{device['id']}", json=body)
    assert changed.status_code == 200
    assert changed.json()["driver_options"]["password"] == MASK


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ip_address": "127.0.0.2"}, "ip_address now points to another host"),
        ({"driver_options": {"port": 9162}}, "port now points to another port"),
        ({"driver_options": {"port": 9162, "community": MASK}}, "port now points to another port"),
    ],
)
async def test_an_agent_at_another_address_or_port_gets_no_community(
    network: httpx.AsyncClient, change: dict[str, Any], words: str
) -> None:
    options = {"community": PASSWORD, "port": 9161}
    device = await add(network, ip_address="127.0.0.1", driver="snmp", driver_options=options)
    answer = await network.patch(f"/devices/{device['id']}", json=change)
    assert answer.status_code == 422
    assert [error["location"] for error in answer.json()["errors"]] == ["driver_options.community"]
    assert answer.json()["detail"].endswith(words)


async def test_the_api_of_the_screen_asks_for_it_too(network: httpx.AsyncClient, app: httpx.AsyncClient) -> None:
    device = await add(network, driver="snmp", driver_options={"community": PASSWORD})
    answer = await app.patch(f"/api/devices/{device['id']}", json={"ip_address": "127.0.0.2"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == "driver_options.community"


FLEET_OPTIONS: list[dict[str, Any]] = [
    {"url": "http://127.0.0.2:9/", "username": "me"},
    {"url": "http://127.0.0.2:9/", "username": "me", "password": MASK},
]


@pytest.mark.parametrize("left_out", ["keep", "default"])
@pytest.mark.parametrize("options", FLEET_OPTIONS)
async def test_a_fleet_moves_no_secret_and_says_whose(
    network: httpx.AsyncClient, left_out: str, options: dict[str, Any]
) -> None:
    device = await add(network, driver="http", driver_options=OPTIONS)
    moved = {name: device[name] for name in ("host_name", "mac_address", "ip_address", "driver")}
    body = [make_device(), {**moved, "driver_options": options}]
    answer = await network.put("/devices/", json=body, params={"left_out": left_out})
    assert answer.status_code == 422
    assert [error["location"] for error in answer.json()["errors"]] == ["[1].driver_options.password"]
    assert len((await network.get("/devices/", params={"read": False})).json()) == 1


async def test_a_fleet_that_gives_it_again_moves_it(network: httpx.AsyncClient) -> None:
    device = await add(network, driver="http", driver_options=OPTIONS)
    moved = {name: device[name] for name in ("host_name", "mac_address", "ip_address", "driver")}
    body = [{**moved, "driver_options": OPTIONS | {"url": "http://127.0.0.2:9/"}}]
    assert (await network.put("/devices/", json=body)).json()["changed"][0]["host_name"] == device["host_name"]


async def test_an_import_that_moves_a_device_names_its_line(network: httpx.AsyncClient, app: httpx.AsyncClient) -> None:
    """NetBox knows an address, and no community."""
    device = await add(network, driver="snmp", driver_options={"community": PASSWORD})
    file = f"host_name,mac_address,ip_address\n{device['host_name']},{device['mac_address']},127.0.0.2\n"
    answer = await app.put("/api/fleet", params={"format": "csv"}, content=file)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == "file:2"
    assert "ip_address now points to another host" in answer.json()["detail"]


@pytest.fixture
def known() -> Iterator[None]:
    """The driver `secretive` is there."""
    with secretive_driver():
        yield


async def test_every_secret_of_any_driver_is_asked_for(network: httpx.AsyncClient, known: None) -> None:
    options = {"url": "http://a.example", "token": "t", "headers": {"Authorization": "h"}}
    device = await add(network, driver=NAME, driver_options=options)
    body = {"driver_options": {"url": "https://a.example", "token": MASK}}
    answer = await network.patch(f"/devices/{device['id']}", json=body)
    locations = {error["location"] for error in answer.json()["errors"]}
    assert locations == {"driver_options.token", "driver_options.headers.Authorization"}
