"""Everything that runs shows the restored data afterwards, and goes on working."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from dashnet.backups.dump import backup
from dashnet.backups.restore import restore
from dashnet.settings import Settings
from dashnet.tasks import cancel_and_wait
from tests.conftest import run_app
from tests.factories import make_device
from tests.feeds import open_feed
from tests.servers import eventually
from workers.clean import clean
from workers.context import WorkerContext
from workers.devices import select_stored_inventory
from workers.refresh import refresh
from workers.sync import sync
from workers.watch import take_up_abandoned, watch_for_abandoned


def say_nothing(line: str) -> None:
    """For what is not about the words."""


@pytest.fixture
async def app(settings: Settings, device_ids: list[int], context: WorkerContext) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app service, beside a worker that looks after what is left."""
    watch = asyncio.create_task(watch_for_abandoned(context))
    async with run_app(settings) as client:
        yield client
    await cancel_and_wait(watch)


@pytest.fixture
async def archive(tmp_path: Path, settings: Settings, device_ids: list[int], context: WorkerContext) -> Path:
    """A backup of three devices that were refreshed once."""
    await refresh(context, datetime.now(UTC), "test")
    await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=settings)
    return tmp_path / "b.zip"


async def restore_all(archive: Path, settings: Settings) -> None:
    await restore(archive, say_nothing, confirm=lambda _: True, settings=settings)


async def names_at(client: httpx.AsyncClient, path: str) -> Sequence[str]:
    return [device["host_name"] for device in (await client.get(path)).json()]


def names_in(state: dict[str, Any]) -> Sequence[str]:
    return [device["host_name"] for device in state["devices"]]


async def rename(network: httpx.AsyncClient, device_id: int, name: str) -> None:
    (await network.patch(f"/devices/{device_id}", json={"host_name": name})).raise_for_status()


async def test_all_screens_show_the_restored_fleet(
    archive: Path, settings: Settings, app: httpx.AsyncClient, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    before = await names_at(network, "/devices/")
    await network.delete("/devices/1")
    await network.post("/devices/", json=make_device(host_name="added later"))
    await rename(network, 2, "renamed later")
    await sync(context, 4)
    async with open_feed(settings, "/live") as live, open_feed(settings, "/") as full:
        assert "added later" in names_in(await live.next())
        await full.next()
        await restore_all(archive, settings)
        assert await names_at(network, "/devices/") == before
        state = await live.next_of("state")
        assert names_in(state) == before
        assert [device["host_name"] for device in await full.next()] == before
    assert await names_at(app, "/api/devices") == before
    assert all(device["snap_shot"] for device in state["devices"])


@pytest.mark.parametrize("edits", [0, 1, 2])
async def test_no_service_stays_with_the_inventory_of_before_whatever_its_revision_is(
    archive: Path, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, edits: int
) -> None:
    """The restored inventory is edited until its revision is below, at and above the one that services knew."""
    for name in ("once", "twice"):
        await rename(network, 1, name)
    await sync(context, 3)
    await network.get("/devices/")
    await restore_all(archive, settings)
    for number in range(edits):
        # Straight into the database, so that nothing was read in between.
        async with context.engine.begin() as connection:
            await connection.execute(text("UPDATE network.inventory SET revision = revision + 1"))
            await connection.execute(
                text("UPDATE network.device SET host_name = :name, revision = :revision WHERE id = 2"),
                {"name": f"edit {number}", "revision": 2 + number},
            )
    stored = (await network.get("/devices/", params={"read": "false"})).json()
    async with context.engine.connect() as connection:
        names = list(await connection.scalars(text("SELECT host_name FROM network.device ORDER BY id")))
    assert [device["host_name"] for device in stored] == names
    assert "twice" not in names


async def test_an_edit_after_a_restore_reaches_the_store(
    archive: Path, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    for name in ("once", "twice", "thrice"):
        await rename(network, 1, name)
    await sync(context, 4)
    await restore_all(archive, settings)
    # What was queued before the restore does no harm.
    await sync(context, 4)
    await rename(network, 3, "after the restore")
    await sync(context, 2)
    async with context.engine.connect() as connection:
        assert await connection.scalar(text("SELECT host_name FROM store.device WHERE id = 3")) == "after the restore"
        assert (await select_stored_inventory(connection)).revision == 2


async def test_a_store_of_another_inventory_is_replaced_after_the_restore(
    tmp_path: Path, settings: Settings, network: httpx.AsyncClient, device_ids: list[int], context: WorkerContext
) -> None:
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE store.store_state SET inventory_id = 'of long ago'"))
        await connection.execute(text("UPDATE store.device SET host_name = 'of long ago'"))
    await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=settings)
    await restore_all(tmp_path / "b.zip", settings)
    await refresh(context, datetime.now(UTC), "test")
    async with context.engine.connect() as connection:
        names = list(await connection.scalars(text("SELECT host_name FROM store.device ORDER BY id")))
    assert names == await names_at(network, "/devices/")


async def test_a_mark_makes_the_next_worker_tell_of_the_restore(
    archive: Path, settings: Settings, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    await restore_all(archive, settings)
    marked = text("SELECT unpublished FROM store.store_state")
    async with context.engine.connect() as connection:
        assert await connection.scalar(marked) is True
    await take_up_abandoned(context)
    async with context.engine.connect() as connection:
        assert await connection.scalar(marked) is False


async def test_refreshes_cleans_edits_and_requests_go_on_during_restores(
    archive: Path, settings: Settings, app: httpx.AsyncClient, network: httpx.AsyncClient, context: WorkerContext
) -> None:
    """None of them fails, and what they stored after the last restore is right."""
    begin = datetime.now(UTC)
    failures: list[str] = []

    async def ask(client: httpx.AsyncClient, path: str) -> None:
        while True:
            answer = await client.get(path)
            failures.extend([f"{path}: {answer.status_code}"] if answer.status_code != 200 else [])

    async def edit() -> None:
        while True:
            answer = await network.post("/devices/", json=make_device())
            failures.extend([f"POST: {answer.status_code}"] if answer.status_code != 201 else [])

    async def work() -> None:
        for number in range(100_000):
            await refresh(context, begin + timedelta(microseconds=number), "test")
            await clean(context, begin + timedelta(microseconds=number), "test")

    paths = (
        (network, "/devices/"),
        (app, "/api/devices/1/history"),
        (app, "/api/summary/history"),
        (app, "/api/network"),
    )
    tasks = [asyncio.create_task(one) for one in (edit(), work(), *(ask(client, path) for client, path in paths))]
    for _ in range(5):
        await restore_all(archive, settings)
    ended = [task for task in tasks if task.done()]
    for task in tasks:
        await cancel_and_wait(task)
    assert (ended, failures) == ([], [])
    await refresh(context, datetime.now(UTC), "test")
    await eventually(lambda: agree(app, network))


async def agree(app: httpx.AsyncClient, network: httpx.AsyncClient) -> bool:
    return await names_at(app, "/api/devices") == await names_at(network, "/devices/")
