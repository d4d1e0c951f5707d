import httpx
import pytest

from dashnet.origins import is_allowed_origin, may_change, may_touch_devices
from dashnet.settings import Settings
from tests.conftest import run_network
from tests.factories import make_device

HOST = {"host": "panel.example:5001"}
EVIL = "http://evil.example"
ALLOWED = "https://noc.example.org"


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://panel.example:5001", True),
        ("https://PANEL.example:5001", True),
        ("http://panel.example", False),
        (EVIL, False),
        ("http://panel.example:5001.evil.example", False),
        (ALLOWED, True),
        (f"{ALLOWED}/", True),
        ("null", False),
        ("", False),
    ],
)
def test_only_our_own_page_and_allowed_origins_pass(origin: str, expected: bool) -> None:
    assert is_allowed_origin({**HOST, "origin": origin}, [ALLOWED]) is expected


def test_a_client_that_is_no_page_passes() -> None:
    assert is_allowed_origin(HOST, [])
    assert may_change(HOST, [])
    assert may_touch_devices(HOST, [])


@pytest.mark.parametrize(
    ("site", "changes", "touches"),
    [("none", True, True), ("same-origin", True, True), ("same-site", False, True), ("cross-site", False, False)],
)
def test_a_page_without_an_origin_is_known_by_its_site(site: str, changes: bool, touches: bool) -> None:
    headers = {**HOST, "sec-fetch-site": site}
    assert (may_change(headers, [ALLOWED]), may_touch_devices(headers, [ALLOWED])) == (changes, touches)


def test_an_allowed_page_of_another_site_may_do_both() -> None:
    headers = {**HOST, "sec-fetch-site": "cross-site", "origin": ALLOWED}
    assert may_change(headers, [ALLOWED])
    assert may_touch_devices(headers, [ALLOWED])


CHANGES = [
    ("POST", "/devices/"),
    ("PUT", "/devices/"),
    ("PATCH", "/devices/1"),
    ("DELETE", "/devices/1"),
    ("POST", "/secrets/rotations"),
    ("POST", "/discoveries/"),
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("headers", [{"origin": EVIL}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}])
async def test_a_foreign_page_changes_nothing_in_the_network_service(
    network: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    await network.post("/devices/", json=make_device())
    answer = await network.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert "DASHNET_ALLOWED_ORIGINS" in answer.json()["detail"]
    assert (await network.get("/devices/1")).status_code == 200


async def test_pages_of_its_own_and_allowed_ones_change_the_network_service(settings: Settings) -> None:
    allowing = settings.model_copy(update={"allowed_origins": [ALLOWED]})
    async with run_network(allowing) as network:
        for origin in (settings.network_address, ALLOWED):
            answer = await network.post("/secrets/rotations", headers={"origin": origin})
            assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/devices/", "/devices/1", "/devices/1/facts"])
async def test_a_page_of_another_site_has_no_device_read(network: httpx.AsyncClient, path: str) -> None:
    await network.post("/devices/", json=make_device())
    refused = await network.get(path, headers={"sec-fetch-site": "cross-site"})
    same_origin = await network.get(path, headers={"sec-fetch-site": "same-origin"})
    assert refused.status_code == 403
    assert same_origin.status_code in (200, 409)  # a simulated device has no facts


@pytest.mark.parametrize("path", ["/api/devices/1/reading", "/api/devices/1/facts"])
async def test_nor_by_way_of_the_app_service(network: httpx.AsyncClient, app: httpx.AsyncClient, path: str) -> None:
    await network.post("/devices/", json=make_device())
    refused = await app.get(path, headers={"sec-fetch-site": "cross-site"})
    assert (refused.status_code, (await app.get(path)).status_code in (200, 409)) == (403, True)


async def test_the_app_service_hands_on_what_its_own_page_changes(
    settings: Settings, network: httpx.AsyncClient, app: httpx.AsyncClient
) -> None:
    headers = {"origin": settings.app_address, "sec-fetch-site": "same-origin"}
    assert (await app.post("/api/devices", json=make_device(), headers=headers)).status_code == 201
