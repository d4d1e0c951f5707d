import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from websockets.exceptions import InvalidStatus

from dashnet.channels import job_queue
from dashnet.settings import Settings
from services.app.origins import is_local_client, may_read_feeds
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.feeds import open_feed
from tests.servers import eventually


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("127.8.8.8", "http://localhost:5001", True),
        ("10.0.0.1", None, False),
        (None, None, False),
        ("127.0.0.1", "http://rebound.example:5001", False),
    ],
)
def test_local_is_who_connects_from_here_and_was_not_led_here_by_a_foreign_name(
    host: str | None, origin: str | None, expected: bool
) -> None:
    assert is_local_client(host, {} if origin is None else {"origin": origin}) is expected


@pytest.mark.parametrize("path", ["/", "/live"])
async def test_a_foreign_page_gets_no_websocket(settings: Settings, app: httpx.AsyncClient, path: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with open_feed(settings, path, origin="http://evil.example"):
            pass


async def test_our_own_page_gets_its_websocket(settings: Settings, app: httpx.AsyncClient) -> None:
    async with open_feed(settings, "/live", origin=settings.app_address) as feed:
        assert (await feed.next())["type"] == "state"


async def test_an_allowed_page_gets_its_websocket(settings: Settings) -> None:
    allowing = settings.model_copy(update={"allowed_origins": ["https://noc.example.org"]})
    async with run_app(allowing), open_feed(allowing, "/live", origin="https://noc.example.org") as feed:
        assert (await feed.next())["type"] == "state"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_foreign_page_cannot_edit(app: httpx.AsyncClient, method: str) -> None:
    answer = await app.request(method, "/api/devices/1", headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "DASHNET_ALLOWED_ORIGINS" in answer.json()["detail"]


async def test_a_foreign_page_may_link_to_what_is_only_read(app: httpx.AsyncClient) -> None:
    answer = await app.get("/api/summary", headers={"origin": "http://evil.example"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:8080", "https://localhost", "http://LOCALHOST:80"],
)
def test_a_page_of_this_machine_may_read_here_on_any_port(origin: str) -> None:
    assert may_read_feeds("127.0.0.1", {"host": "localhost:5001", "origin": origin})


@pytest.mark.parametrize(
    ("client", "host", "origin"),
    [
        ("127.0.0.1", "127.0.0.1:5001", "http://evil.example"),
        ("127.0.0.1", "127.0.0.1:5001", "http://localhost.evil.example:3000"),
        ("127.0.0.1", "127.0.0.1:5001", "http://localhost:3000.evil.example"),
        ("127.0.0.1", "127.0.0.1:5001", "http://evil.example@localhost:3000"),
        ("127.0.0.1", "127.0.0.1:5001", "http://192.0.2.1:3000"),
        ("127.0.0.1", "127.0.0.1:5001", "null"),
        ("127.0.0.1", "127.0.0.1:5001", "file://localhost"),
        ("127.0.0.1", "127.0.0.1:5001", ""),
        ("192.0.2.7", "127.0.0.1:5001", "http://localhost:3000"),
        (None, "127.0.0.1:5001", "http://localhost:3000"),
        ("127.0.0.1", "panel.example", "http://localhost:3000"),
        ("127.0.0.1", "[", "http://localhost:3000"),
        ("127.0.0.1", "", "http://localhost:3000"),
    ],
)
def test_any_other_page_may_not(client: str | None, host: str, origin: str) -> None:
    assert not may_read_feeds(client, {"host": host, "origin": origin})


@pytest.mark.parametrize("path", ["/", "/live"])
@pytest.mark.parametrize("password", [None, "open sesame"])
async def test_a_front_end_under_development_reads_but_asks_for_nothing(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce, path: str, password: str | None
) -> None:
    """Not even with the password: a page that a developer happens to run is not the developer."""
    guarded = settings.model_copy(update={"cron_pass": SecretStr(password) if password else None})
    async with run_app(guarded), open_feed(guarded, path, origin="http://localhost:3000") as feed:
        await feed.next()
        await feed.send({"socket_type": "clean", "password": password})
        assert (await feed.next())["code"] == "forbidden"
        await refresh_once()
        await feed.next()


async def test_an_allowed_page_of_another_port_may_ask(settings: Settings, redis: Redis) -> None:
    allowing = settings.model_copy(update={"allowed_origins": ["http://localhost:3000"]})
    async with run_app(allowing), open_feed(allowing, "/", origin="http://localhost:3000") as feed:
        await feed.next()
        await feed.send({"socket_type": "clean"})
        await eventually(lambda: redis.exists(job_queue(allowing)))


async def test_a_service_bound_elsewhere_lets_no_page_of_another_port_in(settings: Settings) -> None:
    bound = settings.model_copy(update={"app_host": "0.0.0.0"})
    async with run_app(bound):
        with pytest.raises(InvalidStatus, match="403"):
            async with open_feed(bound, "/live", origin="http://localhost:3000"):
                pass


async def test_a_front_end_under_development_cannot_edit(app: httpx.AsyncClient) -> None:
    answer = await app.post("/api/devices", json={}, headers={"origin": "http://localhost:3000"})
    assert answer.status_code == 403
