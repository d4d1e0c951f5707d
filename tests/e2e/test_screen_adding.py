"""Adding a device on the screen, in a real Chromium: how it is read is asked first, and little else is needed."""

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

NAME = ".device-form .field-name"
ADD = ".device-form button[type=submit]"
WAYS = "[...document.querySelectorAll('.way b')].map((one) => one.innerText)"
FOCUS = "document.activeElement"
MARKED = "[...document.querySelectorAll('.sim')].map((one) => one.getAttribute('aria-label'))"


@pytest.fixture
async def form(page: Page, settings: Settings) -> Page:
    """The form of a new device, before anything is chosen."""
    await page.call("goto", f"{settings.app_address}/?view=devices")
    await page.call("click", "text=Add a device")
    await page.until("document.querySelectorAll('.way').length === 7")
    return page


async def find_device(network: httpx.AsyncClient, name: str) -> dict[str, Any]:
    listed = (await network.get("/devices/?read=false")).json()
    found: dict[str, Any] = next(one for one in listed if one["host_name"] == name)
    return found


async def test_how_it_is_read_is_asked_first_and_nothing_is_chosen(form: Page) -> None:
    assert await form.evaluate(WAYS) == ["Ping", "SNMP", "Web page", "Port", "DNS", "This machine", "Simulated"]
    assert await form.evaluate("document.querySelectorAll('.way :checked').length") == 0
    assert await form.evaluate(f"document.querySelector({ADD!r}).disabled")
    assert await form.evaluate(f"document.querySelector({NAME!r})") is None


async def test_a_ping_is_added_with_a_name_and_an_address(form: Page, network: httpx.AsyncClient) -> None:
    await form.call("click", "text=Anything with an address")
    await form.until(f"{FOCUS}.matches({NAME!r})")
    await form.call("keyboard.type", "nas")
    await form.call("keyboard.press", "Tab")
    await form.call("keyboard.type", "127.0.0.1")
    await form.call("keyboard.press", "Enter")
    await form.until("document.querySelector('.device-form') === null")
    made = await find_device(network, "nas")
    assert (made["driver"], made["ip_address"], made["mac_address"]) == ("icmp", "127.0.0.1", None)


async def test_a_device_that_was_never_read_is_not_shown_as_up_for_a_moment(form: Page, context: WorkerContext) -> None:
    await form.call("click", "text=Anything with an address")
    await form.call("fill", NAME, "nas")
    await form.call("getByLabel.fill", "IP address", "127.0.0.1")
    await form.call("click", ADD)
    await sync(context, 2)
    await form.until("document.querySelector('.availability .big')?.innerText === '–'")
    assert await form.evaluate("document.querySelector('.availability .share-up')") is None
    assert "outage" not in await form.text(".availability")


async def test_the_button_that_adds_is_in_sight_however_long_the_form_is(form: Page) -> None:
    await form.call("getByRole.click", "radio", {"name": "SNMP"})
    await form.until(f"document.querySelector({NAME!r}) !== null")
    await form.call("click", "text=more options")
    box = f"document.querySelector({ADD!r}).getBoundingClientRect()"
    assert await form.evaluate(f"{box}.top > 0 && {box}.bottom <= innerHeight")
    assert (
        await form.evaluate(f"document.elementFromPoint({box}.x + 5, {box}.y + 5).closest('button')?.type") == "submit"
    )


async def test_a_web_page_needs_no_address_of_its_own(form: Page, network: httpx.AsyncClient) -> None:
    await form.call("getByRole.click", "radio", {"name": "Web page"})
    await form.call("fill", NAME, "panel")
    await form.call("getByLabel.fill", "URL", "http://127.0.0.1:9/status")
    await form.call("click", ADD)
    await form.until("document.querySelector('.device-form') === null")
    made = await find_device(network, "panel")
    assert (made["driver"], made["ip_address"]) == ("http", "127.0.0.1")
    assert made["driver_options"] == {"url": "http://127.0.0.1:9/status"}


async def test_a_switch_is_added_with_the_keyboard_alone(form: Page, network: httpx.AsyncClient) -> None:
    await form.until(f"{FOCUS}.matches('.way input')")
    await form.call("keyboard.press", "ArrowDown")
    assert await form.evaluate(f"[{FOCUS}.value, {FOCUS}.checked]") == ["snmp", True]
    await form.until(f"document.querySelector({NAME!r}) !== null")
    await form.call("keyboard.press", "Tab")
    await form.call("keyboard.type", "switch-9")
    await form.call("keyboard.press", "Tab")
    await form.call("keyboard.type", "::1")
    await form.call("getByLabel.fill", "Community", "public")
    await form.call("keyboard.press", "Enter")
    await form.until("document.querySelector('.device-form') === null")
    assert ((await find_device(network, "switch-9"))["driver"]) == "snmp"


async def test_what_is_missing_is_said_at_its_field_in_words_of_its_own(form: Page, network: httpx.AsyncClient) -> None:
    await form.call("getByRole.click", "radio", {"name": "Port"})
    await form.call("click", ADD)
    await form.until("document.querySelectorAll('[aria-invalid=true]').length === 3")
    text = await form.text(".device-form")
    assert [part for part in ("Give it a name", "Give its address", "This is needed.") if part not in text] == []
    assert await form.evaluate(f"{FOCUS}.matches({NAME!r})")
    await form.call("fill", NAME, "door")
    await form.call("getByLabel.fill", "IP address", "127.0.0.1")
    await form.call("fill", ".options input", "70000")
    await form.call("click", ADD)
    await form.until("document.querySelector('.options').innerText.includes('At most 65535.')")
    await form.call("fill", ".options input", "8080")
    await form.call("click", ADD)
    await form.until("document.querySelector('.device-form') === null")
    assert (await find_device(network, "door"))["driver_options"] == {"port": 8080}


async def test_simulated_devices_are_marked_wherever_they_are_named(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    await network.post("/devices/", json=make_device(host_name="real", driver="icmp", ip_address="127.0.0.1"))
    await sync(context, 2)
    await refresh_once()
    for query in ("", "?kiosk", "?view=devices", "?device=1"):
        await page.call("goto", f"{settings.app_address}/{query}")
        await page.until(f"{MARKED}.includes('simulated device')")
        assert await page.evaluate(UNMARKED) == [], query
    await page.call("goto", f"{settings.app_address}/?view=map")
    await page.until("document.querySelectorAll('.map-spot').length === 4")
    labels = await page.evaluate("[...document.querySelectorAll('.map-picture a')].map((one) => one.ariaLabel)")
    assert sorted(" SIM, " in label for label in labels) == [False, True, True, True]
    assert await page.evaluate("document.querySelectorAll('.map-sim').length") == 3


# Names of devices that are marked and should not be, or the other way round.
UNMARKED = """[...document.querySelectorAll('.device-name, .table-device .cell-name, .device-head')]
    .filter((one) => /real/.test(one.innerText) === (one.querySelector('.sim') !== null))
    .map((one) => one.innerText)"""


async def test_a_device_that_cannot_be_asked_what_it_is_offers_no_asking(
    page: Page, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    device = make_device(host_name="real", driver="icmp", ip_address="127.0.0.1")
    made = (await network.post("/devices/", json=device)).json()
    await sync(context, 2)
    await page.call("goto", f"{settings.app_address}/?device={made['id']}")
    await page.until("document.querySelector('.reading button') !== null")
    await page.until(
        "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/api/drivers') && one.responseEnd)"
    )
    assert "Ask the device" not in await page.text("main")
