import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dashnet.hosts import is_allowed_host, list_allowed_hosts
from dashnet.settings import Settings
from tests.conftest import make_settings, run_app, run_network


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:5001", True),
        ("192.0.2.7", True),
        ("[::1]:5001", True),
        ("localhost:5001", True),
        ("network:5000", True),
        ("panel.local", True),
        ("app.dashnet.svc.cluster.local:5001", True),
        ("nas.home.arpa.", True),
        ("noc.example.org", True),
        ("NOC.example.org:443", True),
        ("", True),
        ("evil.example:5001", False),
        ("127.0.0.1.evil.example", False),
        ("local.evil.example", False),
        ("noc.example.org.evil.example", False),
        ("[::1", False),
    ],
)
def test_names_that_anybody_could_have_lead_here_are_foreign(host: str, expected: bool) -> None:
    assert is_allowed_host(host, {"noc.example.org"}) is expected


def test_any_name_can_be_allowed() -> None:
    assert is_allowed_host("evil.example", ["*"])


def test_names_that_stand_in_the_settings_are_allowed() -> None:
    settings = make_settings(
        allowed_hosts="Panel.example.org, other.example.org",
        allowed_origins="https://noc.example.org:8443",
        network_url="http://network.example.org:5000",
    )
    names = {"panel.example.org", "other.example.org", "noc.example.org", "network.example.org"}
    assert names <= list_allowed_hosts(settings)


async def test_both_services_refuse_a_foreign_name_and_its_page(settings: Settings) -> None:
    headers = {"host": "evil.example", "origin": "http://evil.example"}
    async with run_network(settings) as network, run_app(settings) as app:
        for client, path in ((network, "/devices/"), (app, "/api/devices"), (app, "/")):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
            assert "DASHNET_ALLOWED_HOSTS" in answer.json()["detail"]
        with pytest.raises(InvalidStatus, match="403"):
            foreign = f"ws://evil.example:{settings.app_port}/live"
            async with connect(foreign, host="127.0.0.1", port=settings.app_port):
                pass


async def test_an_allowed_name_is_answered(settings: Settings) -> None:
    allowing = settings.model_copy(update={"allowed_hosts": ["panel.example.org"]})
    async with run_app(allowing), httpx.AsyncClient(base_url=allowing.app_address) as client:
        answer = await client.get("/healthz", headers={"host": "panel.example.org"})
    assert answer.status_code == 200
