import os
import signal

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.channels import publication_channel
from dashnet.publication import Kind, publish
from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.feeds import Feed, ReceivedPanel, open_feed
from tests.servers import eventually


async def kill_relays(redis: Redis) -> None:
    """Cut the connections of all relays, as a broken network would."""
    for client in await redis.client_list():
        if client["name"] == "dashnet-app-relay":
            await redis.client_kill_filter(_id=client["id"])


async def test_a_publication_reaches_every_subscriber_as_the_same_bytes(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, "/live") as one, open_feed(settings, "/live") as other:
        await one.next(), await other.next()
        await refresh_once()
        assert await one.socket.recv() == await other.socket.recv()


async def test_a_process_has_one_subscription_whatever_its_subscribers(
    settings: Settings, app: httpx.AsyncClient, redis: Redis
) -> None:
    async with open_feed(settings, "/live") as one, open_feed(settings, "/live") as other:
        await one.next(), await other.next()
        assert await redis.pubsub_numsub(publication_channel(settings)) == [(publication_channel(settings).encode(), 1)]


async def test_what_was_published_while_the_relay_was_cut_off_is_told_in_order(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, refresh_once: RefreshOnce
) -> None:
    panel = ReceivedPanel()
    async with open_feed(settings, "/live") as feed:
        panel.take_in(await feed.next())
        await kill_relays(redis)
        await refresh_once()
        await refresh_once()
        panel.take_in(await feed.next())
        panel.take_in(await feed.next())


async def test_a_hole_that_the_stream_cannot_fill_becomes_a_state(
    settings: Settings,
    app: httpx.AsyncClient,
    redis: Redis,
    refresh_once: RefreshOnce,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Away for longer than three refreshes may take, but for the first pause alone.
    monkeypatch.setattr("services.app.relay.FIRST_PAUSE_SECONDS", 4.0)
    async with open_feed(settings, "/live") as feed:
        first = await feed.next()
        await kill_relays(redis)
        await refresh_once()
        await redis.delete("dashnet:publications:stream")
        await refresh_once()
        await refresh_once()
        message = await next_but_snapshots_in_order(feed, first["seq"])
    assert message["type"] == "state"


async def next_but_snapshots_in_order(feed: Feed, seq: int) -> dict[str, object]:
    """The first message that is no direct successor; fails on a hole."""
    message = await feed.next()
    while message["type"] != "state":
        assert message["seq"] == seq + 1
        seq += 1
        message = await feed.next()
    return dict(message)


async def test_a_redis_that_forgot_everything_means_a_new_epoch_and_a_state(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, "/live") as feed:
        before = await feed.next()
        await refresh_once()
        await feed.next()
        await redis.flushall()
        after = await feed.next_of("state")
        await refresh_once()
        follow_up = await feed.next()
    assert after["epoch"] != before["epoch"]
    assert follow_up["seq"] == after["seq"] + 1


async def test_a_redis_that_was_killed_costs_a_subscriber_nothing_but_a_state(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, refresh_once: RefreshOnce
) -> None:
    panel = ReceivedPanel()
    async with open_feed(settings, "/live") as feed:
        panel.take_in(await feed.next())
        await refresh_once()
        panel.take_in(await feed.next())
        await kill_redis(redis)
        panel.take_in(await feed.next_of("state"))
        await refresh_once()
        panel.take_in(await feed.next())
    assert {device["state"] for device in panel.devices.values()} <= {"up", "down"}


async def kill_redis(redis: Redis) -> None:
    """`kill -9` of the server, and the moment when its supervisor has brought another up."""
    old = (await redis.info("server"))["process_id"]
    os.kill(old, signal.SIGKILL)

    async def is_back() -> bool:
        try:
            return bool((await redis.info("server"))["process_id"] != old)
        except (RedisError, OSError):
            return False

    await eventually(is_back)


async def test_a_reset_is_a_fresh_state_under_its_own_seq(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, "/live") as feed:
        before = await feed.next()
        await publish(redis, settings, Kind.RESET, {})
        after = await feed.next()
    assert (after["type"], after["seq"]) == ("state", before["seq"] + 1)


async def test_nonsense_on_the_channel_ends_nothing(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await redis.publish(publication_channel(settings), b"nonsense")
        await refresh_once()
        assert (await feed.next())["type"] in ("snapshots", "state")
