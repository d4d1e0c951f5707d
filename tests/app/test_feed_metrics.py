from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.feeds import open_feed
from tests.servers import eventually


async def read_metrics(app: httpx.AsyncClient) -> Mapping[str, float]:
    """Every sample by its name, with its labels where it has some."""
    page = (await app.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    return {"/".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


async def test_subscribers_are_counted_by_feed_while_they_are_there(settings: Settings, app: httpx.AsyncClient) -> None:
    async with (
        open_feed(settings, "/live") as one,
        open_feed(settings, "/live") as other,
        open_feed(settings, "/") as old,
    ):
        await one.next(), await other.next(), await old.next()
        metrics = await read_metrics(app)
        assert (metrics["dashnet_subscribers/live"], metrics["dashnet_subscribers/2020"]) == (2, 1)

    async def are_gone() -> bool:
        metrics = await read_metrics(app)
        return (metrics["dashnet_subscribers/live"], metrics["dashnet_subscribers/2020"]) == (0, 0)

    assert await eventually(are_gone)


async def test_a_publication_is_counted_with_its_bytes_and_its_way_to_the_subscribers(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce, redis: Redis
) -> None:
    async with open_feed(settings, "/live", compression=None) as feed:
        await feed.next()
        before = await read_metrics(app)
        await refresh_once()
        text = await feed.socket.recv()
        after = await read_metrics(app)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["dashnet_publications_total"] == 1
    assert grown["dashnet_sent_messages_total"] == 1
    assert grown["dashnet_sent_bytes_total"] == len(text) + 4
    assert grown["dashnet_relay_lag_seconds_count"] == 1
    assert 0 <= grown["dashnet_relay_lag_seconds_sum"] < 5
    assert after["dashnet_backlog_bytes"] == 0


async def test_who_resumes_is_told_from_who_cannot(settings: Settings, app: httpx.AsyncClient) -> None:
    async with open_feed(settings, "/live") as feed:
        state = await feed.next()
    before = await read_metrics(app)
    async with open_feed(settings, f"/live?epoch={state['epoch']}&seq={state['seq']}") as feed:
        await feed.next()
    async with open_feed(settings, f"/live?epoch=another&seq={state['seq']}") as feed:
        await feed.next()
    after = await read_metrics(app)
    grown = {name: after[name] - before[name] for name in after if name.startswith("dashnet_resumes_total")}
    assert grown == {"dashnet_resumes_total/resumed": 1, "dashnet_resumes_total/state": 1}


async def test_a_scrape_names_no_client_and_no_device(settings: Settings, app: httpx.AsyncClient) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        feeds = [name for name in await read_metrics(app) if name.startswith("dashnet_subscribers")]
    assert sorted(feeds) == ["dashnet_subscribers/2020", "dashnet_subscribers/live"]
