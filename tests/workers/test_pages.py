import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import orjson
import pytest
from sqlalchemy import text

from dashnet.errors import ServiceUnavailable
from dashnet.jobs import Job
from dashnet.publication import Position, read_missed, read_position
from tests.factories import make_device
from workers.context import PAGES_AT_ONCE, WorkerContext
from workers.ledger import Run, RunKey, open_run
from workers.outages import OutageLog, write_session
from workers.pages import Page, Take, cut_evenly, plan_pages, run_pages, select_page_starts
from workers.refresh import refresh, refresh_page
from workers.sync import sync


def with_pages_of(context: WorkerContext, devices: int) -> WorkerContext:
    return replace(context, settings=context.settings.model_copy(update={"refresh_page_devices": devices}))


@pytest.mark.parametrize(
    ("devices", "size"),
    [(0, 1), (1, 1), (10_000, 10_000), (10_001, 10_001), (12_500, 12_500), (12_501, 6_251), (20_001, 6_667)],
)
def test_pages_are_equally_large_and_a_small_rest_makes_none(devices: int, size: int) -> None:
    assert cut_evenly(devices, 10_000) == size


async def test_pages_begin_where_the_one_before_ends(
    context: WorkerContext, network: httpx.AsyncClient, store: None
) -> None:
    created = (await network.post("/devices/", json=[make_device() for _ in range(20)])).json()
    await sync(context, 1)
    async with context.engine.connect() as connection:
        assert await select_page_starts(connection, 10) == [0, created[9]["id"]]
        assert await select_page_starts(connection, 16) == [0]
        assert await select_page_starts(connection, 7) == [0, created[6]["id"], created[13]["id"]]


async def count_published(context: WorkerContext, before: Position) -> Counter[int]:
    missed = await read_missed(context.redis, context.settings, before)
    messages = [orjson.loads(one.message) for one in missed or ()]
    return Counter(one["device_id"] for message in messages for one in message.get("snap_shots", ()))


async def count_stored(context: WorkerContext) -> tuple[int, int]:
    async with context.engine.connect() as connection:
        query = "SELECT count(*), count(DISTINCT device_id) FROM store.snapshot"
        row = (await connection.execute(text(query))).one()
    return row[0], row[1]


@pytest.mark.parametrize(
    ("count", "page_devices"), [(10_001, 10_000), (10, 10), (11, 10), (12, 10), (13, 10), (31, 10)]
)
async def test_every_device_is_stored_and_published_once(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime, *, count: int, page_devices: int
) -> None:
    created = await network.post("/devices/", json=[make_device() for _ in range(count)], timeout=60)
    await sync(context, 1)
    before = await read_position(context.redis, context.settings)
    await refresh(with_pages_of(context, page_devices), now, "test")
    assert await count_stored(context) == (count, count)
    assert await count_published(context, before) == Counter(one["id"] for one in created.json())


async def test_a_run_that_is_taken_up_keeps_its_pages_whatever_came_and_went_since(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    """With others, the devices between the end of a page that is done and that of its successor would be left out."""
    await network.post("/devices/", json=[make_device() for _ in range(20)])
    await sync(context, 1)
    small = with_pages_of(context, 10)
    first = await plan_and_leave(small, now)
    await refresh_page(small, now, first[0])
    await network.post("/devices/", json=[make_device() for _ in range(9)])
    await sync(context, 2)
    await refresh(small, now, "test")
    assert await count_stored(context) == (29, 29)


async def plan_and_leave(context: WorkerContext, tick: datetime) -> list[Page]:
    """Plan a refresh as a worker that is killed then."""
    with pytest.raises(asyncio.CancelledError):
        async with open_refresh(context, tick) as run:
            assert run is not None
            pages = list(await plan_pages(run, context.settings.refresh_page_devices))
            raise asyncio.CancelledError
    return pages


def open_refresh(context: WorkerContext, tick: datetime) -> AbstractAsyncContextManager[Run | None]:
    return open_run(context.engine, RunKey(Job.REFRESH, tick), requested_by="test", worker="test", timeout_seconds=30)


PAGES = [Page(0, 10), Page(10, 20), Page(20, 30), Page(30, None)]


async def run_with(context: WorkerContext, tick: datetime, take: Take) -> Run:
    async with open_refresh(context, tick) as run:
        assert run is not None
        await run_pages(context, run, PAGES, take)
    return run


async def test_a_process_has_only_so_many_pages_in_its_hands(
    context: WorkerContext, store: None, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offered jobs and the refresh's own turn together: a hundred pages at once would take gigabytes."""
    side_by_side, most = 0, 0

    async def sync_slowly(*_: object) -> None:
        nonlocal side_by_side, most
        side_by_side += 1
        most = max(most, side_by_side)
        await asyncio.sleep(0)
        side_by_side -= 1

    monkeypatch.setattr("workers.refresh._refresh_devices", sync_slowly)
    jobs = [asyncio.create_task(refresh_page(context, now, page)) for page in PAGES]
    await run_with(context, now, lambda page: refresh_page(context, now, page))
    await asyncio.gather(*jobs)
    assert most <= PAGES_AT_ONCE


async def test_a_page_that_another_worker_has_begun_is_waited_for(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    others = asyncio.Event()

    async def take(page: Page) -> None:
        if page == PAGES[2]:
            others.set()
        else:
            await refresh_page(context, now, page)

    async def take_as_another() -> None:
        await others.wait()
        await refresh_page(context, now, PAGES[2])

    async with asyncio.TaskGroup() as group:
        group.create_task(take_as_another())
        await run_with(context, now, take)
    async with context.engine.connect() as connection:
        query = text("SELECT outcome FROM store.job_run")
        assert list(await connection.scalars(query)) == ["done"] * (1 + len(PAGES))


async def test_a_page_that_fails_costs_no_other(context: WorkerContext, store: None, now: datetime) -> None:
    taken = []

    async def take(page: Page) -> None:
        taken.append(page)
        if page == PAGES[0]:
            raise ServiceUnavailable("this page alone")

    with pytest.raises(ServiceUnavailable, match="this page alone"):
        await run_with(context, now, take)
    assert sorted(taken, key=PAGES.index) == PAGES


async def test_no_page_is_begun_any_more_once_postgres_is_away(
    context: WorkerContext, store: None, now: datetime
) -> None:
    """Its tick is parked whole, and each page would first have to find out by itself."""
    taken = []

    async def take(page: Page) -> None:
        taken.append(page)
        raise ConnectionRefusedError("Postgres")

    with pytest.raises(ConnectionRefusedError):
        await run_with(context, now, take)
    assert taken == PAGES[:1]


@pytest.mark.parametrize(("age_seconds", "offers"), [(1, len(PAGES)), (60, 0)])
async def test_pages_are_offered_to_workers_that_are_up(
    context: WorkerContext, store: None, now: datetime, network: httpx.AsyncClient, *, age_seconds: int, offers: int
) -> None:
    other = context.settings.model_copy(update={"worker_name": "other"})
    seen_at = now - timedelta(seconds=age_seconds)
    await write_session(context.redis, other, OutageLog(seen_at), seen_at)
    await run_with(context, now, lambda page: refresh_page(context, now, page))
    assert len(await context.redis.keys("arq:job:refresh_page:*")) == offers
