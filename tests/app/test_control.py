import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from dashnet.channels import job_queue
from dashnet.settings import Settings
from services.app.close_codes import CloseCode
from services.app.control import Refusal, is_password, parse_message
from tests.app.raw_socket import CLOSE, TEXT, open_raw_socket
from tests.conftest import run_app
from tests.feeds import Feed, open_feed
from tests.gate import Gate
from tests.servers import DEADLINE_SECONDS, eventually

SECRET = "open sesame"
REFRESH = (TEXT, b'{"socket_type":"refresh"}')
GOODBYE = (CLOSE, struct.pack("!H", 1000))


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
async def test_who_asks_and_leaves_in_one_breath_gets_the_job(
    settings: Settings, app: httpx.AsyncClient, redis: Redis, path: str
) -> None:
    async with open_raw_socket(settings, path) as socket:
        await socket.next_of(TEXT)
        socket.send_all(REFRESH, GOODBYE)
        await eventually(lambda: queued_jobs(redis, settings))


@pytest.mark.parametrize("path", ["/", "/live"])
async def test_who_asks_and_leaves_before_the_first_state_gets_the_job(
    gated_settings: Settings, postgres_gate: Gate, redis: Redis, path: str
) -> None:
    postgres_gate.shut()
    async with run_app(gated_settings), open_raw_socket(gated_settings, path) as socket:
        socket.send_all(REFRESH, GOODBYE)
        assert await socket.next_of(CLOSE)
        await postgres_gate.open()
        await eventually(lambda: queued_jobs(redis, gated_settings))


async def test_a_client_that_was_sent_away_asks_in_vain(guarded: Settings, redis: Redis) -> None:
    guesses = [(TEXT, orjson.dumps({"socket_type": "clean", "password": str(number)})) for number in range(5)]
    right = (TEXT, orjson.dumps({"socket_type": "refresh", "password": SECRET}))
    async with open_raw_socket(guarded) as socket:
        await socket.next_of(TEXT)
        socket.send_all(*guesses, right)
        assert (await socket.next_of(CLOSE)).close_code == CloseCode.WRONG_PASSWORDS
        assert await socket.is_ended()
    assert await queued_jobs(redis, guarded) == []


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
    assert "control message refused code=" in logged
    assert SECRET not in logged


async def guess(feed: Feed, count: int) -> list[str]:
    """The codes that so many wrong passwords are answered by."""
    for _ in range(count):
        await feed.send({"socket_type": "clean", "password": "wrong"})
    return [(await feed.next())["code"] for _ in range(count)]


async def close_code_of(feed: Feed) -> int | None:
    await asyncio.wait_for(feed.socket.wait_closed(), DEADLINE_SECONDS)
    return feed.socket.close_code


@pytest.fixture
async def guarded(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    """A running app service with a password, in which a pause is no longer than it takes to see that there is one."""
    monkeypatch.setattr("services.app.control.WRONG_PASSWORD_PAUSE_SECONDS", 0.01)
    guarded = settings.model_copy(update={"cron_pass": SecretStr(SECRET)})
    async with run_app(guarded):
        yield guarded


@pytest.mark.parametrize("path", ["/", "/live"])
async def test_a_connection_is_closed_after_its_fifth_wrong_password(guarded: Settings, path: str) -> None:
    async with open_feed(guarded, path) as feed:
        await feed.next()
        assert await guess(feed, 5) == ["wrong_password"] * 5
        assert await close_code_of(feed) == CloseCode.WRONG_PASSWORDS


async def test_after_ten_from_an_address_not_even_the_right_one_is_looked_at_but_its_feeds_go_on(
    guarded: Settings, redis: Redis
) -> None:
    for _ in range(2):
        async with open_feed(guarded, "/") as feed:
            await feed.next()
            await guess(feed, 5)
    async with open_feed(guarded, "/live") as feed:
        assert (await feed.next())["type"] == "state"
        await feed.send({"socket_type": "clean", "password": SECRET})
        assert "wait" in (await feed.next())["detail"]
        assert await close_code_of(feed) == CloseCode.WRONG_PASSWORDS
    assert await queued_jobs(redis, guarded) == []


async def test_the_right_password_from_another_address_is_let_through_all_the_while(
    guarded: Settings, redis: Redis
) -> None:
    for _ in range(2):
        async with open_feed(guarded, "/") as feed:
            await feed.next()
            await guess(feed, 5)
    async with open_feed(guarded, "/live", local_addr=("127.0.0.2", 0)) as feed:
        await feed.next()
        await feed.send({"socket_type": "clean", "password": SECRET})
        await eventually(lambda: queued_jobs(redis, guarded))


async def test_a_wrong_password_holds_up_its_own_connection_only(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.app.control.WRONG_PASSWORD_PAUSE_SECONDS", 2 * DEADLINE_SECONDS)
    guarded = settings.model_copy(update={"cron_pass": SecretStr(SECRET)})
    async with run_app(guarded), open_feed(guarded, "/") as held, open_feed(guarded, "/") as other:
        await held.next()
        await held.send({"socket_type": "clean", "password": "wrong"})
        await held.send({"socket_type": "refresh", "password": SECRET})
        await other.next()
        await other.send({"socket_type": "clean", "password": SECRET})
        await eventually(lambda: queued_jobs(redis, settings))
        assert await queued_jobs(redis, settings) == ["clean"]


async def test_no_password_at_all_is_no_guess(guarded: Settings) -> None:
    async with open_feed(guarded, "/") as feed:
        await feed.next()
        for _ in range(12):
            await feed.send({"socket_type": "clean"})
            assert (await feed.next())["code"] == "wrong_password"


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
