import re
from datetime import UTC, datetime, timedelta

import httpx
import orjson
import pytest

from dashnet.settings import Settings
from services.app import full_state_cache
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.feeds import open_feed
from workers.clean import clean
from workers.context import WorkerContext


async def test_the_array_has_exactly_the_fields_of_2020(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    async with open_feed(settings, "/") as feed:
        devices = await feed.next()
    assert {frozenset(device) for device in devices} == {
        frozenset({"id", "mac_address", "ip_address", "device_type", "host_name", "operating_system", "snap_shots"})
    }
    snap_shot = devices[0]["snap_shots"][0]
    assert set(snap_shot) == {"id", "time_stamp", "upload_speed", "download_speed", "active_connection"}
    assert isinstance(snap_shot["id"], int)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", snap_shot["time_stamp"])


async def test_every_refresh_sends_a_new_array_with_one_more_snapshot_oldest_first(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, "/") as feed:
        assert await feed.next() == []
        await refresh_once()
        assert [len(device["snap_shots"]) for device in await feed.next()] == [1, 1, 1]
        await refresh_once()
        devices = await feed.next()
    times = [snap_shot["time_stamp"] for snap_shot in devices[0]["snap_shots"]]
    assert len(times) == 2
    assert times == sorted(times)


async def test_snapshot_ids_are_unique_and_safe_in_javascript(
    app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    await refresh_once()
    devices = (await app.get("/api/network")).json()
    ids = [snap_shot["id"] for device in devices for snap_shot in device["snap_shots"]]
    assert len(set(ids)) == 6
    assert max(ids) < 2**53


async def test_a_clean_leaves_ten_snapshots_of_each_simulated_device(
    settings: Settings, app: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce
) -> None:
    await refresh_once()
    now = datetime.now(UTC).replace(microsecond=0)
    async with open_feed(settings, "/") as feed:
        await feed.next()
        await clean(context, now, "test")
        devices = await feed.next()
    assert [len(device["snap_shots"]) for device in devices] == [10, 10, 10]


async def test_at_most_the_configured_number_of_snapshots_is_sent_the_newest(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    few = settings.model_copy(update={"full_state_snapshots": 2})
    ticks = [await refresh_once(), await refresh_once(), await refresh_once()]
    async with run_app(few) as app:
        devices = (await app.get("/api/network")).json()
    shown = [snap_shot["time_stamp"] for snap_shot in devices[0]["snap_shots"]]
    assert shown == [f"{tick:%Y-%m-%d %H:%M:%S.%f}" for tick in ticks[1:]]


async def test_snapshots_from_before_the_last_clean_are_left_out(
    app: httpx.AsyncClient, context: WorkerContext, refresh_once: RefreshOnce, device_ids: list[int]
) -> None:
    await clean(context, datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1), "test")
    async with context.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO store.snapshot SELECT now() - interval '30 minutes', id, 1, 1, NULL, true FROM store.device"
        )
    await refresh_once()
    devices = (await app.get("/api/network")).json()
    assert {len(device["snap_shots"]) for device in devices} <= {10, 11}


@pytest.mark.parametrize("message", ["{", "[]", "{}", '{"type":"subscribe","device_ids":null}', b"\x00"])
async def test_a_bad_message_gets_an_error_and_the_connection_lives_on(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, message: str | bytes
) -> None:
    async with open_feed(settings, "/") as feed:
        await feed.next()
        await feed.socket.send(message)
        assert (await feed.next())["type"] == "error"
        await refresh_once()
        assert isinstance(await feed.next(), list)


async def test_a_long_array_is_streamed_and_the_same_as_one_that_is_held(
    app: httpx.AsyncClient, refresh_once: RefreshOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refresh_once()
    held = (await app.get("/api/network")).json()
    await refresh_once()
    monkeypatch.setattr(full_state_cache, "MOST_HELD_DEVICES", 1)
    async with app.stream("GET", "/api/network") as answer:
        streamed = orjson.loads(await answer.aread())
    monkeypatch.setattr(full_state_cache, "MOST_HELD_DEVICES", 100)
    assert (answer.headers.get("content-length"), streamed) == (None, (await app.get("/api/network")).json())
    assert [device["id"] for device in streamed] == [device["id"] for device in held]
