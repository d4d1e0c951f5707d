"""Whatever arrives: a problem that names the culprit, nothing changed, and the service still answers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from dashnet.embedded.servers import ServerAddresses
from dashnet.problems import MEDIA_TYPE
from services.network.bodies import MOST_BYTES
from tests.conftest import execute, make_settings, run_network
from tests.factories import blanks, make_device
from tests.network.conftest import Device, add_chain
from tests.ports import free_port
from tests.servers import eventually

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
async def network(servers: ServerAddresses, template: str) -> AsyncIterator[httpx.AsyncClient]:
    """One service for all tests here, because none of them changes anything."""
    await execute(servers.database_url, f"CREATE DATABASE bad_input TEMPLATE {template}")
    settings = make_settings(
        database_url=servers.database_url.replace("/dashnet?", "/bad_input?"),
        redis_url=servers.redis_url,
        network_port=free_port(),
        demo_devices=0,
        host_device=False,
    )
    async with run_network(settings) as client:
        yield client


@pytest.fixture(scope="module")
async def three_devices(network: httpx.AsyncClient) -> list[Device]:
    """Devices 1 to 3, each behind the one before."""
    return await add_chain(network)


@pytest.fixture(autouse=True)
async def _nothing_changes(network: httpx.AsyncClient, three_devices: list[Device]) -> AsyncIterator[None]:
    before = (await network.get("/inventory/changes")).json()
    yield
    assert (await network.get("/inventory/changes")).json() == before
    assert (await network.get("/devices/")).status_code == 200


def assert_problem(answer: httpx.Response, status: int, text: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    assert text in answer.json()["detail"]


BODIES = {
    "no body": (b"", "the body is not valid JSON"),
    "malformed": (b'{"host_name":', "line 1 column 13"),
    "a lone surrogate": (rb'{"host_name": "\ud800"}', "line 1 column 22"),
    "a lone surrogate in an unknown name": (rb'{"\ud800": 1}', "line 1 column"),
    "half a pair": (rb'{"host_name": "\ud83dx"}', "line 1 column"),
    "not UTF-8": (b'{"host_name": "\xe9"}', "line 1 column"),
    "an integer of 5000 digits": (b'{"parent_id": ' + b"9" * 5000 + b"}", "number out of range"),
    "10,000 brackets": (b"[" * 10_000 + b"]" * 10_000, "recursion limit"),
    "10,000 open brackets": (b"[" * 10_000, "recursion limit"),
    "10,000 objects": (b'{"driver_options":' * 10_000 + b"1" + b"}" * 10_000, "recursion limit"),
    "a number": (b"7", "body: Input should be a valid dictionary"),
    "null": (b"null", "body: Input should be a valid dictionary"),
}


@pytest.mark.parametrize("device_id", ["", "1"])
@pytest.mark.parametrize(("body", "text"), BODIES.values(), ids=BODIES.keys())
async def test_a_body_that_is_no_device_is_refused(
    network: httpx.AsyncClient, device_id: str, body: bytes, text: str
) -> None:
    method = "PATCH" if device_id else "POST"
    answer = await network.request(method, f"/devices/{device_id}", content=body, headers=JSON)
    assert_problem(answer, 422, text)


FIELDS: list[tuple[dict[str, Any], str]] = [
    ({"host_name": 7}, "host_name: Input should be a valid string"),
    ({"host_name": None}, "host_name: Input should be a valid string"),
    ({"host_name": ""}, "host_name: must not be empty"),
    ({"host_name": "x" * 256}, "host_name: String should have at most 255 characters"),
    ({"host_name": "a\x00b"}, "host_name: control characters are not allowed"),
    ({"operating_system": "\x00"}, "operating_system: control characters are not allowed"),
    ({"mac_address": "00/11"}, "mac_address: neither a MAC address"),
    ({"mac_address": "\x00"}, "mac_address: control characters are not allowed"),
    ({"ip_address": "http://router"}, "ip_address: neither an IPv4"),
    ({"ip_address": None}, "ip_address: Input should be a valid string"),
    ({"device_type": None}, "device_type: Input should be a valid string"),
    ({"driver": "telepathy"}, "driver: there is no driver 'telepathy'; there are: "),
    ({"driver": None}, "driver: Input should be a valid string"),
    ({"driver_options": None}, "driver_options: Input should be a valid dictionary"),
    ({"driver_options": {"colour": 1}}, "driver_options: driver 'simulated' does not take this: colour: Extra"),
    ({"driver_options": {"a\x00": 1}}, "driver_options: driver 'simulated' does not take this: a\x00: Extra"),
    ({"driver_options": {"seed": 2**63}}, "driver_options: driver 'simulated' does not take this: seed: "),
    ({"driver_options": {"seed": 10**1000}}, "driver_options: driver 'simulated' does not take this: seed: "),
    ({"driver": "host", "driver_options": {"seed": 1}}, "driver_options: driver 'host' does not take this: seed: "),
    ({"driver": "host", "driver_options": {"interfaces": []}}, "driver_options: driver 'host' does not take this: int"),
    ({"driver": "host", "driver_options": {"interfaces": ["a\x00"]}}, "driver_options: the NUL character is not allow"),
    ({"tags": "attic"}, "tags: Input should be a valid list"),
    ({"tags": [1]}, "tags[0]: Input should be a valid string"),
    ({"tags": ["a", "\x00"]}, "tags[1]: control characters are not allowed"),
    ({"parent_id": 0}, "parent_id: Input should be greater than or equal to 1"),
    ({"parent_id": "1"}, "parent_id: Input should be a valid integer"),
    ({"parent_id": 10**1000}, "parent_id: Input should be less than or equal to 2147483647"),
    ({"parent_id": 99}, "parent_id: there is no device 99"),
    ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ({"id": 5}, "id: Extra inputs are not permitted"),
    ({"a\x00b": 1}, "a\x00b: Extra inputs are not permitted"),
    ({"": 1}, "body: Extra inputs are not permitted"),
    ({"\U0001f4a3\u202e\ufffe": 1}, "\U0001f4a3\u202e\ufffe: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("fields", "text"), FIELDS, ids=[f"{str(fields)[:50]}" for fields, _ in FIELDS])
async def test_a_bad_field_of_a_new_device_is_named(
    network: httpx.AsyncClient, fields: dict[str, Any], text: str
) -> None:
    body = json_of(make_device(**fields))
    assert_problem(await network.post("/devices/", content=body, headers=JSON), 422, text)


@pytest.mark.parametrize(("fields", "text"), FIELDS, ids=[f"{str(fields)[:50]}" for fields, _ in FIELDS])
async def test_a_bad_field_of_a_change_is_named(network: httpx.AsyncClient, fields: dict[str, Any], text: str) -> None:
    assert_problem(await network.patch("/devices/1", content=json_of(fields), headers=JSON), 422, text)


def json_of(value: object) -> bytes:
    """JSON with integers of any size."""
    return httpx.Request("POST", "http://test", json=value).content


@pytest.mark.parametrize("missing", ["host_name", "ip_address"])
async def test_a_field_that_is_missing_is_named(network: httpx.AsyncClient, missing: str) -> None:
    body = {name: value for name, value in make_device().items() if name != missing}
    assert_problem(await network.post("/devices/", json=body), 422, f"{missing}: Field required")


async def test_each_bad_device_of_a_list_is_named(network: httpx.AsyncClient) -> None:
    bodies = [make_device(), make_device(parent_id=98), make_device(), make_device(parent_id=99)]
    answer = await network.post("/devices/", json=bodies)
    assert_problem(answer, 422, "[1].parent_id: there is no device 98")
    assert [error["location"] for error in answer.json()["errors"]] == ["[1].parent_id", "[3].parent_id"]


async def test_the_problem_of_a_long_list_stays_short(network: httpx.AsyncClient) -> None:
    answer = await network.post("/devices/", json=[{"x" * 10_000: 1}] * 1000)
    assert_problem(answer, 422, "(and 2999 more)")
    assert len(answer.json()["errors"]) == 100
    assert len(answer.content) < 50_000


async def test_the_problem_of_many_options_stays_short(network: httpx.AsyncClient) -> None:
    options = {f"{number}-{'x' * 100}": 1 for number in range(10_000)}
    answer = await network.post("/devices/", json=make_device(driver_options=options))
    assert_problem(answer, 422, "Extra inputs are not permitted")
    assert len(answer.content) < 10_000


async def test_an_empty_list_is_refused(network: httpx.AsyncClient) -> None:
    assert_problem(await network.post("/devices/", json=[]), 422, "the list is empty")


async def test_a_list_of_too_many_devices_is_refused(network: httpx.AsyncClient) -> None:
    body = b"[" + b",".join([orjson.dumps(make_device())] * 100_001) + b"]"
    answer = await network.post("/devices/", content=body, headers=JSON)
    assert_problem(answer, 413, "100,001 devices are more than the 100,000 that fit in one request")


async def test_a_new_device_cannot_guess_its_own_id_as_parent(network: httpx.AsyncClient) -> None:
    bodies = [make_device(parent_id=4), make_device(parent_id=5)]
    assert_problem(await network.post("/devices/", json=bodies), 422, "[0].parent_id: there is no device 4")


@pytest.mark.parametrize(
    ("device_id", "parent_id", "text"),
    [
        (1, 1, "parent_id: device 1 is this device"),
        (1, 2, "parent_id: device 2 is this device or lies behind it"),
        (1, 3, "parent_id: device 3 is this device or lies behind it; that would make a circle"),
    ],
)
async def test_a_circle_of_parents_is_refused(
    network: httpx.AsyncClient, device_id: int, parent_id: int, text: str
) -> None:
    assert_problem(await network.patch(f"/devices/{device_id}", json={"parent_id": parent_id}), 422, text)


async def test_a_driver_whose_options_do_not_fit_is_refused(network: httpx.AsyncClient) -> None:
    answer = await network.patch("/devices/1", json={"driver": "host", "driver_options": {"seed": 1}})
    assert_problem(answer, 422, "driver_options: driver 'host' does not take this: seed")


async def test_a_mac_address_of_the_inventory_is_refused_with_its_owner(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    first, second, _ = three_devices
    bodies = [make_device(), *(make_device(mac_address=one["mac_address"].lower()) for one in (first, second))]
    answer = await network.post("/devices/", json=bodies)
    assert_problem(answer, 409, f"{first['mac_address']} is that of device 1 ({first['host_name']}); nothing was added")
    assert [error["location"] for error in answer.json()["errors"]] == ["[1].mac_address", "[2].mac_address"]
    assert second["host_name"] in answer.json()["errors"][1]["detail"]


async def test_a_mac_address_twice_in_a_list_is_refused_in_any_notation(network: httpx.AsyncClient) -> None:
    addresses = ["00:1B:44:11:3A:B7", "001b.4411.3ab7", "00-1b-44-11-3a-b7"]
    answer = await network.post("/devices/", json=[make_device(mac_address=address) for address in addresses])
    assert_problem(answer, 409, "00:1B:44:11:3A:B7 is that of item [0] of this list; nothing was added")
    assert [error["location"] for error in answer.json()["errors"]] == ["[1].mac_address", "[2].mac_address"]


async def test_a_change_to_the_mac_address_of_another_is_refused(
    network: httpx.AsyncClient, three_devices: list[Device]
) -> None:
    first = three_devices[0]
    answer = await network.patch("/devices/2", json={"mac_address": first["mac_address"].replace(":", "-")})
    assert_problem(answer, 409, f"{first['mac_address']} is that of device 1 ({first['host_name']})")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("device_id", ["0", "-1", "4", str(2**31), str(2**63), str(2**64), "9" * 4000])
async def test_an_id_that_does_not_exist_is_not_found(network: httpx.AsyncClient, method: str, device_id: str) -> None:
    answer = await network.request(method, f"/devices/{device_id}", content=b"{}", headers=JSON)
    assert_problem(answer, 404, f"there is no device {device_id[:40]}")


@pytest.mark.parametrize("device_id", ["one", "1.5", "9" * 5000, "%00", "%ff", "1%20OR%201=1"])
async def test_what_is_no_id_is_refused(network: httpx.AsyncClient, device_id: str) -> None:
    assert_problem(await network.get(f"/devices/{device_id}"), 422, "device_id: ")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("limit=0", "limit: Input should be greater than or equal to 1"),
        ("limit=-1", "limit: Input should be greater than or equal to 1"),
        ("limit=100001", "limit: Input should be less than or equal to 100000"),
        ("limit=ten", "limit: Input should be a valid integer"),
        ("limit=", "limit: Input should be a valid integer"),
        ("after=-1", "after: Input should be greater than or equal to 0"),
        ("after=" + "9" * 5000, "after: "),
        ("after=%00", "after: Input should be a valid integer"),
        ("read=perhaps", "read: Input should be a valid boolean"),
        ("at=", "at: not an ISO 8601 time"),
        ("at=yesterday", "at: not an ISO 8601 time"),
        ("at=2026-02-30T00:00:00Z", "at: not an ISO 8601 time"),
        ("at=0000-01-01T00:00:00Z", "at: not an ISO 8601 time"),
        ("at=10000-01-01T00:00:00Z", "at: not an ISO 8601 time"),
        ("at=0001-01-01T00:00:00%2B01:00", "at: outside the years 1 to 9999"),
        ("at=9999-12-31T23:59:59-01:00", "at: outside the years 1 to 9999"),
        ("at=2026-11-23T20:00:00Z%00", "at: not an ISO 8601 time"),
        ("at=%ff", "at: not an ISO 8601 time"),
        ("at=1795464000", "at: not an ISO 8601 time"),
        ("read=false&at=2026-11-23T20:00:00Z", "read: read=false and at=… exclude each other"),
    ],
)
async def test_a_bad_query_is_refused(network: httpx.AsyncClient, query: str, text: str) -> None:
    assert_problem(await network.get(f"/devices/?{query}"), 422, text)


@pytest.mark.parametrize("since", ["-1", "x", str(2**63), "9" * 5000])
async def test_a_bad_revision_is_refused(network: httpx.AsyncClient, since: str) -> None:
    assert_problem(await network.get("/inventory/changes", params={"since": since}), 422, "since: ")


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/xml"}])
@pytest.mark.parametrize(("method", "path"), [("POST", "/devices/"), ("PATCH", "/devices/1")])
async def test_another_content_type_is_refused(
    network: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await network.request(method, path, content=orjson.dumps(make_device()), headers=headers)
    assert_problem(answer, 415, "send JSON with the header Content-Type: application/json")


@pytest.mark.parametrize("length", [{"content-length": str(50 << 20)}, {}], ids=["content-length", "chunked"])
async def test_a_body_of_50_megabytes_is_refused(network: httpx.AsyncClient, length: dict[str, str]) -> None:
    answer = await network.post("/devices/", content=blanks(50), headers=JSON | length)
    assert_problem(answer, 413, f"The body is larger than {MOST_BYTES:,} bytes; send it in parts")


async def test_a_client_that_goes_away_while_sending_is_no_error_of_ours(
    network: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection(network.base_url.host, network.base_url.port)
    head = b"POST /devices/ HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    writer.write(head + b"content-length: 9\r\n\r\n[")
    await writer.drain()
    writer.close()

    async def is_counted() -> bool:
        return 'method="POST",route="/devices/",status="400"' in (await network.get("/metrics")).text

    await eventually(is_counted)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_an_unknown_path_is_a_problem(network: httpx.AsyncClient) -> None:
    assert_problem(await network.get("/device"), 404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/devices/", {"GET", "POST", "PUT"}),
        ("POST", "/devices/1", {"GET", "PATCH", "DELETE"}),
        ("POST", "/inventory/changes", {"GET"}),
    ],
)
async def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(
    network: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await network.request(method, path)
    assert_problem(answer, 405, "Method Not Allowed")
    assert set(answer.headers["allow"].split(", ")) == allowed
