"""The table and the map by keyboard, wheel and fingers, in a real Chromium."""

import httpx
import pytest

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.e2e.browser import Page, open_page
from tests.factories import make_device
from workers.context import WorkerContext
from workers.sync import sync

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

MANY = 97
HERE = "document.activeElement.closest('[data-id]')"
ROW = f"Number({HERE}?.getAttribute('aria-rowindex'))"
IS_SEEN = (
    f"(({{top, bottom}}) => top >= 0 && bottom <= innerHeight)({HERE}.getBoundingClientRect())"
    f" && document.elementFromPoint(400, {HERE}.getBoundingClientRect().top + 20)?.closest('[data-id]') === {HERE}"
)
ZOOM = "document.querySelector('.map-picture').viewBox.baseVal.width"
ASKED = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/api/devices/history')).length"


@pytest.fixture
async def hundred(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> Page:
    """The table of a hundred devices by name."""
    await network.post("/devices/", json=[make_device() for _ in range(MANY)])
    await sync(context, 2)
    await refresh_once()
    await page.call("goto", f"{settings.app_address}/?view=devices&sort=name")
    await page.until("document.querySelectorAll('.table-device').length > 5")
    return page


async def _press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.call("keyboard.press", key)


async def test_keys_lead_through_all_rows_and_into_a_device(hundred: Page) -> None:
    page = hundred
    await _press(page, "/")
    await page.until("document.activeElement.type === 'search'")
    await _press(page, "ArrowDown")
    await page.until(f"{ROW} === 2")
    await _press(page, "ArrowDown", "ArrowDown", "ArrowUp")
    await page.until(f"{ROW} === 3")
    await _press(page, "End")
    await page.until(f"{ROW} === 101")
    assert await page.until(IS_SEEN)
    # One row of all is in the way of Tab, and the focus is to be seen.
    assert await page.evaluate("document.querySelectorAll('[role=row][tabindex=\"0\"]').length") == 1
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await _press(page, "PageUp")
    await page.until(f"{ROW} < 101 && {ROW} > 70")
    await _press(page, "Home")
    await page.until(f"{ROW} === 2")
    name = await page.evaluate(f"{HERE}.querySelector('.device-link').innerText")
    await _press(page, "Enter")
    await page.until(f"document.querySelector('h1')?.innerText === {name!r}")


async def test_the_focus_stays_with_its_device_through_a_refresh(hundred: Page, refresh_once: RefreshOnce) -> None:
    page = hundred
    await _press(page, "/", "ArrowDown", "ArrowDown")
    await page.until(f"{ROW} === 3")
    focused = await page.evaluate(f"{HERE}.dataset.id")
    before = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
    await refresh_once()
    await page.until(f"document.querySelector('.fresh-age time').dateTime > {before!r}")
    assert await page.evaluate(f"{HERE}.dataset.id") == focused


async def test_small_lines_cost_one_question_for_all_that_is_seen(hundred: Page, refresh_once: RefreshOnce) -> None:
    page = hundred
    await page.until(f"{ASKED} === 1")
    drawn = "[...document.querySelectorAll('.twin-down')].every((one) => one.getAttribute('d').startsWith('M'))"
    await page.until(drawn)
    before = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
    await refresh_once()
    await page.until(f"document.querySelector('.fresh-age time').dateTime > {before!r}")
    assert await page.evaluate(drawn)
    assert await page.evaluate(ASKED) == 1


async def test_the_map_is_searched_zoomed_and_walked_with_keys(hundred: Page, settings: Settings) -> None:
    page = hundred
    name = await page.text(".table-device .device-link")
    await page.call("goto", f"{settings.app_address}/?view=map")
    await page.until("document.querySelectorAll('.map-spot').length === 100")
    whole = await page.evaluate(ZOOM)
    await _press(page, "/")
    await page.call("keyboard.type", name)
    await page.until("document.querySelectorAll('.map-spot:not(.map-faint)').length >= 1")
    await _press(page, "Enter")
    await page.until(f"{HERE}?.getAttribute('aria-label').startsWith({name!r})")
    await page.until(f"{ZOOM} < {whole}")
    first = await page.evaluate(f"{HERE}.dataset.id")
    await _press(page, "ArrowRight")
    await page.until(f"{HERE}.dataset.id !== {first!r}")
    near = await page.evaluate(ZOOM)
    await _press(page, "-")
    await page.until(f"{ZOOM} > {near}")
    await _press(page, "0")
    await page.until(f"{ZOOM} === {whole}")
    await _press(page, "Enter")
    await page.until("document.querySelector('.device-head h1') !== null")


async def test_the_wheel_keeps_what_is_under_it(page: Page, settings: Settings) -> None:
    await page.call("goto", f"{settings.app_address}/?view=map")
    await page.until("document.querySelectorAll('.map-spot').length === 3")
    before = await page.evaluate(ZOOM)
    spot = await page.evaluate(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        "(document.querySelectorAll('.map-dot, .map-cross')[2].getBoundingClientRect())"
    )
    await page.call("mouse.move", *spot)
    await page.call("mouse.wheel", 0, -300)
    await page.until(f"{ZOOM} < {before} * 0.9")
    after = await page.evaluate(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        "(document.querySelectorAll('.map-dot, .map-cross')[2].getBoundingClientRect())"
    )
    assert max(abs(spot[0] - after[0]), abs(spot[1] - after[1])) < 2
    # A drag that ends on a spot is no click on it.
    await page.call("mouse.down")
    await page.call("mouse.move", spot[0] + 60, spot[1] + 40)
    await page.call("mouse.up")
    assert await page.evaluate("location.search") == "?view=map"


async def test_two_fingers_zoom_the_map_on_a_phone(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    phone = {"viewport": {"width": 390, "height": 844}, "hasTouch": True, "isMobile": True}
    async with run_app(settings), open_page(f"{settings.app_address}/?view=map", **phone) as page:
        await page.until("document.querySelectorAll('.map-spot').length === 3")
        # All of it is on the screen.
        assert await page.evaluate("document.querySelector('.map-picture').getBoundingClientRect().bottom") <= 844
        before = await page.evaluate(ZOOM)
        for kind, apart in (("Start", 40), ("Move", 80), ("Move", 120)):
            points = [{"x": 195 - apart, "y": 560, "id": 0}, {"x": 195 + apart, "y": 560, "id": 1}]
            await page.call("cdp", "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        await page.call("cdp", "Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        await page.until(f"{ZOOM} < {before} / 1.5")
