"""Edits on the screen, in a real Chromium: errors at the field, ways back, and two who edit the same device."""

import httpx
import pytest

from dashnet.settings import Settings
from tests.e2e.browser import Page, open_page
from tests.servers import eventually
from workers.context import WorkerContext
from workers.sync import sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

MAC = "input[placeholder='00:1B:44:11:3A:B7']"
SAVE = ".device-form button[type=submit]"
NAME = ".device-form .field-name"


async def list_ids(network: httpx.AsyncClient) -> list[int]:
    return [device["id"] for device in (await network.get("/devices/", params={"read": "false"})).json()]


async def test_an_error_stands_at_its_field(page: Page, settings: Settings, device_ids: list[int]) -> None:
    await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}")
    await page.call("click", "text=Edit")
    await page.call("fill", MAC, "no address!")
    await page.call("click", SAVE)
    await page.until("document.querySelector('[aria-invalid=true]')?.placeholder === '00:1B:44:11:3A:B7'")
    assert [one for one in await page.call("complaints") if "422" not in one] == []


async def test_a_removal_that_is_undone_leaves_the_device_as_it_was(
    page: Page, settings: Settings, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    await _remove(page, settings, device_ids[0])
    await page.until("document.querySelectorAll('.is-leaving').length === 1")
    assert await list_ids(network) == device_ids
    await page.call("click", ".notice button")
    await page.until("document.querySelector('.notice')?.innerText.includes('Undone')")
    assert await page.evaluate("document.querySelectorAll('.is-leaving').length") == 0
    await _remove(page, settings, device_ids[1])
    await page.call("click", ".is-leaving .tag")
    await page.until("document.querySelectorAll('.is-leaving').length === 0")
    # Leaving the page sends what is still to be removed: nothing.
    await page.call("goto", "about:blank")
    assert await list_ids(network) == device_ids


async def test_a_removal_is_made_when_the_page_is_left(
    page: Page, settings: Settings, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    await _remove(page, settings, device_ids[0])
    await page.call("goto", "about:blank")

    async def is_gone() -> bool:
        return await list_ids(network) == device_ids[1:]

    await eventually(is_gone)


async def test_a_removal_is_made_when_its_time_is_over(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]
) -> None:
    await page.call("clock.install")
    await _remove(page, settings, device_ids[0])
    await page.call("clock.runFor", 13_000)

    async def is_gone() -> bool:
        return await list_ids(network) == device_ids[1:]

    await eventually(is_gone)
    await sync(context, 2)
    await page.call("clock.runFor", 1000)
    await page.until("document.querySelectorAll('.table-device').length === 2")


async def _remove(page: Page, settings: Settings, device_id: int) -> None:
    await page.call("goto", f"{settings.app_address}/?device={device_id}")
    await page.call("click", ".device-actions >> text=Remove")
    await page.until("document.querySelector('.notice')?.innerText.includes('being removed')")


async def test_the_second_to_save_is_told_what_the_first_has_changed(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]
) -> None:
    address = f"{settings.app_address}/?device={device_ids[0]}"
    async with open_page(address) as other:
        for one in (page, other):
            await one.call("goto", address)
            await one.call("click", "text=Edit")
            await one.until(f"document.querySelector({NAME!r}) !== null")
        await page.call("fill", NAME, "first")
        await page.call("click", SAVE)
        await page.until("document.querySelector('.device-form') === null")
        await sync(context, 2)
        await other.until("document.querySelector('h1').innerText === 'first'")

        await other.call("fill", NAME, "second")
        await other.call("click", SAVE)
        await other.until("document.querySelector('.device-form').innerText.includes('meanwhile changed to: first')")
        assert (await network.get(f"/devices/{device_ids[0]}")).json()["host_name"] == "first"

        await other.call("click", SAVE)
        await other.until("document.querySelector('.device-form') === null")
        assert (await network.get(f"/devices/{device_ids[0]}")).json()["host_name"] == "second"


async def test_who_edits_another_field_is_not_in_the_way(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]
) -> None:
    await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}")
    await page.call("click", "text=Edit")
    await page.until(f"document.querySelector({NAME!r}) !== null")
    await network.patch(f"/devices/{device_ids[0]}", json={"operating_system": "theirs"})
    await sync(context, 2)
    await page.until("document.querySelector('.fields').innerText.includes('theirs')")
    await page.call("fill", NAME, "mine")
    await page.call("click", SAVE)
    await page.until("document.querySelector('.device-form') === null")
    found = (await network.get(f"/devices/{device_ids[0]}")).json()
    assert (found["host_name"], found["operating_system"]) == ("mine", "theirs")
