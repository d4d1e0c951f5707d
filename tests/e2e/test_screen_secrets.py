"""Secrets of drivers and facts of devices in the form, in a real Chromium and with a real agent."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dashnet.settings import Settings
from tests.e2e.browser import Page
from tests.factories import make_device
from tests.network.drivers.agent import Agent, run_agent
from workers.context import WorkerContext
from workers.sync import sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

MASK = "*" * 10
SAVE = ".device-form button[type=submit]"
SAVED = "document.querySelector('.device-form') === null"


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    async with run_agent(community="right") as agent:
        yield agent


async def open_device(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, **fields: Any
) -> int:
    """Make a device, open its view, and tell its number."""
    made: dict[str, Any] = (await network.post("/devices/", json=make_device(ip_address="127.0.0.1", **fields))).json()
    await sync(context, 2)
    await page.call("goto", f"{settings.app_address}/?device={made['id']}")
    await page.until("document.querySelector('.device-head h1') !== null")
    return int(made["id"])


async def read_options(network: httpx.AsyncClient, device_id: int) -> Any:
    listed = (await network.get("/devices/", params={"read": "false"})).json()
    return next(device["driver_options"] for device in listed if device["id"] == device_id)


async def test_a_stored_secret_stays_until_another_is_typed_and_the_device_can_be_asked(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, agent: Agent
) -> None:
    options = {"community": "wrong", "port": agent.port, "timeout_seconds": 0.2, "retries": 0}
    device_id = await open_device(page, settings, network, context, driver="snmp", driver_options=options)
    await page.call("click", "text=Ask the device")
    await page.until("document.querySelector('.facts:not(.reading)').innerText.includes('no answer from 127.0.0.1')")

    await page.call("click", "text=Edit")
    await page.until("document.querySelector('.secret input')?.placeholder === 'a secret is stored'")
    assert await page.evaluate("document.querySelector('.secret input').value") == ""
    await page.call("getByLabel.fill", "Timeout (seconds)", "0.3")
    await page.call("click", SAVE)
    await page.until(SAVED)
    assert await read_options(network, device_id) == {**options, "community": MASK, "timeout_seconds": 0.3}
    await page.until("document.querySelector('.notice button')?.innerText === 'Undo'")

    await sync(context, 3)
    await page.call("click", "text=Edit")
    await page.call("fill", ".secret input", "right")
    await page.call("click", SAVE)
    await page.until(SAVED)
    await page.until("document.querySelector('.notice')?.innerText.includes('cannot be brought back')")
    await page.call("click", "text=Ask the device")
    await page.until("document.querySelector('.facts:not(.reading) .fields')?.innerText.includes('Linux')")

    # What it proposes is taken into the form by hand.
    await page.call("click", "text=Edit")
    await page.call("click", ".device-form >> text=Ask the device")
    await page.call("click", ".device-form >> text=Use “Linux”")
    await page.call("click", SAVE)
    await page.until(SAVED)
    assert (await network.get(f"/devices/{device_id}")).json()["operating_system"] == "Linux"


async def test_a_stored_secret_can_be_removed_and_is_no_secret_of_a_copy(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    options = {"url": "http://127.0.0.1:9/", "bearer_token": "abc"}
    device_id = await open_device(page, settings, network, context, driver="http", driver_options=options)
    await page.call("click", "text=Duplicate")
    await page.until("document.querySelector('.secret input') !== null")
    assert "a secret is stored" not in await page.evaluate(
        "[...document.querySelectorAll('.secret input')].map((one) => one.placeholder)"
    )
    await page.call("keyboard.press", "Escape")
    await page.until(SAVED)

    await page.call("click", "text=Edit")
    await page.call("click", "text=Remove the stored bearer token")
    await page.until("document.querySelector('.device-form').innerText.includes('Keep the stored bearer token')")
    await page.call("click", SAVE)
    await page.until(SAVED)
    assert await read_options(network, device_id) == {"url": "http://127.0.0.1:9/"}


async def test_what_the_service_objects_to_stands_at_the_secret(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    options = {"url": "http://127.0.0.1:9/", "bearer_token": "abc"}
    await open_device(page, settings, network, context, driver="http", driver_options=options)
    await page.call("click", "text=Edit")
    await page.call("getByLabel.fill", "Bearer token", "x" * 5000)
    await page.call("click", SAVE)
    await page.until("document.querySelector('.secret [id$=-error]')?.innerText.includes('4096')")


async def test_a_device_is_read_now_with_its_loss_and_its_jitter_or_the_reason(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    device_id = await open_device(page, settings, network, context, driver="icmp")
    await page.call("click", "text=Read it now")
    await page.until(
        "/Up[^]*Latency[^]*Jitter[^]*Packet loss\\s+0 %/.test(document.querySelector('.reading').innerText)"
    )
    await network.patch(f"/devices/{device_id}", json={"driver": "tcp", "driver_options": {"port": 1}})
    await page.call("click", "text=Read it now")
    await page.until("document.querySelector('.reading').innerText.includes('Reason')")
    assert "Down" in await page.text(".reading")
