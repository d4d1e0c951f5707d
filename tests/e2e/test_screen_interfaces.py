"""Interfaces in the view of a device, in a real Chromium: live, each with its chart."""

from datetime import UTC, datetime, timedelta

import pytest

from dashnet.settings import Settings
from tests.e2e.browser import Page
from tests.interfaces import ShowingNetwork, make_interface, with_network
from workers.context import WorkerContext
from workers.refresh import refresh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ROWS = "[...document.querySelectorAll('.interfaces tbody tr')].map((row) => row.innerText.replace(/\\s+/g, ' ').trim())"


async def test_interfaces_are_shown_live_and_each_has_its_chart(
    page: Page, settings: Settings, context: WorkerContext, device_ids: list[int]
) -> None:
    begin = datetime.now(UTC).replace(microsecond=0)
    async with ShowingNetwork(settings) as network:
        showing = with_network(context, network)
        network.shown = {device_ids[0]: [make_interface("eth10"), make_interface("eth2", alias="uplink")]}
        await refresh(showing, begin + timedelta(seconds=1), "test")
        await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}")
        await page.until("document.querySelectorAll('.interfaces tbody tr').length === 2")
        assert await page.evaluate(ROWS) == [
            "▸ eth2 uplink Up 1 Gbit/s 2.50 1.50 0.2 % 0.25 0.5",
            "▸ eth10 Up 1 Gbit/s 2.50 1.50 0.2 % 0.25 0.5",
        ]

        network.shown = {device_ids[0]: [make_interface("eth2", state="down", download_speed=500.0, errors_in=None)]}
        await refresh(showing, begin + timedelta(seconds=2), "test")
        await page.until("document.querySelector('.interfaces tbody tr').innerText.includes('50 %')")
        gone = "document.querySelectorAll('.interfaces tbody tr')[1].innerText"
        await page.until(f"{gone}.includes('seen last on')")
        assert "Down" in (await page.evaluate(ROWS))[0]

        # With the keyboard, and again from the address that it leaves.
        await page.call("focus", ".interfaces .device-link")
        await page.call("keyboard.press", "Enter")
        await page.until("document.querySelectorAll('.interface-chart .plot canvas').length === 2")
        assert "interface=eth2" in await page.evaluate("location.search")
        # The past goes up to now, and the ticks of this test are made to lie a little later.
        await page.until(f"Date.now() > {(begin + timedelta(seconds=3)).timestamp() * 1000}")
        await page.call("reload")
        await page.until("document.querySelectorAll('.interface-chart .plot canvas').length === 2")
        await page.until("document.querySelector('.interface-chart .readout')?.innerText.includes('Mbit/s')")
        await page.call("click", ".interfaces .device-link")
        await page.until("document.querySelector('.interface-chart') === null")
    assert await page.call("complaints") == []


async def test_a_device_without_interfaces_has_no_place_for_them_until_one_comes(
    page: Page, settings: Settings, context: WorkerContext, device_ids: list[int]
) -> None:
    await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}")
    await page.until("document.querySelector('.availability .big') !== null")
    await page.until("document.querySelector('.interfaces') === null")
    async with ShowingNetwork(settings) as network:
        network.shown = {device_ids[0]: [make_interface("eth0")]}
        await refresh(with_network(context, network), datetime.now(UTC) + timedelta(seconds=60), "test")
    await page.until("document.querySelectorAll('.interfaces tbody tr').length === 1")


async def test_many_interfaces_are_searched_and_a_phone_shows_them_as_cards(
    page: Page, settings: Settings, context: WorkerContext, device_ids: list[int]
) -> None:
    async with ShowingNetwork(settings) as network:
        network.shown = {device_ids[0]: [make_interface(f"Gi1/0/{one}") for one in range(1, 49)]}
        await refresh(with_network(context, network), datetime.now(UTC) + timedelta(seconds=60), "test")
    await page.call("setViewportSize", {"width": 360, "height": 780})
    await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}")
    await page.until("document.querySelectorAll('.interfaces tbody tr').length === 32")
    await page.call("click", "text=Show all 48")
    await page.until("document.querySelectorAll('.interfaces tbody tr').length === 48")
    await page.call("fill", ".interfaces input", "0/48")
    await page.until("document.querySelectorAll('.interfaces tbody tr').length === 1")
    await page.call("click", ".interfaces .device-link")
    await page.until("document.querySelectorAll('.interface-chart .plot canvas').length === 2")
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await page.call("fill", ".interfaces input", "nothing")
    await page.until("document.querySelector('.interfaces').innerText.includes('No interface fits')")
