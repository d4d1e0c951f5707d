"""Who was away goes on where it left off: on this process, on another, and after a restart."""

import pytest
from redis.asyncio import Redis

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.feeds import Feed, open_feed
from tests.ports import free_port
from tests.servers import OUR_PROTOCOL


async def leave_at(settings: Settings, path: str = "/live") -> str:
    """Connect, take the state and leave; the address to come back to."""
    async with open_feed(settings, path) as feed:
        state = await feed.next()
    return f"/live?epoch={state['epoch']}&seq={state['seq']}"


async def take_two_missed(feed: Feed, address: str) -> None:
    """What comes is `resumed` and the two missed messages, in order."""
    seq = int(address.rsplit("=", 1)[1])
    messages = [await feed.next() for _ in range(3)]
    assert [message["type"] for message in messages] == ["resumed", "snapshots", "snapshots"]
    assert [message["seq"] for message in messages] == [seq, seq + 1, seq + 2]
    assert f"epoch={messages[0]['epoch']}&" in address


@pytest.mark.parametrize("protocol", [OUR_PROTOCOL, "websockets-sansio"])
async def test_who_comes_back_gets_what_was_missed_in_order(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce, protocol: str
) -> None:
    async with run_app(settings, protocol):
        address = await leave_at(settings)
        await refresh_once()
        await refresh_once()
        async with open_feed(settings, address) as feed:
            await take_two_missed(feed, address)
            await refresh_once()
            assert (await feed.next())["type"] == "snapshots"


async def test_another_replica_knows_it_too(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    other = settings.model_copy(update={"app_port": free_port()})
    async with run_app(settings), run_app(other):
        address = await leave_at(settings)
        await refresh_once()
        await refresh_once()
        async with open_feed(other, address) as feed:
            await take_two_missed(feed, address)


async def test_a_restarted_service_knows_it_too(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    async with run_app(settings):
        address = await leave_at(settings)
    await refresh_once()
    await refresh_once()
    async with run_app(settings), open_feed(settings, address) as feed:
        await take_two_missed(feed, address)


async def test_after_a_reset_there_is_a_state(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce, redis: Redis
) -> None:
    async with run_app(settings):
        address = await leave_at(settings)
        await redis.flushall()
        await refresh_once()
        async with open_feed(settings, address) as feed:
            message = await feed.next()
            if message["type"] == "resumed":  # the service has not heard of the reset yet
                message = await feed.next()
            assert message["type"] == "state"
            assert f"epoch={message['epoch']}&" not in address


@pytest.mark.parametrize(
    "query",
    ["epoch=other&seq=1", "epoch=&seq=1", "epoch=x", "seq=1", "epoch=x&seq=-1", "epoch=x&seq=nan", "seq=" + "9" * 50],
)
async def test_an_address_that_nobody_could_have_left_off_at_means_a_state(
    settings: Settings, device_ids: list[int], query: str
) -> None:
    async with run_app(settings), open_feed(settings, f"/live?{query}") as feed:
        assert (await feed.next())["type"] == "state"


async def test_a_narrowed_view_begins_with_its_state(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    async with run_app(settings):
        address = await leave_at(settings)
        async with open_feed(settings, f"{address}&device_ids={device_ids[0]}") as feed:
            assert [device["id"] for device in (await feed.next())["devices"]] == device_ids[:1]
