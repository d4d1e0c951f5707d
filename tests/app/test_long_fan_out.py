"""A fan-out to very many views takes long; everybody else has an answer at once all the same."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest
from redis.asyncio import Redis

from dashnet.publication import Kind, publish
from dashnet.reading import State
from dashnet.settings import Settings
from services.app.hub import Hub
from services.app.subscriber import Subscriber
from services.app.views import View
from tests.app.connections import HeldConnection, written_to
from tests.conftest import run_app
from tests.servers import eventually

VIEWS = 1000
# Each costs some 200 KiB while it has its message; more of them make the tests' process too large.
VIEWS_OF_MANY_IDS = 700
READ_DEVICES = 1200


@pytest.fixture
async def hubs(monkeypatch: pytest.MonkeyPatch) -> list[Hub]:
    """The hubs of app services that start from now on."""
    made: list[Hub] = []

    def make_hub(backlog_limit: int, recent_limit: int) -> Hub:
        made.append(Hub(backlog_limit, recent_limit))
        return made[-1]

    monkeypatch.setattr("services.app.main.Hub", make_hub)
    return made


async def ask_until_over(app: httpx.AsyncClient, task: asyncio.Task[None]) -> float:
    """Asks again and again while the task runs; what part of its time the slowest answer took."""
    began_at, longest = time.monotonic(), 0.0
    while not task.done():
        asked_at = time.monotonic()
        assert (await app.get("/healthz")).status_code == 200
        longest = max(longest, time.monotonic() - asked_at)
    task.result()
    return longest / (time.monotonic() - began_at)


async def join(hub: Hub, subscribers: list[Subscriber]) -> None:
    """Subscribe, until each has its state."""
    for subscriber in subscribers:
        hub.add(subscriber)
    await wait_for_seq(subscribers, hub.seq)


async def follow(redis: Redis, settings: Settings, subscribers: list[Subscriber]) -> None:
    """Publish, until each has its message."""
    values = {"active_connection": True, "upload_speed": 0.0, "download_speed": 0.0, "round_trip_seconds": None}
    snap_shots = [{"device_id": device_id, **values} for device_id in range(1, READ_DEVICES + 1)]
    fields = {"time_stamp": "2026-11-23T20:00:00Z", "snap_shots": snap_shots}
    position = await publish(redis, settings, Kind.SNAPSHOTS, fields)
    await wait_for_seq(subscribers, position.seq)


async def wait_for_seq(subscribers: list[Subscriber], seq: int) -> None:
    await eventually(lambda: asyncio.sleep(0, all(written_to(one).seqs[-1:] == [seq] for one in subscribers)))


def subscribe(hub: Hub, views: Iterable[View]) -> list[Subscriber]:
    return [Subscriber(HeldConnection(), hub, view) for view in views]


@pytest.fixture
async def hub(hubs: list[Hub], app_of_many: httpx.AsyncClient) -> Hub:
    """The service's hub. Its first view has had the index made, which is one piece of work."""
    await hubs[0].wait_loaded()
    await join(hubs[0], subscribe(hubs[0], [View(search="nothing")]))
    return hubs[0]


@pytest.fixture
async def app_of_many(settings: Settings, many_devices: None, hubs: list[Hub]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app service with very many devices."""
    async with run_app(settings) as client:
        yield client


async def test_http_answers_stay_quick_while_many_views_get_their_states(
    app_of_many: httpx.AsyncClient, hub: Hub
) -> None:
    subscribers = subscribe(hub, [View(search=str(number)) for number in range(10_000, 10_000 + VIEWS)])
    assert await ask_until_over(app_of_many, asyncio.create_task(join(hub, subscribers))) < 1 / 4


async def test_http_answers_stay_quick_while_many_views_get_their_messages(
    app_of_many: httpx.AsyncClient, hub: Hub, settings: Settings, redis: Redis
) -> None:
    ids = frozenset(range(1, READ_DEVICES + 1))
    subscribers = subscribe(
        hub, [View(device_ids=ids | {-number}, state=State.UP) for number in range(VIEWS_OF_MANY_IDS)]
    )
    await join(hub, subscribers)
    # Before the views have their turns, the panel takes the publication in, which is one piece of work too.
    assert await ask_until_over(app_of_many, asyncio.create_task(follow(redis, settings, subscribers))) < 1 / 2
