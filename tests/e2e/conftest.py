"""The app service's own fixtures serve whole-system tests too."""

from collections.abc import AsyncIterator

import pytest

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce, app, device_ids, refresh_once, store
from tests.conftest import run_app
from tests.e2e.browser import Page, open_page

__all__ = ["app", "device_ids", "refresh_once", "store"]


@pytest.fixture
async def page(settings: Settings, device_ids: list[int], refresh_once: RefreshOnce) -> AsyncIterator[Page]:
    """The overview of three devices that were refreshed once, without the first words."""
    await refresh_once()
    welcomed = [{"name": "dashnet-welcomed", "value": "yes"}]
    known = {"cookies": [], "origins": [{"origin": settings.app_address, "localStorage": welcomed}]}
    async with run_app(settings), open_page(settings.app_address, storageState=known) as page:
        await page.until("document.querySelector('.fresh-well') !== null")
        yield page
