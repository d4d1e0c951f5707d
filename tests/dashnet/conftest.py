"""The app service's own fixtures serve the client's tests too; and databases for what cares for all of them."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.database import create_engine
from dashnet.embedded.servers import ServerAddresses
from dashnet.settings import Settings
from tests.app.conftest import device_ids, refresh_once, store
from tests.databases import EARLIER, load_sql, new_database

__all__ = ["device_ids", "refresh_once", "store"]


@pytest.fixture
async def empty(servers: ServerAddresses, settings: Settings) -> AsyncIterator[Settings]:
    """A system whose database nobody has used yet."""
    async with new_database(servers, settings, "test_empty") as empty:
        yield empty


@pytest.fixture
async def earlier(servers: ServerAddresses, settings: Settings) -> AsyncIterator[Settings]:
    """A system whose database an earlier Dashnet made."""
    async with new_database(servers, settings, "test_earlier") as earlier:
        await load_sql(earlier, EARLIER)
        yield earlier


@pytest.fixture
async def earlier_engine(earlier: Settings) -> AsyncIterator[AsyncEngine]:
    """An engine on the earlier database."""
    engine = create_engine(earlier, "dashnet-test")
    yield engine
    await engine.dispose()
