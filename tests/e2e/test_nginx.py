"""Two app services behind docs/examples/nginx.conf: what a subscriber notices of them, and of the end of one."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import uvicorn
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashnet.channels import job_queue
from dashnet.settings import Settings
from services.app.main import LARGEST_BODY_BYTES
from tests.conftest import run_app
from tests.e2e.nginx import EXAMPLE, run_nginx
from tests.factories import make_device
from tests.feeds import ReceivedPanel, open_feed
from tests.ports import free_port
from tests.servers import eventually
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.partitions import ensure_partitions
from workers.sync import sync

pytestmark = pytest.mark.e2e

SUBSCRIBERS = 20
LATER_REVISION = 1000


@dataclass(frozen=True, slots=True)
class Front:
    """nginx and what is behind it; `settings` are those of a client, `replicas` are told to stop by port."""

    settings: Settings
    replicas: dict[int, AsyncExitStack]
    access_log: Path

    def count_subscribers(self) -> Counter[int]:
        """How many connections each replica holds, by its port."""
        sockets = psutil.Process().net_connections("tcp")
        held = [one.laddr.port for one in sockets if one.status == psutil.CONN_ESTABLISHED]
        return Counter(port for port in held if port in self.replicas)


@pytest.fixture
async def device_id(context: WorkerContext, network: httpx.AsyncClient) -> int:
    """One device, in the inventory and in the store."""
    await ensure_partitions(context.engine, coming_days(datetime.now(UTC)))
    created = await network.post("/devices/", json=make_device())
    await sync(context, 1)
    return int(created.json()["id"])


@pytest.fixture
async def front(settings: Settings, device_id: int, tmp_path: Path) -> AsyncIterator[Front]:
    """Two replicas with the same settings behind one nginx."""
    ports = (settings.app_port, free_port())
    async with AsyncExitStack() as stack:
        replicas = {}
        for port in ports:
            replicas[port] = await stack.enter_async_context(AsyncExitStack())
            await replicas[port].enter_async_context(run_app(settings.model_copy(update={"app_port": port})))
        front_port = free_port()
        log = await stack.enter_async_context(run_nginx(tmp_path, front_port, ports))
        yield Front(settings.model_copy(update={"app_port": front_port}), replicas, log)


class Follower:
    """A subscriber as docs/protocol.md wants it: it comes back where it left off, whenever it is cut off."""

    def __init__(self, settings: Settings) -> None:
        self.panel = ReceivedPanel()
        self.messages: list[str] = []
        self.handshakes = 0
        self._settings = settings

    async def follow(self) -> None:
        """Follow /live until cancelled; a handshake that is refused, or a hole, is an error."""
        while True:
            panel = self.panel
            query = f"?epoch={panel.epoch}&seq={panel.seq}" if panel.epoch else ""
            async with open_feed(self._settings, f"/live{query}") as feed:
                self.handshakes += 1
                try:
                    while True:
                        message: dict[str, Any] = await feed.next()
                        self.messages.append(message["type"])
                        if message["type"] == "resumed":
                            assert (message["epoch"], message["seq"]) == (panel.epoch, panel.seq)
                        else:
                            panel.take_in(message)
                except ConnectionClosed:
                    continue


@asynccontextmanager
async def run_followers(front: Front, count: int) -> AsyncIterator[list[Follower]]:
    """So many followers, each with its first state; an error of one is an error of the test."""
    followers = [Follower(front.settings) for _ in range(count)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follower.follow()) for follower in followers]
        await eventually(lambda: all_know(followers, "", 0))
        yield followers
        for task in tasks:
            task.cancel()


async def all_know(followers: list[Follower], host_name: str, handshakes: int) -> bool:
    """Whether every panel has a device with (the beginning of) this name, after so many handshakes in all."""
    names = [[one["host_name"] for one in follower.panel.devices.values()] for follower in followers]
    known = all(any(name.startswith(host_name) for name in each) for each in names)
    return known and sum(follower.handshakes for follower in followers) >= handshakes


async def rename(network: httpx.AsyncClient, context: WorkerContext, device_id: int, host_name: str) -> None:
    """An edit, published at once."""
    changed = await network.patch(f"/devices/{device_id}", json={"host_name": host_name})
    assert changed.status_code == 200
    await sync(context, LATER_REVISION)


def refused_handshakes(log: Path) -> list[str]:
    """The lines of handshakes that were not answered with 101."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if "GET /live" in line and '" 101 ' not in line]


