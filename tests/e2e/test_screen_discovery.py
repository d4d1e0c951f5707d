"""Discovery with its pick-list on the screen, in a real Chromium, of agents at this machine's own addresses."""

from collections.abc import AsyncIterator

import httpx
import pytest

from dashnet.settings import Settings
from services.network.demo_agents.main import run_agents
from tests.e2e.browser import Page
from tests.factories import make_device
from tests.ports import free_udp_port
from tests.servers import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

# As a variable of a fleet file is written, which it is not.
SECRET = "${geheim}"
DIALOG = "document.querySelector('.fleet')"
BOXES = "[...document.querySelectorAll('.found')].map((one) => [one.querySelector('label').innerText, " + (
    "one.querySelector('input').checked, one.querySelector('input').disabled])"
)


@pytest.fixture
async def agents() -> AsyncIterator[int]:
    """The port of a router, a switch behind it and a server behind that, at 127.0.0.2 to 127.0.0.4."""
    port = free_udp_port()
    async with run_agents(3, port, SECRET, 2020):
        yield port


async def open_dialog(page: Page, settings: Settings, network: str) -> None:
    await page.call("goto", f"{settings.app_address}/?view=devices")
    await page.call("click", "text=More ▾")
    await page.call("click", "text=Find devices in a network")
    await page.until(f"{DIALOG} !== null")
    await page.call("fill", ".fleet input[placeholder='192.168.1.0/24']", network)


async def test_what_is_found_is_picked_and_added_with_its_secret_and_its_parent(
    page: Page, settings: Settings, network: httpx.AsyncClient, agents: int
) -> None:
    known = (await network.post("/devices/", json=make_device(host_name="gate", ip_address="127.0.0.2"))).json()
    await open_dialog(page, settings, "127.0.0.0/29")
    await page.call("getByLabel.fill", "SNMP community", SECRET)
    await page.call("getByLabel.fill", "SNMP port", str(agents))
    await page.call("click", ".fleet button[type=submit]")
    await page.until(f"{DIALOG}.innerText.includes('6 of 6 addresses of 127.0.0.0/29 answer')")
    assert await page.evaluate(BOXES) == [
        ["127.0.0.1", True, False],
        ["demo-router-1 (127.0.0.2)", False, True],
        ["demo-switch-2 (127.0.0.3)", True, False],
        ["demo-server-3 (127.0.0.4)", True, False],
        ["127.0.0.5", True, False],
        ["127.0.0.6", True, False],
    ]
    await page.until(f"{DIALOG}.innerText.includes('Add 5 devices')")
    await page.call("click", "text=All that are new")
    await page.call("click", "text=demo-switch-2 (127.0.0.3)")
    await page.call("click", "text=demo-server-3 (127.0.0.4)")
    await page.call("click", "text=Add 2 devices")
    await page.until("document.querySelector('.notice')?.innerText.includes('2 devices were added')")
    await page.until(f"{DIALOG} === null")

    listed = (await network.get("/devices/", params={"read": "false"})).json()
    switch, server = listed[-2:]
    assert (switch["host_name"], switch["parent_id"]) == ("demo-switch-2", known["id"])
    assert (server["host_name"], server["parent_id"]) == ("demo-server-3", switch["id"])
    assert server["driver_options"] == {"community": "*" * 10, "port": agents}
    assert (await network.get(f"/devices/{server['id']}")).json()["state"] == "up"
    assert await page.call("complaints") == []


async def test_what_cannot_be_discovered_is_told_at_its_field(page: Page, settings: Settings) -> None:
    await open_dialog(page, settings, "127.0.0.0/8")
    await page.call("click", ".fleet button[type=submit]")
    await page.until(f"{DIALOG}.querySelector('[aria-invalid=true]') !== null")
    assert "4,096 at the most" in await page.text(".fleet [id$=-error]")


async def test_a_run_can_be_stopped_and_ends_when_nobody_follows_it(
    page: Page, settings: Settings, network: httpx.AsyncClient
) -> None:
    await open_dialog(page, settings, "127.16.0.0/20")
    await page.call("click", ".fleet button[type=submit]")
    await page.until(f"{DIALOG}.innerText.includes('found so far')")
    await page.call("click", "text=Stop")
    await page.until(f"{DIALOG}.innerText.includes('It was stopped.')")
    await page.call("click", "text=Look again")
    await page.call("click", ".fleet button[type=submit]")
    await page.until(f"{DIALOG}.innerText.includes('found so far')")
    await page.call("keyboard.press", "Escape")
    await page.until(f"{DIALOG} === null")

    async def are_over() -> bool:
        return all(one["outcome"] == "cancelled" for one in (await network.get("/discoveries/")).json())

    await eventually(are_over, 20)
