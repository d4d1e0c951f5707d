"""A secret all the way: from the API through the database and a restart into the request of a real driver."""

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashnet.settings import Settings
from tests.conftest import run_network
from tests.factories import make_device
from tests.network.secret_driver import with_key
from tests.ports import free_port
from tests.servers import run_server

PASSWORD = "geheim-7"


async def _page(request: Request) -> Response:
    expected = httpx.BasicAuth("me", PASSWORD)._auth_header
    return PlainTextResponse("hello", 200 if request.headers.get("authorization") == expected else 401)


@pytest.fixture
async def page() -> AsyncIterator[str]:
    """The address of a page that only who knows the password sees."""
    port = free_port()
    async with run_server(Starlette(routes=[Route("/", _page)]), port):
        yield f"http://127.0.0.1:{port}/"


async def read(network: httpx.AsyncClient, device_id: int) -> tuple[str, str | None]:
    device = (await network.get(f"/devices/{device_id}")).json()
    return device["state"], device["error"]


async def test_the_driver_knows_it_after_edits_restarts_and_rotations(settings: Settings, page: str) -> None:
    options = {"url": page, "username": "me", "password": PASSWORD}
    old = settings.secret_key.get_secret_value() if settings.secret_key else ""
    async with run_network(settings) as network:
        device = (await network.post("/devices/", json=make_device(driver="http", driver_options=options))).json()
        path = f"/devices/{device['id']}"
        assert await read(network, device["id"]) == ("up", None)
        await network.patch(path, json={"driver_options": {"url": page, "username": "me", "timeout_seconds": 9}})
        assert await read(network, device["id"]) == ("up", None)
    new = with_key(settings)
    both = with_key(settings, new.secret_key.get_secret_value() if new.secret_key else "", old)
    async with run_network(both) as network:
        assert (await network.post("/secrets/rotations")).json()["rotated"] == 1
    async with run_network(new) as network:
        assert await read(network, device["id"]) == ("up", None)
        await network.patch(path, json={"driver_options": {"url": page, "username": "me", "password": "wrong"}})
        assert await read(network, device["id"]) == ("down", "answers 401 Unauthorized, expected is 2xx")
    async with run_network(settings) as network:
        state, error = await read(network, device["id"])
        assert (state, "encrypted with another key" in str(error)) == ("unknown", True)


async def test_neither_readings_nor_logs_nor_metrics_tell_it(
    settings: Settings, page: str, caplog: pytest.LogCaptureFixture
) -> None:
    options = {"url": page + "missing", "username": "me", "password": PASSWORD}
    with caplog.at_level(logging.DEBUG):
        async with run_network(settings) as network:
            await network.post("/devices/", json=make_device(driver="http", driver_options=options))
            paths = (
                "/devices/",
                "/devices/1",
                "/metrics",
                "/inventory/changes",
                "/secrets/",
                "/drivers/",
                "/openapi.json",
            )
            answers = [(await network.get(path)).text for path in paths]
    assert PASSWORD not in "".join(answers) + caplog.text
