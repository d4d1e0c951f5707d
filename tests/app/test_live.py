from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed

from dashnet.channels import job_queue
from dashnet.reading import to_wire
from dashnet.settings import Settings
from services.app import hub
from services.app.close_codes import CloseCode
from tests.app.conftest import RefreshOnce
from tests.factories import make_device
from tests.feeds import ReceivedPanel, open_feed
from workers.context import WorkerContext
from workers.sync import sync


async def test_the_first_message_is_the_state_of_all_devices(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, device_ids: list[int]
) -> None:
    tick = await refresh_once()
    async with open_feed(settings, "/live") as feed:
        state = await feed.next()
    assert (state["type"], state["time_stamp"]) == ("state", to_wire(tick))
    assert [device["id"] for device in state["devices"]] == device_ids
    assert set(state["devices"][0]) == {
        "id",
        "host_name",
        "device_type",
        "operating_system",
        "mac_address",
        "ip_address",
        "driver",
        "driver_options",
        "tags",
        "parent_id",
        "state",
        "snap_shot",
    }
    assert set(state["devices"][0]["snap_shot"]) == {
        "time_stamp",
        "active_connection",
        "upload_speed",
        "download_speed",
        "round_trip_seconds",
        "loss_ratio",
        "jitter_seconds",
    }


async def test_a_refresh_is_one_message_with_the_next_seq(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, device_ids: list[int]
) -> None:
    async with open_feed(settings, "/live") as feed:
        state = await feed.next()
        tick = await refresh_once()
        message = await feed.next()
    assert (message["type"], message["seq"], message["time_stamp"]) == ("snapshots", state["seq"] + 1, to_wire(tick))
    assert [snap_shot["device_id"] for snap_shot in message["snap_shots"]] == device_ids


async def test_what_a_subscriber_put_together_is_what_a_new_one_gets(
    settings: Settings,
    app: httpx.AsyncClient,
    network: httpx.AsyncClient,
    context: WorkerContext,
    refresh_once: RefreshOnce,
) -> None:
    panel, fresh = ReceivedPanel(), ReceivedPanel()
    async with open_feed(settings, "/live") as feed:
        panel.take_in(await feed.next())
        await refresh_once()
        panel.take_in(await feed.next())
        await network.post("/devices/", json=make_device())
        await sync(context, 2)
        panel.take_in(await feed.next())
        await refresh_once()
        panel.take_in(await feed.next())
    async with open_feed(settings, "/live") as feed:
        fresh.take_in(await feed.next())
    assert panel.devices == fresh.devices
    assert (panel.epoch, panel.seq) == (fresh.epoch, fresh.seq)


async def test_an_added_a_changed_and_a_removed_device_are_told(
    settings: Settings,
    app: httpx.AsyncClient,
    network: httpx.AsyncClient,
    context: WorkerContext,
    refresh_once: RefreshOnce,
    device_ids: list[int],
) -> None:
    tick = await refresh_once()
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await network.patch(f"/devices/{device_ids[0]}", json={"host_name": "renamed"})
        await network.delete(f"/devices/{device_ids[1]}")
        await network.post("/devices/", json=make_device(host_name="added"))
        await sync(context, 4)
        message = await feed.next()
    assert message["type"] == "inventory"
    assert message["removed"] == [device_ids[1]]
    assert [device["host_name"] for device in message["changed"]] == ["renamed", "added"]
    assert message["changed"][0]["snap_shot"]["time_stamp"] == to_wire(tick)
    assert (message["changed"][1]["state"], message["changed"][1]["snap_shot"]) == ("unknown", None)


