import httpx
import pytest

from dashnet.reading import to_wire
from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.conftest import make_settings, run_app
from tests.factories import make_device
from tests.ports import free_port


async def test_devices_come_in_id_order_and_page_by_page(app: httpx.AsyncClient, device_ids: list[int]) -> None:
    assert [one["id"] for one in (await app.get("/api/devices")).json()] == device_ids
    page = (await app.get("/api/devices", params={"after": device_ids[0], "limit": 1})).json()
    assert [one["id"] for one in page] == device_ids[1:2]


async def test_one_device_is_the_one_of_the_list(app: httpx.AsyncClient, device_ids: list[int]) -> None:
    one = (await app.get(f"/api/devices/{device_ids[1]}")).json()
    assert one == (await app.get("/api/devices")).json()[1]


@pytest.mark.parametrize("device_id", [999_999, 10**20, 0, -1])
@pytest.mark.parametrize("path", ["/api/devices/{}", "/api/devices/{}/history"])
async def test_a_device_that_does_not_exist_is_404(app: httpx.AsyncClient, path: str, device_id: int) -> None:
    answer = await app.get(path.format(device_id))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_summary_adds_up_the_devices(
    app: httpx.AsyncClient, network: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    tick = await refresh_once()
    devices = (await app.get("/api/devices")).json()
    summary = (await app.get("/api/summary")).json()
    assert summary["time_stamp"] == to_wire(tick)
    assert summary["devices"] == 3
    assert summary["up"] == [one["state"] for one in devices].count("up")
    assert summary["up"] + summary["down"] + summary["unknown"] == 3
    assert summary["download_speed"] == pytest.approx(sum(one["snap_shot"]["download_speed"] for one in devices))


async def test_the_summary_counts_at_the_edge_and_keeps_real_and_simulated_devices_apart(
    app: httpx.AsyncClient, network: httpx.AsyncClient, device_ids: list[int], refresh_once: RefreshOnce
) -> None:
    uplink, below, _ = device_ids
    real = (await network.post("/devices/", json=make_device(driver="host"))).json()["id"]
    await network.patch(f"/devices/{below}", json={"parent_id": uplink, "tags": ["lab"]})
    await network.patch(f"/devices/{uplink}", json={"tags": ["uplink"]})
    await refresh_once()
    speeds = {one["id"]: one["snap_shot"]["upload_speed"] for one in (await app.get("/api/devices")).json()}
    summary = (await app.get("/api/summary")).json()
    simulated = (await app.get("/api/summary", params={"kind": "simulated"})).json()
    every = (await app.get("/api/summary", params={"kind": "all"})).json()
    assert (summary["kind"], summary["devices"], summary["upload_speed"]) == ("real", 4, speeds[real])
    assert (summary["real"]["devices"], summary["simulated"]["devices"]) == (1, 3)
    assert (simulated["devices"], simulated["upload_speed"]) == (3, pytest.approx(speeds[uplink]))
    assert simulated["simulated"] == summary["simulated"] == {name: simulated[name] for name in summary["simulated"]}
    assert (every["devices"], every["upload_speed"]) == (4, None)


async def test_a_network_of_which_no_traffic_is_known_has_no_total(app: httpx.AsyncClient) -> None:
    """0 Mbit/s would be a claim."""
    summary = (await app.get("/api/summary")).json()
    assert (summary["real"]["upload_speed"], summary["download_speed"]) == (None, None)


async def test_without_a_state_at_hand_the_answer_is_503(settings: Settings) -> None:
    async with run_app(settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})) as app:
        answer = await app.get("/api/devices")
    assert answer.status_code == 503
    assert "Redis or Postgres" in answer.json()["detail"]


async def test_an_unknown_path_is_a_problem_404(app: httpx.AsyncClient) -> None:
    answer = await app.get("/api/nonsense")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_addresses_of_both_services_follow_their_settings() -> None:
    settings = make_settings(app_host="0.0.0.0", app_port=6001, network_host="::", network_port=6000)
    assert (settings.app_address, settings.network_address) == ("http://127.0.0.1:6001", "http://[::1]:6000")
