"""Every range of every chart against a real store, in a real Chromium, and whose mistake it is where there is none."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.settings import Settings
from tests.e2e.browser import Page
from tests.interfaces import ShowingNetwork, make_interface, with_network
from tests.snapshots import steady, store_past
from workers.context import WorkerContext
from workers.refresh import refresh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

RANGES = ("10m", "1h", "24h", "7d", "30d", "90d", "1y", "all")
LABEL = "document.querySelector('.plot-traffic')?.getAttribute('aria-label')"
DRAWN = re.compile(r"From .+ to .+: download at most [\d.]+ Mbit/s, upload at most [\d.]+ Mbit/s\.")
# Answers of the history come as they are but for one field, which no server ever sends so.
BROKEN = """const plain = window.fetch; window.fetch = async (request) => {
    const answer = await plain(request);
    if (!new URL(request.url).pathname.endsWith('/history')) return answer;
    return Response.json({...await answer.json(), %s});
};"""
OWN, SERVER = "This page has made a mistake", "The past cannot be read at the moment"


@pytest.fixture
async def old_store(engine: AsyncEngine, device_ids: list[int]) -> datetime:
    """A store that begins more than two years ago, so that all of it is shown in steps of months; its first moment."""
    now = datetime.now(UTC)
    noons = [
        now.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days) for days in (800, 200, 20, 3)
    ]
    rows = [row for noon in noons for row in steady(device_ids[0], noon, noon + timedelta(minutes=10))]
    await store_past(engine, rows, noons[-1] + timedelta(days=1))
    return noons[0]


@pytest.mark.parametrize("view", ["", "&device=1"])
async def test_each_range_of_each_chart_is_drawn(
    page: Page, settings: Settings, old_store: datetime, view: str
) -> None:
    labels = {name: await _read_label(page, f"{settings.app_address}/?range={name}{view}") for name in RANGES}
    assert [name for name, label in labels.items() if not DRAWN.fullmatch(label)] == [], labels
    assert f"{old_store.year}" in labels["all"].split(" to ")[0]
    assert await page.call("complaints") == []


@pytest.mark.parametrize("name", ["1y", "all"])
async def test_the_chart_of_an_interface_is_drawn_in_steps_of_days_and_months(
    page: Page, settings: Settings, context: WorkerContext, old_store: datetime, device_ids: list[int], name: str
) -> None:
    async with ShowingNetwork(settings) as network:
        network.shown = {device_ids[0]: [make_interface("eth0")]}
        await refresh(with_network(context, network), datetime.now(UTC).replace(microsecond=0), "test")
    query = f"range={name}&device={device_ids[0]}&interface=eth0"
    await page.call("goto", f"{settings.app_address}/?{query}")
    await page.until("document.querySelector('.interface-chart .plot-traffic')?.ariaLabel.startsWith('From ')")
    assert await page.evaluate("document.querySelector('.chart-trouble')") is None
    assert await page.call("complaints") == []


async def _read_label(page: Page, address: str) -> str:
    await page.call("goto", address)
    await page.until(f"/^From/.test({LABEL}) || document.querySelector('.chart-trouble')")
    label: str = await page.evaluate(LABEL)
    return label


async def test_only_a_request_that_failed_is_called_the_servers_fault(page: Page, settings: Settings) -> None:
    await page.call("cdp", "Network.enable")
    await page.call("cdp", "Network.setBlockedURLs", {"urls": ["*/history*"]})
    await page.call("goto", settings.app_address)
    await page.until(f"document.querySelector('.chart-trouble')?.innerText.startsWith({SERVER!r})")


async def test_a_fault_of_its_own_in_an_answer_is_not_called_the_servers(page: Page, settings: Settings) -> None:
    await page.call("addInitScript", BROKEN % "from: 'nonsense', step_seconds: 300")
    await page.call("goto", settings.app_address)
    await page.until(f"document.querySelector('.chart-trouble')?.innerText.startsWith({OWN!r})")
    assert SERVER not in await page.text("main")
    assert any("fault of the screen itself" in one for one in await page.call("complaints"))


async def test_a_view_that_cannot_be_drawn_says_so_and_the_others_go_on(page: Page, settings: Settings) -> None:
    await page.call("addInitScript", BROKEN % "points: 7")
    await page.call("goto", f"{settings.app_address}/?view=devices")
    await page.until("document.querySelectorAll('.table-device').length === 3")
    await page.call("click", ".table-device .device-link")
    await page.until(f"document.querySelector('.view-fault')?.innerText.includes({OWN!r})")
    assert await page.text("h1") == "This view cannot be shown"
    assert await page.call("complaints") != []
    await page.call("click", "nav a:nth-child(2)")
    await page.until("document.querySelectorAll('.table-device').length === 3")


async def test_a_view_whose_part_does_not_come_names_the_server(page: Page) -> None:
    await page.call("cdp", "Network.enable")
    await page.call("cdp", "Network.setBlockedURLs", {"urls": ["*NetworkMap*"]})
    await page.call("click", "nav a:nth-child(3)")
    await page.until("document.querySelector('.view-fault')?.innerText.includes('could not be loaded')")
