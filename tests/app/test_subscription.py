"""Subscribers that take nothing, on real sockets."""

import contextlib
import struct
from pathlib import Path

import httpx
import orjson
import psutil
import pytest
from redis.asyncio import Redis
from sqlalchemy.engine import make_url

from dashnet.publication import Kind, publish
from dashnet.settings import Settings
from services.app.close_codes import CloseCode
from tests.app.conftest import MANY_DEVICES
from tests.app.deaf_socket import CLOSE_FRAME, open_deaf_socket, read_until
from tests.app.raw_socket import CLOSE, TEXT, RawSocket, open_raw_socket
from tests.app.test_feed_metrics import read_metrics
from tests.conftest import run_app
from tests.feeds import Feed, ReceivedPanel, open_feed
from tests.gate import Gate, open_gate, to_unix_socket
from tests.ports import free_port
from tests.servers import OUR_PROTOCOL, eventually


async def test_a_subscriber_that_takes_nothing_delays_nobody_and_is_told_its_code_if_it_wakes_up_in_time(
    settings: Settings, many_devices: None, redis: Redis, capfd: pytest.CaptureFixture[str]
) -> None:
    strict = settings.model_copy(update={"subscriber_stall_seconds": 0.3})
    async with run_app(strict), open_feed(strict, "/live") as quick:
        assert len((await quick.next_state())["devices"]) == MANY_DEVICES
        async with open_deaf_socket(strict) as deaf:
            await publish_and_hear(quick, redis, strict)
            await eventually(lambda: is_dropped(capfd))
            assert await read_until(deaf, CLOSE_FRAME)


