"""The screen while Postgres is away and after the clock was set back, in a real Chromium: live, and it says so."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from redis.asyncio import Redis

from dashnet.database import create_engine
from dashnet.reading import to_wire
from dashnet.settings import Settings
from tests.conftest import run_app, run_network
from tests.e2e.browser import Page, open_page
from tests.factories import make_device
from tests.gate import Gate
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.ledger import SCHEDULE
from workers.network_client import NetworkClient
from workers.parked_readings import store_parked
from workers.partitions import ensure_partitions
from workers.refresh import refresh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SECOND = timedelta(seconds=1)


@pytest.fixture
def now() -> datetime:
    """The running second."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def network_of_stack(gated_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A network service that reaches Postgres through the gate, with three devices."""
    async with run_network(gated_settings) as network:
        await network.post("/devices/", json=[make_device() for _ in range(3)])
        yield network


@pytest.fixture
async def worker(
    gated_settings: Settings, network_of_stack: httpx.AsyncClient, redis: Redis, now: datetime
) -> AsyncIterator[WorkerContext]:
    """A worker's context behind the gate, after one refresh."""
    async with NetworkClient(gated_settings) as client:
        engine = create_engine(gated_settings, "dashnet-test")
        await ensure_partitions(engine, coming_days(now) | {(now - timedelta(hours=1)).date()})
        worker = WorkerContext(gated_settings, engine, redis, client)
        await refresh(worker, now - 3 * SECOND, SCHEDULE)
        yield worker
        await engine.dispose()


@pytest.fixture
async def outage_page(gated_settings: Settings, worker: WorkerContext) -> AsyncIterator[Page]:
    """The overview of a whole stack that reaches Postgres through the gate."""
    async with run_app(gated_settings), open_page(gated_settings.app_address) as page:
        await page.until("document.querySelector('.fresh-well') !== null")
        yield page


async def shows_tick(page: Page, tick: datetime) -> None:
    await page.until(f"document.querySelector('.fresh-age time').dateTime === {to_wire(tick)!r}")


async def test_while_postgres_is_away_the_screen_stays_live_and_says_that_storing_is_delayed(
    outage_page: Page, worker: WorkerContext, postgres_gate: Gate, now: datetime
) -> None:
    assert await outage_page.text(".trouble") == ""
    postgres_gate.shut()
    await refresh(worker, now - 2 * SECOND, SCHEDULE)
    await outage_page.until("document.querySelector('.trouble-delayed') !== null")
    await refresh(worker, now - SECOND, SCHEDULE)
    await shows_tick(outage_page, now - SECOND)
    said = await outage_page.text(".trouble-delayed")
    assert said.startswith("The database is out of reach. Readings go on and what you see is live; storing")
    assert await outage_page.evaluate(
        "[document.querySelector('.fresh b').innerText, document.querySelector('.stale'), document.title.includes('⚠')]"
    ) == ["Live", None, False]
    await postgres_gate.open()
    await store_parked(worker)
    await outage_page.until("document.querySelector('.trouble') === null")
    await shows_tick(outage_page, now - SECOND)


async def test_a_page_that_is_opened_while_postgres_is_away_says_so_too(
    outage_page: Page, worker: WorkerContext, postgres_gate: Gate, now: datetime
) -> None:
    postgres_gate.shut()
    await refresh(worker, now - SECOND, SCHEDULE)
    await outage_page.until("document.querySelector('.trouble-delayed') !== null")
    await outage_page.call("reload")
    await outage_page.until("document.querySelector('.trouble-delayed') !== null")
    await shows_tick(outage_page, now - SECOND)


async def test_after_the_clock_was_set_back_the_screen_says_by_how_much(
    outage_page: Page, worker: WorkerContext, now: datetime
) -> None:
    """A tick ahead of now is what a clock that was set back leaves behind."""
    await refresh(worker, now + timedelta(minutes=30, seconds=59), SCHEDULE)
    await outage_page.until("document.querySelector('.trouble-ahead') !== null")
    said = await outage_page.text(".trouble-ahead")
    assert "clock was set back: the newest readings are 30 min" in said
