import httpx
import pytest
from websockets.exceptions import InvalidStatus

from dashnet.settings import Settings
from services.app.origins import is_local_client
from tests.conftest import run_app
from tests.feeds import open_feed


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