async def test_subscribers_are_spread_over_both_replicas_and_hear_the_same(
    front: Front, network: httpx.AsyncClient, context: WorkerContext, device_id: int
) -> None:
    async with run_followers(front, SUBSCRIBERS) as followers:
        held = front.count_subscribers()
        await rename(network, context, device_id, "renamed")
        await eventually(lambda: all_know(followers, "renamed", SUBSCRIBERS))
    assert min(held[port] for port in front.replicas) >= SUBSCRIBERS // 2 - 1
    assert len({(follower.panel.epoch, follower.panel.seq) for follower in followers}) == 1
    assert {tuple(follower.messages) for follower in followers} == {("state", "inventory")}


async def test_when_a_replica_stops_its_subscribers_go_on_at_the_other_without_a_hole(
    front: Front, settings: Settings, network: httpx.AsyncClient, context: WorkerContext, device_id: int
) -> None:
    async with run_followers(front, SUBSCRIBERS) as followers:
        cut_off = front.count_subscribers()[settings.app_port]
        await rename(network, context, device_id, "before")
        await eventually(lambda: all_know(followers, "before", SUBSCRIBERS))
        await front.replicas[settings.app_port].aclose()
        await eventually(lambda: all_know(followers, "", SUBSCRIBERS + cut_off))
        await rename(network, context, device_id, "after")
        await eventually(lambda: all_know(followers, "after", 0))
    assert cut_off > 0
    assert sum(follower.messages.count("resumed") for follower in followers) == cut_off
    assert {follower.messages.count("state") for follower in followers} == {1}
    assert refused_handshakes(front.access_log) == []


async def test_no_handshake_is_answered_by_an_error_while_a_replica_stops(front: Front, settings: Settings) -> None:
    stopping = asyncio.create_task(front.replicas[settings.app_port].aclose())
    handshakes = 0
    while not stopping.done() or handshakes < 100:
        async with open_feed(front.settings, "/live"):
            handshakes += 1
    await stopping
    assert refused_handshakes(front.access_log) == []


async def test_an_edit_reaches_the_api_whichever_replica_is_gone(front: Front, settings: Settings) -> None:
    await front.replicas[settings.app_port].aclose()
    async with httpx.AsyncClient(base_url=front.settings.app_address) as client:
        answers = [await client.post("/api/devices", json=make_device()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201] * 4


@pytest.mark.parametrize("claimed", ["203.0.113.7", "127.0.0.1, 203.0.113.7"])
async def test_without_a_password_a_client_from_elsewhere_may_not_ask_for_a_job_whatever_it_claims(
    front: Front, claimed: str
) -> None:
    """nginx sees each of these clients at 127.0.0.1, as it would see another proxy on its machine."""
    async with open_feed(front.settings, "/live", additional_headers={"X-Forwarded-For": claimed}) as feed:
        await feed.next()
        await feed.send({"socket_type": "refresh"})
        assert (await feed.next_of("error"))["code"] == "forbidden"


async def test_a_client_of_this_machine_may_ask_for_a_job_through_the_proxy_too(
    front: Front, settings: Settings, redis: Redis
) -> None:
    async def is_queued() -> bool:
        return any(job.startswith(b"refresh") for job in await redis.zrange(job_queue(settings), 0, -1))

    async with open_feed(front.settings, "/live") as feed:
        await feed.next()
        await feed.send({"socket_type": "refresh"})
        await eventually(is_queued)


async def test_a_page_of_the_proxys_own_address_is_let_in_and_a_foreign_one_is_not(front: Front) -> None:
    async with open_feed(front.settings, "/live", origin=front.settings.app_address) as feed:
        assert (await feed.next())["type"] == "state"
    with pytest.raises(InvalidStatus, match="403"):
        async with open_feed(front.settings, "/live", origin=front.settings.app_address + "0"):
            pass


async def test_the_landing_page_and_the_feed_of_2020_share_their_address(front: Front) -> None:
    async with httpx.AsyncClient(base_url=front.settings.app_address) as client:
        page = await client.get("/")
    async with open_feed(front.settings, "/") as feed:
        devices = await feed.next()
    # The device was never read, and the feed of 2020 has none without a reading.
    assert (page.status_code, devices) == (200, [])


def test_the_example_fits_the_service() -> None:
    """An idle feed outlives nginx' patience, and nginx takes every body that the service takes."""
    text = EXAMPLE.read_text(encoding="utf-8")
    patience, body = re.findall(r"proxy_read_timeout (\d+)s;|client_max_body_size (\d+)m;", text)[::-1]
    assert int(patience[0]) >= 2 * (uvicorn.Config("app").ws_ping_interval or 0)
    assert int(body[1]) * 1024 * 1024 == LARGEST_BODY_BYTES