async def test_subscribe_narrows_the_feed_and_null_widens_it_again(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, device_ids: list[int]
) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await feed.send({"type": "subscribe", "device_ids": device_ids[:1]})
        assert [device["id"] for device in (await feed.next())["devices"]] == device_ids[:1]
        await refresh_once()
        assert [one["device_id"] for one in (await feed.next())["snap_shots"]] == device_ids[:1]
        await feed.send({"type": "subscribe", "device_ids": None})
        assert [device["id"] for device in (await feed.next())["devices"]] == device_ids


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "bad_message"),
        ("", "bad_message"),
        ("[1]", "bad_message"),
        ("null", "bad_message"),
        ('"refresh"', "bad_message"),
        (b"\x00\xff", "bad_message"),
        ("{}", "unknown_type"),
        ('{"type":"nonsense"}', "unknown_type"),
        ('{"type":7}', "unknown_type"),
        ('{"type":"subscribe"}', "bad_message"),
        ('{"type":"subscribe","device_ids":"all"}', "bad_message"),
        ('{"type":"subscribe","device_ids":[1,"2"]}', "bad_message"),
        ('{"type":"subscribe","device_ids":[true]}', "bad_message"),
        ('{"type":"subscribe","tags":"lab"}', "bad_message"),
        ('{"type":"subscribe","state":"offline"}', "bad_message"),
        ('{"type":"subscribe","device_ids":[1],"colour":"red"}', "bad_message"),
        ('{"socket_type":"reboot"}', "unknown_type"),
        ('{"socket_type":["refresh"]}', "unknown_type"),
        ('{"socket_type":null}', "unknown_type"),
        ("[" * 50_000, "bad_message"),
    ],
)
async def test_a_bad_message_gets_an_error_and_the_connection_lives_on(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, message: str | bytes, code: str
) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await feed.socket.send(message)
        error = await feed.next()
        await refresh_once()
        assert (await feed.next())["type"] == "snapshots"
    assert (error["type"], error["code"]) == ("error", code)
    assert error["detail"]


@pytest.mark.parametrize("path", ["/", "/live"])
@pytest.mark.parametrize("message", ["x" * (64 * 1024 + 1), b"x" * (64 * 1024 + 1), "é" * (32 * 1024 + 1)])
async def test_a_message_over_64_kib_closes_the_socket_with_1009(
    settings: Settings, app: httpx.AsyncClient, path: str, message: str | bytes
) -> None:
    async with open_feed(settings, path) as feed:
        await feed.next()
        await feed.socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await feed.next()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_a_message_of_64_kib_is_read(settings: Settings, app: httpx.AsyncClient) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await feed.socket.send("x" * 64 * 1024)
        assert (await feed.next())["code"] == "bad_message"


async def test_a_device_edited_through_the_app_service_reaches_the_inventory_and_asks_for_a_sync(
    settings: Settings, app: httpx.AsyncClient, network: httpx.AsyncClient, redis: Redis
) -> None:
    created = await app.post("/api/devices", json=make_device(host_name="through the app"))
    assert created.status_code == 201
    listed: list[dict[str, Any]] = (await network.get("/devices/?read=false")).json()
    assert listed[-1]["host_name"] == "through the app"
    assert await redis.zrange(job_queue(settings), 0, -1) == [b"sync:1", b"sync:2"]


@pytest.fixture
async def labelled(
    app: httpx.AsyncClient, network: httpx.AsyncClient, context: WorkerContext, device_ids: list[int]
) -> None:
    """The first device becomes a router of the lab, the second a laptop of it."""
    await network.patch(f"/devices/{device_ids[0]}", json={"tags": ["lab"], "device_type": "Router"})
    await network.patch(f"/devices/{device_ids[1]}", json={"tags": ["lab"], "device_type": "Laptop"})
    await sync(context, 3)


