import socket
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dashnet.hosts import HostRule, make_host_rule
from dashnet.settings import Settings
from tests.conftest import make_settings, run_app, run_network
from tests.raw_http import ask_raw

LOCAL = HostRule(frozenset({"noc.example.org"}), is_local=True)
ELSEWHERE = HostRule(frozenset({"noc.example.org"}), is_local=False)
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)


@pytest.mark.parametrize(
    ("host", "locally", "elsewhere"),
    [
        ("127.0.0.1:5001", True, True),
        ("127.9.8.7", True, True),
        ("[::1]:5001", True, True),
        ("[::ffff:127.0.0.1]", True, True),
        ("localhost:5001", True, True),
        ("LOCALHOST.", True, True),
        ("panel.localhost:5001", True, True),
        ("noc.example.org", True, True),
        ("NOC.example.org:443", True, True),
        ("", True, True),
        ("192.0.2.7", False, True),
        ("0.0.0.0:5001", False, True),
        ("network:5000", False, True),
        ("panel.local", False, True),
        ("panel.internal", False, True),
        ("app.dashnet.svc.cluster.local:5001", False, True),
        ("nas.home.arpa.", False, True),
        ("evil.example:5001", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("127.1", False, False),
        ("localhost.evil.example", False, False),
        ("evillocalhost", False, True),
        ("noc.example.org.evil.example", False, False),
        ("[::1", False, False),
    ],
)
def test_names_that_somebody_else_could_have_lead_here_are_foreign(host: str, locally: bool, elsewhere: bool) -> None:
    assert (LOCAL.allows(host), ELSEWHERE.allows(host)) == (locally, elsewhere)


def test_this_machine_answers_under_its_own_addresses() -> None:
    own = [part.address for parts in psutil.net_if_addrs().values() for part in parts if part.family == socket.AF_INET]
    assert own
    assert all(LOCAL.allows(f"{address}:5001") for address in own)


def test_this_machine_answers_under_exactly_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Web1.corp.example")
    rule = make_host_rule(make_settings(), "127.0.0.1")
    assert [rule.allows(name) for name in ("web1.corp.example:5001", "web1", "web1.local")] == [True, False, False]


def test_any_name_can_be_allowed() -> None:
    assert HostRule(frozenset("*"), is_local=True).allows("evil.example")


@pytest.mark.parametrize(
    ("bound_to", "is_local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("nas", False)],
)
def test_local_is_what_is_bound_to_loopback(bound_to: str, is_local: bool) -> None:
    assert make_host_rule(make_settings(), bound_to).is_local is is_local


def test_names_that_stand_in_the_settings_are_allowed() -> None:
    settings = make_settings(
        allowed_hosts="Panel.example.org, other.example.org",
        allowed_origins="https://noc.example.org:8443",
        network_url="http://network.example.org:5000",
    )
    names = {"panel.example.org", "other.example.org", "noc.example.org", "network.example.org"}
    assert names <= make_host_rule(settings, "127.0.0.1").allowed


@pytest.mark.parametrize("name", ["evil.example", "evil.local", "evil.internal", "evil"])
async def test_both_services_refuse_a_foreign_name_and_its_page(settings: Settings, name: str) -> None:
    headers = {"host": name, "origin": f"http://{name}"}
    async with run_network(settings) as network, run_app(settings) as app:
        for client, path in ((network, "/devices/"), (app, "/api/devices"), (app, "/")):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
            assert "DASHNET_ALLOWED_HOSTS" in answer.json()["detail"]
        with pytest.raises(InvalidStatus, match="403") as refused:
            async with connect(f"ws://{name}:{settings.app_port}/live", host="127.0.0.1", port=settings.app_port):
                pass
    assert b"DASHNET_ALLOWED_HOSTS" in (refused.value.response.body or b"")


async def test_bound_elsewhere_a_name_of_the_local_network_is_answered(settings: Settings) -> None:
    bound = settings.model_copy(update={"app_host": "0.0.0.0"})
    async with run_app(bound), httpx.AsyncClient(base_url=settings.app_address) as client:
        answers = [await client.get("/healthz", headers={"host": host}) for host in ("panel.local", "evil.example")]
    assert [answer.status_code for answer in answers] == [200, 403]


async def test_an_allowed_name_is_answered(settings: Settings) -> None:
    allowing = settings.model_copy(update={"allowed_hosts": ["panel.example.org"]})
    async with run_app(allowing), httpx.AsyncClient(base_url=allowing.app_address) as client:
        answer = await client.get("/healthz", headers={"host": "panel.example.org"})
    assert answer.status_code == 200


@pytest.mark.parametrize("more", [(), HANDSHAKE])
async def test_two_hosts_are_refused_in_whatever_order(settings: Settings, more: tuple[str, ...]) -> None:
    async with run_network(settings) as network, run_app(settings):
        for port in (urlsplit(str(network.base_url)).port, settings.app_port):
            for hosts in (("localhost", "evil.example"), ("evil.example", "localhost"), ("localhost", "localhost")):
                answer = await ask_raw(port or 0, "GET /live HTTP/1.1", *(f"Host: {host}" for host in hosts), *more)
                assert answer.startswith(b"HTTP/1.1 400 ")
