"""The API's documentation at /docs, in a Chromium that reaches nothing but this machine."""

import httpx
import pytest

from dashnet.settings import Settings
from tests.e2e.browser import open_page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.mark.parametrize("service", ["app", "network"])
async def test_it_needs_no_other_machine(
    settings: Settings, app: httpx.AsyncClient, network: httpx.AsyncClient, service: str
) -> None:
    address = settings.app_address if service == "app" else settings.network_address
    async with open_page(f"{address}/docs") as page:
        await page.until("document.querySelectorAll('.opblock').length > 10")
        assert f"Dashnet {service} service" in await page.text(".info .title")
        assert await page.call("complaints") == []