@pytest.mark.parametrize(
    ("view", "query", "places"),
    [
        ({"tags": ["lab"]}, "tags=lab&tags=a,b", [0, 1]),
        ({"tags": ["lab"], "device_types": ["Router"]}, "tags=lab&device_types=Router", [0]),
        ({"search": "LAB"}, "search=LAB", [0, 1]),
        ({"state": "unknown"}, "state=unknown", [0, 1, 2]),
        ({"state": "down", "tags": ["lab"]}, "state=down&tags=lab", []),
    ],
)
async def test_a_view_is_asked_for_by_message_or_in_the_address(
    settings: Settings, labelled: None, device_ids: list[int], view: dict[str, Any], query: str, places: list[int]
) -> None:
    wanted = [device_ids[place] for place in places]
    async with open_feed(settings, "/live") as asking, open_feed(settings, f"/live?{query}") as addressed:
        await asking.next()
        await asking.send({"type": "subscribe", **view})
        assert [device["id"] for device in (await asking.next())["devices"]] == wanted
        assert [device["id"] for device in (await addressed.next())["devices"]] == wanted


async def test_a_view_of_a_state_is_told_who_enters_and_who_leaves(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, device_ids: list[int]
) -> None:
    shown, whole = ReceivedPanel(), ReceivedPanel()
    async with open_feed(settings, "/live?state=up") as narrowed, open_feed(settings, "/live") as feed:
        shown.take_in(await narrowed.next())
        whole.take_in(await feed.next())
        assert shown.devices == {}
        for _ in range(5):
            await refresh_once()
            shown.take_in(await narrowed.next())
            whole.take_in(await feed.next())
            up = {device_id: device for device_id, device in whole.devices.items() if device["state"] == "up"}
            assert shown.devices == up
    assert shown.seq == whole.seq


async def test_an_edit_that_makes_a_device_fit_brings_it_in_and_the_next_takes_it_out(
    settings: Settings,
    app: httpx.AsyncClient,
    network: httpx.AsyncClient,
    context: WorkerContext,
    device_ids: list[int],
) -> None:
    async with open_feed(settings, "/live?tags=lab") as feed:
        assert (await feed.next())["devices"] == []
        await network.patch(f"/devices/{device_ids[0]}", json={"tags": ["lab"]})
        await sync(context, 3)
        entered = await feed.next()
        await network.patch(f"/devices/{device_ids[0]}", json={"tags": []})
        await sync(context, 4)
        left = await feed.next()
    assert ([device["id"] for device in entered["changed"]], entered["removed"]) == (device_ids[:1], [])
    assert (left["changed"], left["removed"]) == ([], device_ids[:1])


async def test_an_address_that_asks_for_nothing_that_there_is_says_so_and_is_closed_for_good(
    settings: Settings, app: httpx.AsyncClient
) -> None:
    async with open_feed(settings, "/live?state=offline") as feed:
        error = await feed.next()
        assert (error["type"], error["code"]) == ("error", "bad_message")
        assert "up, down or unknown" in error["detail"]
        with pytest.raises(ConnectionClosed) as closed:
            await feed.next()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.BAD_ADDRESS


async def test_the_views_of_all_subscribers_together_name_a_bounded_number_of_devices(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_NAMED_IDS", 5)
    async with open_feed(settings, "/live?device_ids=1,2,3") as first, open_feed(settings, "/live") as second:
        assert [(await feed.next())["type"] for feed in (first, second)] == ["state", "state"]
        await second.send({"type": "subscribe", "device_ids": [7, 8, 9]})
        assert (await second.next())["code"] == "too_many_views"
        await second.send({"type": "subscribe", "device_ids": [3, 2, 1]})  # the same view costs nothing more
        assert (await second.next())["type"] == "state"
        async with open_feed(settings, "/live?device_ids=7,8,9") as third:
            assert (await third.next())["code"] == "too_many_views"
            with pytest.raises(ConnectionClosed) as closed:
                await third.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        for feed in (first, second):
            await feed.send({"type": "subscribe", "device_ids": None})
            assert (await feed.next())["type"] == "state"
        await second.send({"type": "subscribe", "device_ids": [7, 8, 9]})  # room again
        assert (await second.next())["type"] == "state"
