"""The screen over a bad link, in a real Chromium: slow, or gone and back; a hole in the past is a hole in the chart."""

import signal
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.e2e.browser import Page, open_page
from tests.oracle import Row
from tests.processes import environment_of, run_process
from tests.servers import OUR_PROTOCOL
from tests.snapshots import store_rows

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SLOW = {"offline": False, "latency": 400, "downloadThroughput": 150_000, "uploadThroughput": 50_000}
# How much is drawn in the column of a minute, from the left one (0) to the right one (1).
DRAWN = """(part) => {
    const canvas = document.querySelector('.plot-traffic canvas');
    const over = document.querySelector('.plot-traffic .u-over').getBoundingClientRect();
    const box = canvas.getBoundingClientRect();
    const scale = canvas.width / box.width;
    const x = Math.round((over.left - box.left + part * over.width) * scale);
    const cells = canvas.getContext('2d').getImageData(x, 0, 1, canvas.height).data;
    return cells.filter((value, index) => index % 4 === 3 && value > 0).length;
}"""
# All that tells of the link, as one text.
SIGNS = """[
    ...['.trouble-lost', '.fresh b'].map((part) => document.querySelector(part)?.innerText), document.title,
    document.querySelector('link[rel=icon]').getAttribute('href'), document.querySelector('main.stale') !== null,
].join(' ')"""
ROWS = "[...document.querySelectorAll('.chart-table tbody tr')].map((row) => row.innerText.split('\\t'))"


async def test_over_a_slow_link_the_page_comes_and_follows(page: Page, refresh_once: RefreshOnce) -> None:
    await page.call("cdp", "Network.enable")
    await page.call("cdp", "Network.setCacheDisabled", {"cacheDisabled": True})
    await page.call("cdp", "Network.emulateNetworkConditions", SLOW)
    await page.call("addInitScript", "window.told = new Set();"
        "new MutationObserver(() => { const tile = document.querySelector('.tile-up'); "
        "if (tile) window.told.add(tile.innerText.includes('of 3')); })"
        ".observe(document, {childList: true, subtree: true, characterData: true})")  # fmt: skip
    await page.call("reload")
    await page.until("document.querySelector('.fresh-well') !== null")
    await page.until("document.querySelectorAll('.plot canvas').length === 2")
    # It never told of another number of devices, not even of none.
    assert await page.evaluate("[...window.told]") == [True]
    before = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
    await refresh_once()
    await page.until(f"document.querySelector('.fresh-age time').dateTime > {before!r}")
    assert await page.call("complaints") == []


async def test_a_killed_server_is_missed_and_leaves_a_gap_only_where_a_tick_was(
    settings: Settings, engine: AsyncEngine, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    arguments = ("-m", "uvicorn", "services.app.main:app", "--port", str(settings.app_port), "--ws", OUR_PROTOCOL)
    environment = environment_of(settings)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    # Minute 0 has no tick: it is told with minute 59 and missed by nobody.
    hole = 3 if now.minute in (4, 5) else 5
    await store_rows(engine, [_read(device_ids[0], now, minutes) for minutes in range(hole + 1, 10)])
    await refresh_once()
    with run_process(arguments, environment) as server:
        await _wait_ready(settings)
        async with open_page(f"{settings.app_address}/?range=10m") as page:
            await page.until("document.querySelectorAll('.plot canvas').length === 2")
            server.send_signal(signal.SIGKILL)
            await page.until("document.querySelector('.trouble-lost') !== null")
            await _check_lost(page)
            await store_rows(engine, [_read(device_ids[0], now, minutes) for minutes in range(1, hole)])
            tick = await refresh_once()
            with run_process(arguments, environment):
                newest = tick.strftime("%Y-%m-%dT%H:%M:%SZ")
                await page.until(f"document.querySelector('.fresh-age time').dateTime === {newest!r}")
                await page.until("document.querySelector('.trouble, .stale') === null")
                assert "as of" not in await page.text(".tile-up") + await page.evaluate("document.title")
                await page.call("click", ".chart-table summary")
                missed = (now - timedelta(minutes=hole)).strftime("%H:%M")
                await page.until(f"{ROWS}.filter((row) => row[1] !== '–').length >= 7")
                await _check_gap(page, missed)


async def _check_lost(page: Page) -> None:
    """Over several attempts to come back, the page tells steadily and as one that the figures are of the past."""
    tick = await page.evaluate("document.querySelector('.fresh-age time').dateTime")
    as_of = await page.evaluate(f"'as of ' + new Date({tick!r}).toTimeString().slice(0, 5)")
    await page.until(f"document.querySelector('.tile-note').innerText.includes({as_of!r})")
    assert "of 3" in await page.text(".tile-up")
    await page.evaluate(f"{{ window.told = new Set([{SIGNS}]); window.attempts = 0; const Plain = WebSocket; "
        "window.WebSocket = class extends Plain { constructor(...all) { super(...all); window.attempts += 1; } }; "
        f"new MutationObserver(() => window.told.add({SIGNS}))"
        ".observe(document, {childList: true, subtree: true, characterData: true, attributes: true}) }")  # fmt: skip
    await page.until("window.attempts >= 2")
    await page.call("setViewportSize", {"width": 390, "height": 844})
    assert await page.text(".fresh") == "No link"
    await page.call("setViewportSize", {"width": 1280, "height": 720})
    told = await page.evaluate("[...window.told]")
    assert len(told) == 1, told
    assert f"No link, {as_of}" in told[0]
    assert told[0].endswith("lost.svg true")
    up, soft = await page.evaluate("[document.querySelector('.tile-up b'), document.querySelector('.tile-up h2')]"
        ".map((part) => getComputedStyle(part).color)")  # fmt: skip
    assert up == soft


def _read(device_id: int, now: datetime, minutes_ago: int) -> Row:
    return Row(device_id, now - timedelta(minutes=minutes_ago), active=True, upload=20.0, download=60.0)


async def _check_gap(page: Page, missed: str) -> None:
    """The missed minute is empty in the table and in the picture, those around it are in both."""
    rows = await page.evaluate(ROWS)
    hole = next(index for index, row in enumerate(rows) if row[0].endswith(missed))
    assert [row[1] == "–" for row in rows[hole - 3 : hole + 4]] == [False, False, False, True, False, False, False]
    drawn = [await page.evaluate(f"({DRAWN})({1 - index / (len(rows) - 1)})") for index in range(len(rows))]
    assert min(drawn[index] for index in (hole - 2, hole + 2)) > drawn[hole] + 20, drawn


async def _wait_ready(settings: Settings) -> None:
    transport = httpx.AsyncHTTPTransport(retries=20)
    async with httpx.AsyncClient(base_url=settings.app_address, transport=transport) as client:
        assert (await client.get("/healthz")).status_code == 200
