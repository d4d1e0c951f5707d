"""The screen in a real Chromium, against real services."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Receive, Scope, Send

from dashnet.settings import Settings
from services.app.main import create_app
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.e2e.browser import WEB, Page, open_page
from tests.factories import make_device
from tests.servers import run_server
from tests.snapshots import steady, store_past
from workers.context import WorkerContext
from workers.sync import sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ("", "?view=devices", "?view=map", "?device=1")
SERIOUS = """axe.run({resultTypes: ['violations']}).then((found) => found.violations
    .filter((one) => ['serious', 'critical'].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`))"""


async def test_the_page_follows_a_refresh_without_being_asked(page: Page, refresh_once: RefreshOnce) -> None:
    assert "of 3" in await page.text(".tile-up")
    before = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
    await refresh_once()
    await page.until(f"document.querySelector('.fresh-age time').dateTime > {before!r}")


async def test_real_and_simulated_traffic_stand_apart_once_there_are_both(
    page: Page, network: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    await page.until("/[0-9]/.test(document.querySelector('.tile-down b').innerText)")
    alone = await page.text(".tile-down") + await page.text(".chart h2")
    await network.post("/devices/", json=make_device(driver="host"))
    await refresh_once()
    await page.until("document.querySelector('.chart h2').innerText === 'Traffic of real devices'")
    both = " ".join((await page.text(".tile-down")).split())
    await page.call("click", ".chart-foot .mantine-SegmentedControl-label >> text=simulated")
    await page.until("document.querySelector('.chart h2').innerText === 'Traffic of simulated devices'")
    assert "real" not in alone
    assert "simulated" not in alone
    assert "Mbit/s real" in both
    assert "Mbit/s simulated" in both


async def test_its_policy_finds_nothing_to_forbid(page: Page) -> None:
    await page.until("document.querySelectorAll('.plot canvas').length === 2")
    assert await page.call("complaints") == []


async def test_title_and_favicon_carry_the_state(page: Page, network: httpx.AsyncClient) -> None:
    await page.until("/^\\d\\/3 up/.test(document.title)")
    assert await page.evaluate("/(up|down).svg$/.test(document.querySelector('link[rel=icon]').href)")


async def test_a_view_stands_in_the_address_and_can_be_gone_back_from(page: Page, settings: Settings) -> None:
    await page.call("click", "nav a:nth-child(2)")
    await page.until("document.querySelectorAll('.table-device').length === 3")
    name = await page.text(".table-device .device-link")
    await page.call("fill", "input[type=search]", name)
    await page.until("document.querySelectorAll('.table-device').length === 1")
    address = await page.evaluate("location.search")
    assert "view=devices" in address
    assert f"q={name}" in address
    await page.call("click", ".table-device .device-link")
    await page.until(f"document.querySelector('h1')?.innerText === {name!r}")
    await page.call("goBack")
    await page.until("document.querySelectorAll('.table-device').length === 1")
    await page.call("goto", f"{settings.app_address}/{address}")
    await page.until("document.querySelectorAll('.table-device').length === 1")


async def test_an_edit_elsewhere_is_on_the_page(
    page: Page, network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]
) -> None:
    await page.call("click", "nav a:nth-child(2)")
    await network.patch(f"/devices/{device_ids[0]}", json={"host_name": "renamed-elsewhere"})
    await sync(context, 2)
    await page.until("document.body.innerText.includes('renamed-elsewhere')")


async def test_a_device_shows_its_fields_its_chart_and_its_past(
    page: Page, settings: Settings, device_ids: list[int]
) -> None:
    await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}&range=24h")
    await page.until("document.querySelectorAll('.plot canvas').length === 2")
    await page.until("document.querySelector('.availability .big')?.innerText.includes('%')")
    assert "MAC address" in await page.text("main")


async def test_everything_begins_where_the_store_does(
    page: Page, settings: Settings, engine: AsyncEngine, device_ids: list[int]
) -> None:
    first = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=100)
    await store_past(engine, steady(device_ids[0], first, first + timedelta(hours=1)), first + timedelta(days=1))
    await page.call("goto", f"{settings.app_address}/?range=all")
    await page.until(
        f"document.querySelector('.plot-traffic')?.getAttribute('aria-label').startsWith('From {first.day} {first:%b}')"
    )
    await page.call("goto", f"{settings.app_address}/?device={device_ids[0]}&range=all")
    await page.until("document.querySelector('.availability .big')?.innerText.includes('%')")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_serious_in_any_view(page: Page, settings: Settings, theme: str) -> None:
    await page.evaluate(f"localStorage.setItem('dashnet-theme', {theme!r})")
    found = {query: await _find_serious(page, f"{settings.app_address}/{query}") for query in VIEWS}
    await page.call("click", "text=Edit")
    await page.until("document.querySelector('.options') !== null")
    found["form"] = await page.evaluate(SERIOUS)
    assert {query: faults for query, faults in found.items() if faults} == {}


async def _find_serious(page: Page, address: str) -> Any:
    await page.call("goto", address)
    await page.until("document.querySelector('.fresh-well') !== null")
    await page.evaluate(f"{AXE.read_text(encoding='utf-8')}; true")
    return await page.evaluate(SERIOUS)


async def test_a_phone_shows_every_view_without_scrolling_sideways(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    async with run_app(settings), open_page(settings.app_address, viewport={"width": 360, "height": 780}) as page:
        widths = {query: await _measure_width(page, f"{settings.app_address}/{query}") for query in VIEWS}
    assert widths == dict.fromkeys(VIEWS, 360)


async def test_a_phone_scrolls_no_more_sideways_while_it_connects(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    async with run_app(settings), open_page(settings.app_address, viewport={"width": 360, "height": 780}) as page:
        await _measure_width(page, settings.app_address)
        for word in ("Connecting", "No link", "Refused", "a word of another language"):
            written = f"document.querySelector('.fresh b').textContent = '{word}'"
            assert await page.evaluate(f"{written}; document.documentElement.scrollWidth") == 360
        assert await page.evaluate("document.querySelector('.fresh').getBoundingClientRect().width") > 20


async def _measure_width(page: Page, address: str) -> Any:
    await page.call("goto", address)
    await page.until("document.querySelector('.fresh-well') !== null")
    return await page.evaluate("document.documentElement.scrollWidth")


async def test_the_map_leads_to_each_device(page: Page, settings: Settings) -> None:
    await page.call("goto", f"{settings.app_address}/?view=map")
    await page.until("document.querySelectorAll('.map-spot').length === 3")
    name = await page.evaluate("document.querySelector('.map-picture a text').firstChild.textContent")
    await page.evaluate(
        "document.querySelector('.map-picture a')"
        ".dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
    )
    await page.until(f"document.querySelector('h1')?.innerText === {name!r}")


class UnderPrefix:
    """What a proxy does that serves Dashnet below a path of its own."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            path = scope["path"].removeprefix(self._prefix) if scope["path"].startswith(self._prefix) else "/nothing"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


async def test_it_works_below_any_path(settings: Settings, device_ids: list[int], refresh_once: RefreshOnce) -> None:
    await refresh_once()
    app = UnderPrefix(create_app(settings), "/network/panel")
    async with run_server(app, settings.app_port):
        async with open_page(f"{settings.app_address}/network/panel/?device={device_ids[0]}") as page:
            await page.until("document.querySelector('.fresh-well') !== null")
            await page.until("document.querySelectorAll('.plot canvas').length === 2")
            await page.until("document.querySelector('.availability .big') !== null")
            assert await page.call("complaints") == []


async def test_ten_thousand_devices_leave_the_page_smooth(
    settings: Settings, network: httpx.AsyncClient, context: WorkerContext, store: None, refresh_once: RefreshOnce
) -> None:
    # With the three of the fixture no more than one page, for which no worker is needed.
    await network.post("/devices/", json=[make_device() for _ in range(9_997)])
    await sync(context, 2)
    await refresh_once()
    async with run_app(settings), open_page(f"{settings.app_address}/?view=devices") as page:
        await page.until("document.querySelector('.fresh-well') !== null && document.querySelector('.table-device')")
        assert await page.evaluate("document.querySelectorAll('.table-device').length") < 100
        await page.evaluate(
            "new PerformanceObserver((list) => { window.long = [...(window.long ?? []), "
            "...list.getEntries().map((one) => Math.round(one.duration))]; }).observe({type: 'longtask'})"
        )
        before = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
        await refresh_once()
        await page.until(f"document.querySelector('.fresh-age time').dateTime > {before!r}")
        long = await page.evaluate("window.long ?? []")
        # Other work shares this machine; twice the promise is a fault in any case.
        assert max(long, default=0) < 200, long
