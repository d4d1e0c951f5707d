import httpx
import pytest

from dashnet.settings import Settings
from tests.conftest import run_app
from tests.factories import blanks, make_device
from tests.network.discovery.runs import begin, until_ended


async def test_an_edit_is_answered_as_the_network_service_answers_it(
    app: httpx.AsyncClient, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    created = await app.post("/api/devices", json=[make_device(), make_device()])
    assert (created.status_code, len(created.json())) == (201, 2)
    path = f"/api/devices/{created.json()[0]['id']}"
    changed = await app.patch(path, json={"host_name": "renamed"})
    assert (changed.status_code, changed.json()["host_name"]) == (200, "renamed")
    assert (await app.delete(path)).status_code == 204
    assert len((await network.get("/devices/?read=false")).json()) == 4


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/devices", b"{", 422),
        ("POST", "/api/devices", b"[]", 422),
        ("POST", "/api/devices", b'{"host_name":"x"}', 422),
        ("PATCH", "/api/devices/999999", b'{"host_name":"x"}', 404),
        ("DELETE", "/api/devices/999999", b"", 404),
        ("DELETE", "/api/devices/x", b"", 422),
    ],
)
async def test_an_error_is_handed_back_as_it_is(
    app: httpx.AsyncClient, method: str, path: str, body: bytes, status: int
) -> None:
    answer = await app.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_drivers_are_those_of_the_network_service(app: httpx.AsyncClient, network: httpx.AsyncClient) -> None:
    answer = await app.get("/api/drivers")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == (await network.get("/drivers/")).json()


async def test_without_the_network_service_there_is_a_problem_and_no_list_of_drivers(settings: Settings) -> None:
    async with run_app(settings) as app:
        answer = await app.get("/api/drivers")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_a_clash_names_the_owner(app: httpx.AsyncClient, device_ids: list[int]) -> None:
    taken = (await app.get(f"/api/devices/{device_ids[0]}")).json()["mac_address"]
    answer = await app.post("/api/devices", json=make_device(mac_address=taken))
    assert answer.status_code == 409
    assert f"device {device_ids[0]}" in answer.json()["detail"]


async def test_a_body_of_50_mb_is_refused(app: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-length": str(50 << 20)}
    answer = await app.post("/api/devices", content=blanks(50), headers=headers)
    assert answer.status_code == 413


async def test_what_a_device_says_of_itself_is_asked_of_the_network_service(
    app: httpx.AsyncClient, device_ids: list[int]
) -> None:
    answer = await app.get(f"/api/devices/{device_ids[0]}/facts")
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert "cannot ask a device what it is" in answer.json()["detail"]


async def test_a_device_is_read_now_by_the_network_service(app: httpx.AsyncClient, network: httpx.AsyncClient) -> None:
    made = (await network.post("/devices/", json=make_device(ip_address="127.0.0.1", driver="icmp"))).json()
    reading = (await app.get(f"/api/devices/{made['id']}/reading")).json()
    assert (reading["id"], reading["state"], reading["loss_ratio"]) == (made["id"], "up", 0.0)
    assert reading["jitter_seconds"] >= 0
    assert (await app.get("/api/devices/77/reading")).status_code == 404


async def test_discoveries_are_those_of_the_network_service(app: httpx.AsyncClient) -> None:
    begun = await begin(app, "/api/discoveries/", network="127.0.0.2")
    ended = await until_ended(app, begun["id"], "/api/discoveries/")
    assert ([one["address"] for one in ended["found"]], ended["outcome"]) == (["127.0.0.2"], "done")
    assert [one["id"] for one in (await app.get("/api/discoveries/")).json()] == [begun["id"]]
    assert (await app.delete(f"/api/discoveries/{begun['id']}")).status_code == 204
    refused = await app.post("/api/discoveries/", json={"network": "127.0.0.0/8"})
    assert (refused.status_code, "4,096 at the most" in refused.json()["detail"]) == (422, True)
