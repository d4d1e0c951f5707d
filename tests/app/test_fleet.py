import httpx
import pytest
import yaml

from dashnet.settings import Settings
from tests.conftest import run_app
from tests.factories import make_device

LAPTOP = """devices:
- host_name: laptop
  mac_address: 02:00:00:00:00:01
  ip_address: 127.0.0.1
  device_type: Laptop
"""


async def test_what_is_exported_is_taken_back_without_a_change(app: httpx.AsyncClient, device_ids: list[int]) -> None:
    for file_format in ("yaml", "csv"):
        answer = await app.get("/api/fleet", params={"format": file_format})
        assert f"dashnet-fleet.{file_format}" in answer.headers["content-disposition"]
        changes = await app.put("/api/fleet", params={"format": file_format}, content=answer.content)
        assert changes.status_code == 200, changes.text
        assert (changes.json()["unchanged"], changes.json()["changed"]) == (len(device_ids), [])


async def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    app: httpx.AsyncClient, network: httpx.AsyncClient, device_ids: list[int]
) -> None:
    told = (await app.put("/api/fleet", params={"dry_run": True}, content=LAPTOP)).json()
    assert [one["host_name"] for one in told["created"]] == ["laptop"]
    assert len((await network.get("/devices/?read=false")).json()) == len(device_ids)
    done = (await app.put("/api/fleet", content=LAPTOP)).json()
    assert [one["host_name"] for one in done["created"]] == ["laptop"]
    exported = yaml.safe_load((await app.get("/api/fleet")).text)["devices"]
    assert len(exported) == len(device_ids) + 1
    assert "laptop" in [one["host_name"] for one in exported]


@pytest.mark.parametrize(
    ("file_format", "content", "where"),
    [
        ("yaml", "devices: [", "file:2"),
        ("yaml", LAPTOP + "  colour: red\n", "file:6"),
        ("yaml", LAPTOP.replace("127.0.0.1", "not an address"), "file:4"),
        ("csv", "host_name,colour\n", "file:1"),
        ("yaml", b"\xff", "file:1"),
        ("yaml", LAPTOP + "  driver_options: {profile: '${HOME}'}\n", "file:6"),
    ],
)
async def test_errors_tell_lines(
    app: httpx.AsyncClient, network: httpx.AsyncClient, file_format: str, content: str | bytes, where: str
) -> None:
    before = (await network.get("/devices/?read=false")).json()
    answer = await app.put("/api/fleet", params={"format": file_format}, content=content)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert where in answer.json()["detail"]
    assert (await network.get("/devices/?read=false")).json() == before


async def test_netbox_is_known_by_its_header(app: httpx.AsyncClient) -> None:
    header = "Name,Status,Role,Manufacturer,Type,Site,Rack,IP Address"
    content = f"{header}\nsw1,Active,Access Switch,Cisco,C9300,HQ,R1,127.0.0.9/24\n"
    answer = await app.put("/api/fleet", params={"format": "csv", "dry_run": True}, content=content)
    assert answer.status_code == 200, answer.text
    assert [one["host_name"] for one in answer.json()["created"]] == ["sw1"]
    assert answer.json()["left_out"]


async def test_without_the_network_service_there_is_a_problem(settings: Settings) -> None:
    async with run_app(settings) as app:
        for answer in (await app.get("/api/fleet"), await app.put("/api/fleet", content=LAPTOP)):
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_an_exported_csv_opens_in_a_spreadsheet(app: httpx.AsyncClient, network: httpx.AsyncClient) -> None:
    (await network.post("/devices/", json=make_device(host_name="=Büro", tags=["a;=1+1"]))).raise_for_status()
    content = (await app.get("/api/fleet", params={"format": "csv"})).content
    assert content.startswith("\ufeffhost_name,".encode())
    assert "\r\n'=Büro," in content.decode()
    assert "a;'=1+1" in content.decode()


async def test_the_answer_says_how_a_file_had_to_be_read(app: httpx.AsyncClient) -> None:
    content = "host_name;ip_address\nBüro;127.0.0.1\n".encode("cp1252")
    answer = await app.put("/api/fleet", params={"format": "csv", "dry_run": True}, content=content)
    assert [one["host_name"] for one in answer.json()["created"]] == ["Büro"]
    assert "Windows-1252" in answer.json()["notes"][0]
