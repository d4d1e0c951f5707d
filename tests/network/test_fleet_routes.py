"""PUT /devices/: the inventory is brought to a list of devices, or not at all."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.settings import Settings
from services.network import fleet_changes, fleet_packing
from tests.conftest import run_network
from tests.factories import make_device
from tests.network.secret_driver import NAME, secretive_driver, with_key

MASK = "*" * 10


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """A driver with secrets is there."""
    with secretive_driver():
        yield


async def put(network: httpx.AsyncClient, entries: object, **parameters: object) -> dict[str, Any]:
    answer = await network.put("/devices/", json=entries, params=parameters)  # type: ignore[arg-type]  # of any type
    assert answer.status_code == 200, answer.text
    changes: dict[str, Any] = answer.json()
    return changes


async def inventory(network: httpx.AsyncClient) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = (await network.get("/devices/", params={"read": False})).json()
    return devices


async def revision(network: httpx.AsyncClient) -> int:
    return int((await network.get("/inventory/changes", params={"since": 2**40})).json()["revision"])


def counts(changes: dict[str, Any]) -> tuple[int, int, int, int]:
    return len(changes["created"]), len(changes["changed"]), len(changes["removed"]), changes["unchanged"]


async def test_a_fleet_is_added_with_parents_that_come_later(network: httpx.AsyncClient) -> None:
    leaf, switch, router = (make_device() for _ in range(3))
    entries = [
        leaf | {"parent": switch["host_name"]},
        switch | {"parent": router["mac_address"].replace(":", "-").lower()},
        router,
    ]
    assert counts(await put(network, entries)) == (3, 0, 0, 0)
    devices = {device["host_name"]: device for device in await inventory(network)}
    assert devices[leaf["host_name"]]["parent_id"] == devices[switch["host_name"]]["id"]
    assert devices[switch["host_name"]]["parent_id"] == devices[router["host_name"]]["id"]


async def test_twice_is_as_once_and_makes_no_revision(network: httpx.AsyncClient) -> None:
    first, second = make_device(tags=["b", "a"]), make_device(driver="host", driver_options={"interfaces": ["lo"]})
    entries = [first, second | {"parent": first["host_name"]}]
    await put(network, entries)
    before = await revision(network)
    assert counts(await put(network, entries)) == (0, 0, 0, 2)
    assert await revision(network) == before


async def test_a_device_without_a_mac_address_is_known_by_its_name_and_may_get_one(network: httpx.AsyncClient) -> None:
    nas = {"host_name": "nas", "ip_address": "10.0.0.1"}
    assert (await put(network, [nas]))["created"] == [{"id": 1, "host_name": "nas", "mac_address": None}]
    assert counts(await put(network, [nas | {"mac_address": ""}])) == (0, 0, 0, 1)
    changed = (await put(network, [nas | {"mac_address": "0:1b:44:11:3a:4"}]))["changed"]
    assert [(one["id"], one["changes"]) for one in changed] == [
        (1, [{"field": "mac_address", "before": None, "after": "00:1B:44:11:3A:04"}])
    ]


async def test_a_fleet_of_several_slices_is_changed_and_described_whole(
    network: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_packing, "_SLICE_DEVICES", 2)
    monkeypatch.setattr(fleet_changes, "_SLICE_DEVICES", 2)
    entries = [make_device() for _ in range(5)]
    created = (await put(network, entries))["created"]
    assert [one["mac_address"] for one in created] == [one["mac_address"] for one in entries]
    changed = await put(network, [one | {"device_type": "Server"} for one in entries])
    assert [(one["id"], one["changes"]) for one in changed["changed"]] == [
        (one["id"], [{"field": "device_type", "before": "Laptop", "after": "Server"}]) for one in created
    ]
    assert {one["device_type"] for one in await inventory(network)} == {"Server"}


async def test_of_many_faults_the_first_hundred_are_named_and_all_counted(network: httpx.AsyncClient) -> None:
    answer = await network.put("/devices/", json=[{"host_name": f"a{number}"} for number in range(150)])
    errors = answer.json()["errors"]
    assert (answer.status_code, errors[0]["location"], len(errors)) == (422, "[0].ip_address", 100)
    assert "(and 149 more)" in answer.json()["detail"]


async def test_a_dry_run_tells_and_changes_nothing(network: httpx.AsyncClient) -> None:
    kept, gone, new = (make_device() for _ in range(3))
    await put(network, [kept, gone])
    before = await inventory(network), await revision(network)
    entries = [kept | {"ip_address": "10.9.9.9"}, new]
    told = await put(network, entries, dry_run=True, prune=True)
    assert (await inventory(network), await revision(network)) == before
    done = await put(network, entries, prune=True)
    assert counts(told) == counts(done) == (1, 1, 1, 0)
    assert told["changed"] == done["changed"]
    assert (told["created"][0]["id"], told["dry_run"], done["dry_run"]) == (None, True, False)
    assert done["created"][0]["id"] in {device["id"] for device in await inventory(network)}


async def test_each_field_is_told_before_and_after(network: httpx.AsyncClient) -> None:
    parent, device = make_device(), make_device(tags=["a"], driver_options={"seed": 1, "profile": "classic"})
    await put(network, [parent, device])
    changed = device | {"tags": [], "driver_options": {"seed": 2}, "parent": parent["host_name"], "host_name": "new"}
    (told,) = (await put(network, [parent, changed]))["changed"]
    assert told["host_name"] == "new"
    assert {change["field"]: (change["before"], change["after"]) for change in told["changes"]} == {
        "host_name": (device["host_name"], "new"),
        "tags": (["a"], []),
        "driver_options.seed": (1, 2),
        "driver_options.profile": ("classic", None),
        "parent": (None, parent["host_name"]),
    }


async def test_what_is_left_out_becomes_the_default_or_stays(network: httpx.AsyncClient) -> None:
    parent, device = make_device(), make_device(tags=["a"], driver_options={"seed": 1})
    await put(network, [parent, device | {"parent": parent["host_name"]}])
    short = {name: device[name] for name in ("host_name", "mac_address", "ip_address")}
    assert counts(await put(network, [short], left_out="keep")) == (0, 0, 0, 1)
    assert counts(await put(network, [short])) == (0, 1, 0, 0)
    stored = (await inventory(network))[1]
    assert (stored["device_type"], stored["tags"], stored["driver_options"]) == ("Other", [], {})
    assert stored["parent_id"] is None


async def test_options_of_another_driver_do_not_stay(network: httpx.AsyncClient) -> None:
    device = make_device(driver_options={"seed": 1})
    await put(network, [device])
    await put(network, [{"mac_address": device["mac_address"], "driver": "host"}], left_out="keep")
    assert [(one["driver"], one["driver_options"]) for one in await inventory(network)] == [("host", {})]


async def test_new_devices_without_a_driver_get_the_one_that_is_named(network: httpx.AsyncClient) -> None:
    old, new = make_device(), make_device()
    await put(network, [old])
    await put(network, [old, new], left_out="keep", new_driver="host")
    assert [device["driver"] for device in await inventory(network)] == ["simulated", "host"]
    refused = await network.put("/devices/", json=[old], params={"new_driver": "smoke"})
    assert (refused.status_code, refused.json()["errors"][0]["location"]) == (422, "new_driver")


async def test_pruned_devices_are_gone_and_known_to_be(network: httpx.AsyncClient) -> None:
    chain = [make_device() for _ in range(3)]
    await put(
        network, [chain[0], chain[1] | {"parent": chain[0]["host_name"]}, chain[2] | {"parent": chain[1]["host_name"]}]
    )
    ids = [device["id"] for device in await inventory(network)]
    before = await revision(network)
    mac = {"mac_address": chain[2]["mac_address"]}
    assert counts(await put(network, [mac], prune=True, left_out="keep")) == (0, 1, 2, 0)
    (left,) = await inventory(network)
    assert (left["id"], left["parent_id"]) == (ids[2], None)
    assert (await network.get("/inventory/changes", params={"since": before})).json()["removed"] == ids[:2]


async def test_devices_outside_the_fleet_stay_and_may_be_parents(network: httpx.AsyncClient) -> None:
    router, leaf = make_device(), make_device()
    await put(network, [router])
    await put(network, [leaf | {"parent": router["host_name"]}])
    devices = await inventory(network)
    assert devices[1]["parent_id"] == devices[0]["id"]


def bad_fleets() -> Iterator[tuple[list[dict[str, Any]], int, str, str]]:
    """Fleets, the status, the first location and a word of the detail."""
    first, second = make_device(), make_device()
    yield (
        [first, second | {"mac_address": first["mac_address"].lower()}],
        409,
        "[1].mac_address",
        "item [0]",
    )
    yield (
        [first, second | {"parent": "nobody"}],
        422,
        "[1].parent",
        "no device has the host name",
    )
    twins = [first | {"host_name": "a"}, second | {"host_name": "a"}]
    yield (
        [*twins, make_device(parent="a")],
        422,
        "[2].parent",
        "name a MAC address (02:",
    )
    yield [first | {"parent": first["host_name"]}], 422, "[0].parent", "circle"
    circle = [first | {"parent": second["host_name"]}, second | {"parent": first["host_name"]}]
    yield [make_device(), *circle], 422, "[1].parent", "circle: 'device-"
    yield [first | {"colour": "red"}], 422, "[0].colour", "Extra inputs"
    yield [first | {"parent_id": 1}], 422, "[0].parent_id", "Extra inputs"
    yield [first, second | {"ip_address": "300.1.1.1"}], 422, "[1].ip_address", "neither"
    yield [first | {"driver": "smoke"}], 422, "[0].driver", "there is no driver"
    yield [first | {"driver_options": {"seed": "x"}}], 422, "[0].driver_options", "seed"
    yield [{"mac_address": first["mac_address"]}], 422, "[0].host_name", "Field required"
    yield [{"host_name": "a"}], 422, "[0].ip_address", "Field required"
    yield [{"ip_address": "10.0.0.1"}], 422, "[0]", "a device needs a host_name, or a mac_address"
    yield (
        [first | {"driver": NAME, "driver_options": {"token": MASK}}],
        422,
        "[0].driver_options",
        "stands for a stored",
    )


@pytest.mark.parametrize(("entries", "status", "location", "word"), [*bad_fleets()])
async def test_a_fleet_that_is_wrong_changes_nothing_and_is_told_where(
    network: httpx.AsyncClient, entries: list[dict[str, Any]], status: int, location: str, word: str
) -> None:
    answer = await network.put("/devices/", json=entries)
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["location"], word in error["detail"]) == (status, location, True)
    assert await inventory(network) == []


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"[", b"[1]"])
async def test_what_is_no_list_of_devices_is_refused(network: httpx.AsyncClient, body: bytes) -> None:
    answer = await network.put("/devices/", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


async def test_a_circle_through_devices_outside_the_fleet_is_found(network: httpx.AsyncClient) -> None:
    top, middle, leaf = (make_device() for _ in range(3))
    await put(network, [top, middle | {"parent": top["host_name"]}, leaf | {"parent": middle["host_name"]}])
    answer = await network.put("/devices/", json=[top | {"parent": leaf["host_name"]}])
    assert (answer.status_code, "circle" in answer.text) == (422, True)


async def test_secrets_stay_unless_they_are_given(network: httpx.AsyncClient, engine: AsyncEngine) -> None:
    device = make_device(driver=NAME)
    options = {"url": "u", "token": "first", "headers": {"A": "a", "B": "b"}}
    await put(network, [device | {"driver_options": options}])
    stored = await tokens(engine)
    for again in ({"url": "u"}, {"url": "u", "headers": {}}, {"url": "u", "token": MASK}, options):
        assert counts(await put(network, [device | {"driver_options": again}])) == (0, 0, 0, 1)
    assert await tokens(engine) == stored
    changed = {"url": "u", "token": "second", "headers": {"A": None}}
    (told,) = (await put(network, [device | {"driver_options": changed}]))["changed"]
    assert [(one["field"], one["before"], one["after"]) for one in told["changes"]] == [
        ("driver_options.token", MASK, MASK),
        ("driver_options.headers", {"A": MASK, "B": MASK}, {"B": MASK}),
    ]
    assert (await tokens(engine)).keys() == {"/token", "/headers/B"}


async def tokens(engine: AsyncEngine) -> dict[str, str]:
    async with engine.connect() as connection:
        found: dict[str, str] = await connection.scalar(text("SELECT secrets FROM network.device"))
        return found


async def test_secrets_that_cannot_be_read_stay_too(settings: Settings, engine: AsyncEngine) -> None:
    device = make_device(driver=NAME, driver_options={"url": "u", "token": "first"})
    async with run_network(settings) as network:
        await put(network, [device])
    before = await tokens(engine)
    async with run_network(with_key(settings)) as network:
        assert counts(await put(network, [device | {"driver_options": {"url": "u"}}])) == (0, 0, 0, 1)
    assert await tokens(engine) == before
