"""The screen on walls, on paper and at each width, in a real Chromium: nothing that is shown is cut."""

from typing import Any

import httpx
import pytest

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.e2e.browser import Page
from tests.factories import make_device
from workers.context import WorkerContext
from workers.sync import sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WALLS = [(1440, 900), (1920, 1080), (3840, 2160), (1180, 820), (820, 1180), (390, 844)]
DRAWN = "[...document.querySelectorAll('.plot canvas')].length === 2"
# Parts of the wall that stick out of it, or out of the card that clips them.
CUT = """[...document.querySelectorAll('.top, .card, .card h2, .rows li, .tile-value b, .readout, .plot')]
    .filter((part) => part.getClientRects().length > 0)
    .filter((part) => {
        const box = part.getBoundingClientRect();
        const card = (part.parentElement.closest('.card') ?? document.documentElement).getBoundingClientRect();
        return box.bottom > Math.min(innerHeight, card.bottom) + 1 || box.right > Math.min(innerWidth, card.right) + 1;
    })
    .map((part) => `${part.className} ${part.innerText}`)"""
SIZE = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
# Cells of the column whose text is wider than they are.
CUT_AGES = """[...document.querySelectorAll('.table-device .cell-age')].filter((cell) => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    const [inner, outer] = [text.getBoundingClientRect(), cell.getBoundingClientRect()];
    return inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5;
}).map((cell) => cell.innerText)"""
HEADINGS = "[...document.querySelectorAll('h1')].map((one) => one.innerText.trim())"
# Pictures of plots that are wider than the card around them.
CUT_PLOTS = """[...document.querySelectorAll('.plot canvas')].filter((plot) => {
    const [inner, outer] = [plot, plot.closest('.card')].map((part) => part.getBoundingClientRect());
    return inner.right > outer.right || inner.width === 0;
}).length"""


@pytest.fixture
async def dozen(network: httpx.AsyncClient, context: WorkerContext, page: Page, refresh_once: RefreshOnce) -> Page:
    """A page of so many devices that each list of the overview is full."""
    await network.post("/devices/", json=[make_device() for _ in range(20)])
    await sync(context, 2)
    await refresh_once()
    return page


async def test_a_wall_of_any_size_shows_all_of_it_and_cuts_no_row(dozen: Page, settings: Settings) -> None:
    await dozen.call("goto", f"{settings.app_address}/?kiosk")
    await dozen.until(f"document.querySelectorAll('.rows li').length >= 6 && {DRAWN}")
    found = {wall: await _measure_wall(dozen, *wall) for wall in WALLS}
    assert found == {wall: {"size": list(wall), "cut": [], "is_drawn": True} for wall in WALLS}


async def _measure_wall(page: Page, width: int, height: int) -> dict[str, Any]:
    await page.call("setViewportSize", {"width": width, "height": height})
    # A plot follows its place with the next frame.
    await page.until("(([plot, canvas]) => plot.clientWidth === canvas.clientWidth)"
        "([document.querySelector('.plot-traffic'), document.querySelector('.plot-traffic canvas')])")  # fmt: skip
    is_drawn = await page.evaluate("document.querySelector('.plot-traffic canvas').clientHeight > 60")
    return {"size": await page.evaluate(SIZE), "cut": await page.evaluate(CUT), "is_drawn": is_drawn}


async def test_a_wall_that_tells_of_trouble_still_fits(dozen: Page, settings: Settings) -> None:
    await dozen.call("setViewportSize", {"width": 1440, "height": 900})
    await dozen.call("goto", f"{settings.app_address}/?kiosk")
    await dozen.until(DRAWN)
    await dozen.call("cdp", "Network.enable")
    await dozen.call("clock.install")
    await dozen.call("clock.fastForward", 600_000)
    await dozen.call("clock.runFor", 3000)
    await dozen.until("document.querySelector('.trouble') !== null")
    assert await dozen.evaluate(SIZE) == [1440, 900]
    assert await dozen.evaluate(CUT) == []


async def test_escape_leaves_the_wall(page: Page, settings: Settings) -> None:
    await page.call("goto", f"{settings.app_address}/?kiosk")
    await page.until("document.querySelector('.wall .tile-up') !== null")
    await page.call("keyboard.press", "Escape")
    await page.until("document.querySelector('nav') !== null")
    assert await page.evaluate("[location.search, document.documentElement.className]") == ["", ""]


async def test_a_device_that_was_never_read_says_so_in_whole_words(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    await network.post("/devices/", json=make_device())
    await sync(context, 2)
    await page.call("goto", f"{settings.app_address}/?view=devices")
    await page.until("document.querySelector('.table')?.innerText.includes('never read')")
    found = {width: await _find_cut_ages(page, width) for width in (390, 820, 1440, 2560)}
    assert found == dict.fromkeys(found, ([], 0))


async def _find_cut_ages(page: Page, width: int) -> tuple[Any, Any]:
    await page.call("setViewportSize", {"width": width, "height": 900})
    wider = await page.evaluate("(({scrollWidth, clientWidth}) => scrollWidth - clientWidth)"
        "(document.querySelector('.table-scroller'))")  # fmt: skip
    return await page.evaluate(CUT_AGES), wider


@pytest.mark.parametrize("width", [718, 1046])
async def test_the_printed_overview_cuts_no_chart(page: Page, settings: Settings, width: int) -> None:
    await page.evaluate("localStorage.setItem('dashnet-theme', 'dark')")
    await page.call("setViewportSize", {"width": 1440, "height": 900})
    await page.call("goto", settings.app_address)
    await page.until(DRAWN)
    await page.call("emulateMedia", {"media": "print"})
    await page.call("setViewportSize", {"width": width, "height": 1000})
    assert await page.evaluate(CUT_PLOTS) == 0
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    # Light on paper, also what was drawn dark.
    assert (
        await page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(255, 255, 255)"
    )
    await page.call("emulateMedia", {"media": "screen"})
    await page.until(f"{DRAWN} && {CUT_PLOTS} === 0")


async def test_each_view_has_one_heading_of_its_own(page: Page, settings: Settings, device_ids: list[int]) -> None:
    found = {query: await _read_headings(page, f"{settings.app_address}/{query}") for query in (
        "", "?view=devices", "?view=map", "?kiosk", "?device=999999")}  # fmt: skip
    assert found == {
        "": ["Overview"],
        "?view=devices": ["Devices"],
        "?view=map": ["Map"],
        "?kiosk": ["Overview"],
        "?device=999999": ["There is no such device (any more)."],
    }
    (name,) = await _read_headings(page, f"{settings.app_address}/?device={device_ids[0]}")
    assert name


async def _read_headings(page: Page, address: str) -> Any:
    await page.call("goto", address)
    await page.until("document.querySelector('.fresh-well') !== null")
    return await page.evaluate(HEADINGS)
