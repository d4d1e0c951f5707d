from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from dashnet.channels import job_queue
from dashnet.settings import Settings
from services.app.control import Refusal, is_password, parse_message
from tests.conftest import run_app
from tests.feeds import open_feed
from tests.servers import eventually

SECRET = "open sesame"


async def queued_jobs(redis: Redis, settings: Settings) -> list[str]:
    """Names of the waiting jobs, syncs of the inventory aside."""
    names = [job.decode().split(":")[0] for job in await redis.zrange(job_queue(settings), 0, -1)]
    return [name for name in names if name != "sync"]


@pytest.mark.parametrize("path", ["/", "/live"])
@pytest.mark.parametrize("job", ["refresh", "clean"])
async def test_without_a_password_on_the_server_a_client_of_this_machine_may_ask(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, path: str, job: str
) -> None:
    async with open_feed(settings, path) as feed:
        await feed.next()
        await feed.send({"socket_type": job, "password": "anything"})
        await eventually(lambda: queued_jobs(redis, settings))
    assert await queued_jobs(redis, settings) == [job]


@pytest.mark.parametrize("path", ["/", "/live"])
async def test_the_right_password_is_let_through(settings: Settings, redis: Redis, path: str) -> None:
    guarded = settings.model_copy(update={"cron_pass": SecretStr(SECRET)})
    async with run_app(guarded), open_feed(guarded, path) as feed:
        await feed.next()
        await feed.send({"socket_type": "refresh", "password": SECRET})
        await eventually(lambda: queued_jobs(redis, settings))


@pytest.mark.parametrize("path", ["/", "/live"])
@pytest.mark.parametrize(
    "fields", [{}, {"password": None}, {"password": ""}, {"password": 7}, {"password": [SECRET]}, {"password": "wrong"}]
)
async def test_any_other_password_is_refused_and_not_logged(
    settings: Settings, redis: Redis, capfd: pytest.CaptureFixture[str], path: str, fields: dict[str, Any]
) -> None:
    guarded = settings.model_copy(update={"cron_pass": SecretStr(SECRET)})
    async with run_app(guarded), open_feed(guarded, path) as feed:
        await feed.next()
        await feed.send({"socket_type": "clean", **fields})
        error = await feed.next()
    assert error["code"] == "wrong_password"
    assert await queued_jobs(redis, settings) == []
    logged = capfd.readouterr().err
    assert "control message refused code=wrong_password" in logged
    assert SECRET not in logged


async def test_an_unreachable_queue_is_said_and_the_connection_lives_on(
    settings: Settings, app: httpx.AsyncClient, redis: Redis
) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await redis.config_set("maxmemory", "1")
        try:
            await feed.send({"socket_type": "refresh"})
            error = await feed.next()
        finally:
            await redis.config_set("maxmemory", "0")
    assert error["code"] == "unavailable"


@pytest.mark.parametrize(
    ("given", "expected"), [(SECRET, True), ("Open sesame", False), ("", False), ("\ud800", False), (None, False)]
)
def test_a_password_is_a_string_that_matches(given: object, expected: bool) -> None:
    assert is_password(given, SECRET) is expected


@pytest.mark.parametrize("text", [b"{}", "", "nonsense", "1", "[]", '"x"', "NaN"])
def test_only_a_json_object_is_a_message(text: str | bytes) -> None:
    assert isinstance(parse_message(text), Refusal)
