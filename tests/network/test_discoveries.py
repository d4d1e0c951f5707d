"""Discoveries through the API: begun, followed, ended, bounded, shared by replicas, broken off with their process."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from dashnet.channels import discovery_slot_key
from dashnet.settings import Settings
from services.network.demo_agents.main import run_agents
from services.network.discovery import runs
from services.network.discovery.models import MOST_CREDENTIALS
from services.network.discovery.shelf import MOST_KEPT, MOST_RUNNING
from tests.conftest import run_network
from tests.factories import make_device
from tests.gate import Gate
from tests.network.discovery.runs import LONG, begin, until_ended
from tests.ports import free_port, free_udp_port
from tests.processes import environment_of, run_process
from tests.servers import eventually

FIRST_READING = "first reading: rates come with the next one"

SECRET = "geheim-community"
SHORT = "127.0.0.2/32"


@pytest.fixture
async def agents() -> AsyncIterator[int]:
    """The port of agents at 127.0.0.2 to 127.0.0.4, which want a secret community."""
    port = free_udp_port()
    async with run_agents(3, port, SECRET, 2020):
        yield port


async def until_found(client: httpx.AsyncClient, discovery_id: str) -> None:
    """Wait until something is found."""

    async def look() -> int:
        shown = (await client.get(f"/discoveries/{discovery_id}")).json()
        return int(shown["found_count"])

    await eventually(look)


async def test_a_discovery_tells_what_it_finds_and_adds_nothing(network: httpx.AsyncClient, agents: int) -> None:
    begun = await begin(network, network="127.0.0.0/29", credentials=[{"community": SECRET, "port": agents}])
    assert (begun["network"], begun["address_count"], begun["outcome"]) == ("127.0.0.0/29", 6, None)
    ended = await until_ended(network, begun["id"])
    assert (ended["outcome"], ended["progress"], ended["found_count"]) == ("done", 1.0, 6)
    assert [one["address"] for one in ended["found"]] == [f"127.0.0.{number}" for number in range(1, 7)]
    assert [one["system_name"] for one in ended["found"][1:4]] == ["demo-router-1", "demo-switch-2", "demo-server-3"]
    assert (await network.get("/devices/?read=false")).json() == []


async def test_a_proposal_with_its_secret_is_a_device_that_can_be_added_and_is_known_then(
    network: httpx.AsyncClient, agents: int
) -> None:
    credentials = {"community": SECRET, "port": agents}
    begun = await begin(network, network="127.0.0.2/31", credentials=[credentials])
    found = (await until_ended(network, begun["id"]))["found"]
    proposals = [one["proposal"] for one in found]
    for proposal in proposals:
        proposal["driver_options"]["community"] = SECRET
    added = (await network.put("/devices/", json=proposals)).json()
    assert [one["host_name"] for one in added["created"]] == ["demo-router-1", "demo-switch-2"]
    devices = (await network.get("/devices/")).json()
    assert [(one["state"], one["error"]) for one in devices] == [("up", FIRST_READING)] * 2
    assert devices[1]["parent_id"] == devices[0]["id"]
    again = await until_ended(network, (await begin(network, network="127.0.0.2/31"))["id"])
    assert [one["known_device_id"] for one in again["found"]] == [one["id"] for one in devices]


async def test_no_credential_is_answered_logged_or_kept(
    network: httpx.AsyncClient, redis: Redis, agents: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    user = {"version": "3", "user": "me", "auth_key": "geheim-auth", "priv_key": "geheim-priv", "port": agents}
    credentials = [{"community": "geheim-wrong", "port": agents}, user, {"community": SECRET, "port": agents}]
    begun = await begin(network, network=SHORT, credentials=credentials)
    said = [await network.get(f"/discoveries/{begun['id']}"), await network.get("/discoveries/")]
    ended = await until_ended(network, begun["id"])
    assert [one["credential"] for one in ended["found"]] == [2]
    kept = [await redis.dump(key) for key in await redis.keys("*")]
    refused = await network.post("/discoveries/", json={"network": "x", "credentials": [{"community": ["geheim-7"]}]})
    texts = [str(begun), str(ended), *(one.text for one in said), str(kept), refused.text, caplog.text]
    assert [text for text in texts if "geheim" in text] == []


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"network": "127.0.0.0/16"}, "network: 127.0.0.0/16 has 65,536 addresses, and a discovery looks at 4,096"),
        ({"network": "127.0.0.5/24"}, "network: 127.0.0.5/24 is an address within a network: say 127.0.0.0/24"),
        ({"network": "224.0.0.0/24"}, "is multicast: groups, not devices"),
        ({}, "network: Field required"),
        ({"network": SHORT, "packets_per_second": 100_000}, "packets_per_second: "),
        ({"network": SHORT, "credentials": [{"community": "x"}] * (MOST_CREDENTIALS + 1)}, "credentials: "),
        ({"network": SHORT, "credentials": [{}]}, "credentials[0]: version 2c needs a community"),
        (
            {"network": SHORT, "credentials": [{"version": "3", "user": "me", "priv_key": "long enough"}]},
            "needs an auth_key",
        ),
        ({"network": SHORT, "tcp_ports": [0]}, "tcp_ports[0]: "),
        ({"network": SHORT, "colour": "blue"}, "colour: "),
    ],
)
async def test_what_cannot_be_done_is_refused_with_the_field(
    network: httpx.AsyncClient, asked: dict[str, Any], told: str
) -> None:
    answer = await network.post("/discoveries/", json=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert told in answer.json()["detail"]
    assert (await network.get("/discoveries/")).json() == []


async def test_one_that_is_ended_stops_and_keeps_what_it_has_found_until_it_is_forgotten(
    network: httpx.AsyncClient,
) -> None:
    begun = await begin(network, **LONG)
    await until_found(network, begun["id"])
    assert (await network.delete(f"/discoveries/{begun['id']}")).status_code == 204
    ended = await until_ended(network, begun["id"])
    assert (ended["outcome"], 0 < ended["progress"] < 1) == ("cancelled", True)
    assert len(ended["found"]) == ended["found_count"] > 0
    assert ended["finished_at"] is not None
    assert (await network.delete(f"/discoveries/{begun['id']}")).status_code == 204
    assert (await network.get(f"/discoveries/{begun['id']}")).status_code == 404
    assert (await network.get("/discoveries/")).json() == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_one_that_is_not_there_is_404_and_says_how_long_they_are_kept(
    network: httpx.AsyncClient, method: str
) -> None:
    answer = await network.request(method, f"/discoveries/{'0' * 16}")
    assert (answer.status_code, "kept for an hour" in answer.json()["detail"]) == (404, True)


async def test_no_more_than_two_run_at_once_whoever_runs_them_and_an_end_makes_room(
    network: httpx.AsyncClient, settings: Settings
) -> None:
    other = settings.model_copy(update={"network_port": free_port()})
    async with run_network(other) as replica:
        begun = [await begin(client, **LONG) for client in (network, replica)]
        assert len(begun) == MOST_RUNNING
        refused = await replica.post("/discoveries/", json=LONG)
        assert (refused.status_code, "2 discoveries run already" in refused.json()["detail"]) == (409, True)
        listed = (await replica.get("/discoveries/")).json()
        assert [one["id"] for one in listed] == [one["id"] for one in reversed(begun)]
        await replica.delete(f"/discoveries/{begun[0]['id']}")
        assert (await until_ended(replica, begun[0]["id"]))["outcome"] == "cancelled"
        assert (await until_ended(network, (await begin(network, network=SHORT))["id"]))["outcome"] == "done"


async def test_the_newest_ten_are_kept_for_an_hour(network: httpx.AsyncClient, redis: Redis) -> None:
    ids = []
    for _ in range(MOST_KEPT + 2):
        ids.append((await begin(network, network=SHORT))["id"])
        await until_ended(network, ids[-1])
    listed = (await network.get("/discoveries/")).json()
    assert [one["id"] for one in listed] == ids[: -MOST_KEPT - 1 : -1]
    (key,) = [key for key in await redis.keys("*") if key.decode().endswith(f"discovery:{ids[-1]}")]
    assert 3500 < await redis.ttl(key) <= 3600
    await redis.delete(key)
    assert [one["id"] for one in (await network.get("/discoveries/")).json()] == ids[-2 : -MOST_KEPT - 1 : -1]


async def test_one_that_takes_too_long_is_ended(network: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LONGEST_SECONDS", 0.5)
    ended = await until_ended(network, (await begin(network, **LONG))["id"])
    assert (ended["outcome"], ended["error"]) == ("failed", "it took longer than 0.5 s")
    assert ended["found_count"] > 0


async def test_a_service_that_stops_breaks_off_what_it_runs(settings: Settings) -> None:
    async with run_network(settings) as client:
        begun = await begin(client, **LONG)
        await until_found(client, begun["id"])
    async with run_network(settings) as client:
        shown = (await client.get(f"/discoveries/{begun['id']}")).json()
        assert (shown["outcome"], shown["error"]) == ("broken_off", "the network service was stopped")
        await until_ended(client, (await begin(client, network=SHORT))["id"])


async def test_a_run_whose_service_is_killed_is_shown_as_broken_off(
    network: httpx.AsyncClient, settings: Settings
) -> None:
    other = settings.model_copy(update={"network_port": free_port()})
    command = ("-m", "uvicorn", "services.network.main:app", "--port", str(other.network_port))
    environment = {**environment_of(other), "DASHNET_DEMO_DEVICES": "0", "DASHNET_HOST_DEVICE": "false"}
    with run_process(command, environment) as process:
        async with httpx.AsyncClient(base_url=other.network_address) as client:

            async def is_ready() -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(is_ready, 20)
            begun = await begin(client, **LONG)
            await until_found(network, begun["id"])
            process.kill()
    shown = await until_ended(network, begun["id"])
    assert (shown["outcome"], shown["error"]) == ("broken_off", "the network service that ran it ended")
    assert len(shown["found"]) == shown["found_count"] > 0


async def test_a_run_that_lost_its_slot_ends(network: httpx.AsyncClient, settings: Settings, redis: Redis) -> None:
    """As after a pause in which others thought it dead."""
    begun = await begin(network, **LONG)
    for number in range(MOST_RUNNING):
        await redis.set(discovery_slot_key(settings, number), "another")
    assert (await until_ended(network, begun["id"]))["outcome"] == "broken_off"
    assert [await redis.get(discovery_slot_key(settings, number)) for number in range(MOST_RUNNING)] == [b"another"] * 2


async def test_a_run_rides_out_a_loss_of_redis(gated_settings: Settings, redis_gate: Gate) -> None:
    async with run_network(gated_settings) as client:
        begun = await begin(client, network="127.0.0.0/27", packets_per_second=10)
        redis_gate.shut()
        answer = await client.get(f"/discoveries/{begun['id']}")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        await redis_gate.open()
        ended = await until_ended(client, begun["id"])
    assert (ended["outcome"], ended["found_count"]) == ("done", 30)


async def test_known_devices_are_those_of_now(network: httpx.AsyncClient) -> None:
    begun = await begin(network, network=SHORT)
    assert [one["known_device_id"] for one in (await until_ended(network, begun["id"]))["found"]] == [None]
    device = (await network.post("/devices/", json=make_device(ip_address="127.0.0.2"))).json()
    shown = await until_ended(network, begun["id"])
    assert [one["known_device_id"] for one in shown["found"]] == [device["id"]]