async def test_a_subscriber_that_never_wakes_up_is_cut_off(
    settings: Settings,
    many_devices: None,
    redis: Redis,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.app.websocket_protocol.GRACE_SECONDS", 0.1)
    strict = settings.model_copy(update={"subscriber_stall_seconds": 0.3})
    async with run_app(strict), open_feed(strict, "/live") as quick:
        await quick.next_state()
        async with open_deaf_socket(strict) as deaf:
            await publish_and_hear(quick, redis, strict)
            await eventually(lambda: is_dropped(capfd))
            await eventually(lambda: has_one_client(strict))
            assert not await read_until(deaf, CLOSE_FRAME)


async def publish_and_hear(quick: Feed, redis: Redis, settings: Settings) -> None:
    """Publications reach the quick one while the other takes nothing; the second is what the other stalls on."""
    for minute in range(3):
        await publish(redis, settings, Kind.SNAPSHOTS, {"time_stamp": f"2026-11-23T20:0{minute}:00Z", "snap_shots": []})
        assert (await quick.next())["type"] == "snapshots"


async def is_dropped(capfd: pytest.CaptureFixture[str]) -> bool:
    return "subscriber dropped" in capfd.readouterr().err


async def has_one_client(settings: Settings) -> bool:
    """Whether the app service of these settings is left with one connection."""
    connections = psutil.Process().net_connections("tcp")
    return sum(one.laddr.port == settings.app_port and one.status == "ESTABLISHED" for one in connections) == 1


async def test_without_a_state_at_hand_a_subscriber_is_asked_to_come_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.app.subscription.FIRST_STATE_SECONDS", 0.2)
    lost = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    async with run_app(lost), open_feed(lost, "/live") as feed:
        await feed.socket.wait_closed()
        assert feed.socket.close_code == CloseCode.TRY_AGAIN_LATER


async def test_a_full_state_that_cannot_be_made_closes_with_a_code_that_says_come_back(
    settings: Settings, device_ids: list[int], redis: Redis, servers_folder: Path
) -> None:
    socket_path = servers_folder / "run" / ".s.PGSQL.5432"
    async with open_gate(to_unix_socket(socket_path)) as gate:
        through_gate = make_url(settings.database_url).set(host="127.0.0.1", port=gate.port, query={})
        lost = settings.model_copy(update={"database_url": through_gate.render_as_string(hide_password=False)})
        async with run_app(lost), open_feed(lost, "/") as feed:
            await feed.next()
            gate.shut()
            await publish(redis, lost, Kind.SNAPSHOTS, {"time_stamp": "2026-11-23T20:00:00Z", "snap_shots": []})
            await feed.socket.wait_closed()
    assert feed.socket.close_code == CloseCode.TRY_AGAIN_LATER


async def has_nobody(app: httpx.AsyncClient) -> bool:
    return (await read_metrics(app))["dashnet_subscribers/live"] == 0


async def test_a_subscriber_that_leaves_is_forgotten(settings: Settings, app: httpx.AsyncClient) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        assert not await has_nobody(app)
    await eventually(lambda: has_nobody(app))


@pytest.mark.parametrize("protocol", [OUR_PROTOCOL, "websockets-sansio"])
async def test_who_subscribes_and_leaves_in_one_breath_is_forgotten(
    settings: Settings, device_ids: list[int], protocol: str
) -> None:
    async with run_app(settings, protocol) as app:
        async with contextlib.AsyncExitStack() as stack:
            feeds = [await stack.enter_async_context(open_raw_socket(settings)) for _ in range(20)]
            for feed in feeds:
                await feed.next()
            for feed in feeds:
                # In one piece, so that the goodbye is read before the subscription is followed.
                feed.send_all((TEXT, b'{"type":"subscribe","search":"a"}'), (CLOSE, struct.pack("!H", 1000)))
                await feed.is_ended()
        assert await eventually(lambda: has_nobody(app))


async def test_a_slow_subscriber_that_takes_again_gets_one_fresh_state_for_all_that_it_was_too_slow_for(
    settings: Settings, many_devices: None, redis: Redis
) -> None:
    strict = settings.model_copy(update={"subscriber_backlog_bytes": 1024})
    async with run_app(strict) as app, open_raw_socket(strict) as slow:
        await eventually(lambda: has_backlog(app))
        for minute in range(10):
            fields = {"time_stamp": f"2026-11-23T20:0{minute}:00Z", "snap_shots": [], "pad": "x" * 500}
            position = await publish(redis, strict, Kind.SNAPSHOTS, fields)
        await eventually(lambda: has_dropped(app))
        first, second = await next_panel(slow), await next_panel(slow)
        assert (len(first.devices), second.seq) == (MANY_DEVICES, position.seq)
        await publish(redis, strict, Kind.SNAPSHOTS, {"time_stamp": "2026-11-23T20:10:00Z", "snap_shots": []})
        assert orjson.loads((await slow.next()).payload)["seq"] == position.seq + 1


async def next_panel(raw: RawSocket) -> ReceivedPanel:
    """What the next state shows, with all its parts."""
    panel, first = ReceivedPanel(), orjson.loads((await raw.next()).payload)
    assert first["type"] == "state"
    panel.take_in(first)
    while panel.seq < first["complete_at"]:
        panel.take_in(orjson.loads((await raw.next()).payload))
    return panel


async def has_backlog(app: httpx.AsyncClient) -> bool:
    return (await read_metrics(app))["dashnet_backlog_bytes"] > 1_000_000


async def has_dropped(app: httpx.AsyncClient) -> bool:
    return (await read_metrics(app))["dashnet_dropped_publications_total"] > 0


@pytest.mark.parametrize("path", ["/", "/live"])
async def test_a_service_that_ends_while_its_clients_wait_for_the_first_state_logs_no_error(
    gated_settings: Settings, postgres_gate: Gate, capfd: pytest.CaptureFixture[str], path: str
) -> None:
    postgres_gate.shut()
    async with contextlib.AsyncExitStack() as sockets:
        async with run_app(gated_settings):
            for _ in range(3):
                await sockets.enter_async_context(open_raw_socket(gated_settings, path))
        logged = capfd.readouterr().err
    assert "Finished server process" in logged
    assert " ERROR uvicorn" not in logged
