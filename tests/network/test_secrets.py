"""Secrets of drivers, from the request to the database and back to the driver, on a real service."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.checks.check import CheckOutcome
from dashnet.checks.secrets import check_secrets, judge_secrets
from dashnet.secret_key import make_secret_key
from dashnet.settings import Settings
from services.network.inventory_cache import InventoryCache
from services.network.secret_keys import read_secret_keys
from tests.conftest import run_network
from tests.factories import make_device
from tests.network.secret_driver import NAME, SecretiveOptions, secretive_driver, with_key

MASK = "*" * 10
SECRETS = ("community-7", "token-7", "password-7", "header-7")
OPTIONS = {
    "url": "u",
    "community": SECRETS[0],
    "token": SECRETS[1],
    "login": {"user": "me", "password": SECRETS[2]},
    "headers": {"Authorization": SECRETS[3]},
}
SHOWN = {
    "url": "u",
    "community": MASK,
    "token": MASK,
    "login": {"user": "me", "password": MASK},
    "headers": {"Authorization": MASK},
}

REST = {"url": "u", "login": {"user": "me"}}


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    """The driver is there."""
    with secretive_driver():
        yield


@pytest.fixture
def keyless(settings: Settings) -> Settings:
    """Settings without a key."""
    return settings.model_copy(update={"secret_key": None})


async def add(network: httpx.AsyncClient, **options: object) -> dict[str, Any]:
    answer = await network.post("/devices/", json=make_device(driver=NAME, driver_options=OPTIONS | options))
    assert answer.status_code == 201
    device: dict[str, Any] = answer.json()
    return device


async def opened(engine: AsyncEngine, settings: Settings, device_id: int) -> SecretiveOptions:
    """The options as the driver of a service with these settings gets them."""
    inventory = await InventoryCache(engine, read_secret_keys(settings)).current()
    options = inventory.targets[device_id].options
    assert isinstance(options, SecretiveOptions)
    return options


def secrets_of(options: SecretiveOptions) -> tuple[str, ...]:
    assert options.token is not None
    assert options.login is not None
    assert options.login.password is not None
    hidden = (options.community, options.token, options.login.password, *options.headers.values())
    return tuple(secret.get_secret_value() for secret in hidden)


async def test_a_secret_reaches_the_driver_and_no_answer(
    network: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    device = await add(network)
    assert device["driver_options"] == SHOWN
    answers = [
        await network.get("/devices/", params={"read": False}),
        await network.get("/inventory/changes"),
        await network.patch(f"/devices/{device['id']}", json={"host_name": "new"}),
    ]
    assert [secret for answer in answers for secret in SECRETS if secret in answer.text] == []
    assert answers[1].json()["changed"][0].keys() == device.keys()
    assert secrets_of(await opened(engine, settings, device["id"])) == SECRETS


async def test_no_table_and_no_key_of_redis_holds_a_secret_in_clear(
    network: httpx.AsyncClient, engine: AsyncEngine, redis: Redis
) -> None:
    await add(network)
    async with engine.connect() as connection:
        stored = str((await connection.execute(text("SELECT row_to_json(device) FROM network.device"))).all())
    held = str([await redis.dump(key) for key in await redis.keys("*")])
    assert [secret for secret in SECRETS if secret in stored + held] == []
    assert "gAAAA" in stored


@pytest.mark.parametrize(
    "body",
    [
        {"driver_options": OPTIONS | {"token": "token-7 has a space"}},
        {"driver_options": OPTIONS | {"login": SECRETS[2]}},
        {"driver_options": OPTIONS | {"colour": "red"}},
        {"driver_options": OPTIONS, "colour": "red"},
        {"driver_options": OPTIONS, "mac_address": "no address"},
        {"driver_options": OPTIONS, "parent_id": 999},
    ],
)
async def test_no_error_and_no_log_tells_a_secret(
    network: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, body: dict[str, Any]
) -> None:
    device = await add(network)
    with caplog.at_level(logging.DEBUG):
        answers = [
            await network.post("/devices/", json=make_device(driver=NAME) | body),
            await network.patch(f"/devices/{device['id']}", json=body),
        ]
    assert [answer.status_code for answer in answers] == [422, 422]
    told = "".join(answer.text for answer in answers) + caplog.text
    assert [secret for secret in SECRETS if secret in told] == []


@pytest.mark.parametrize("options", [{}, {"token": MASK, "headers": {}}, SHOWN])
async def test_what_is_sent_back_masked_or_left_out_stays(
    network: httpx.AsyncClient, engine: AsyncEngine, settings: Settings, options: dict[str, Any]
) -> None:
    device = await add(network)
    changed = (await network.patch(f"/devices/{device['id']}", json={"driver_options": REST | options})).json()
    assert changed["driver_options"] == SHOWN
    assert secrets_of(await opened(engine, settings, device["id"])) == SECRETS


async def test_null_removes_a_secret_and_another_value_replaces_it(
    network: httpx.AsyncClient, engine: AsyncEngine, settings: Settings
) -> None:
    device = await add(network)
    options = {"community": None, "token": "other", "headers": {"Authorization": None, "Second": "two"}}
    changed = (await network.patch(f"/devices/{device['id']}", json={"driver_options": options})).json()
    assert changed["driver_options"] == {"token": MASK, "headers": {"Second": MASK}}
    read = await opened(engine, settings, device["id"])
    assert read.community.get_secret_value() == "public"
    assert read.headers["Second"].get_secret_value() == "two"


async def test_the_mask_of_a_secret_that_is_not_stored_is_refused(network: httpx.AsyncClient) -> None:
    answer = await network.post("/devices/", json=make_device(driver=NAME, driver_options={"token": MASK}))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"] == f"token: {MASK} stands for a stored secret, and there is none"


async def test_another_driver_gets_none_of_the_secrets(network: httpx.AsyncClient, engine: AsyncEngine) -> None:
    device = await add(network)
    body = {"driver": "simulated", "driver_options": {}}
    assert (await network.patch(f"/devices/{device['id']}", json=body)).json()["driver_options"] == {}
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT secrets::text FROM network.device")) == "{}"


async def test_without_a_key_a_secret_is_refused_and_all_else_works(keyless: Settings) -> None:
    async with run_network(keyless) as network:
        refused = await network.post("/devices/", json=make_device(driver=NAME, driver_options=OPTIONS))
        taken = await network.post("/devices/", json=make_device(driver=NAME))
    assert (refused.status_code, taken.status_code) == (503, 201)
    assert "dashnet secrets new-key" in refused.json()["detail"]
    assert [secret for secret in SECRETS if secret in refused.text] == []


async def test_a_lost_key_makes_the_device_unknown_and_loses_nothing(settings: Settings, engine: AsyncEngine) -> None:
    other = with_key(settings)
    async with run_network(settings) as network:
        device = await add(network)
    async with run_network(other) as network:
        (read,) = (await network.get("/devices/")).json()
        edited = await network.patch(f"/devices/{device['id']}", json={"host_name": "new"})
        check = await check_secrets(other)
    assert (read["state"], read["active_connection"]) == ("unknown", None)
    assert "encrypted with another key than that of DASHNET_SECRET_KEY" in read["error"]
    assert edited.json()["host_name"] == "new"
    assert check.outcome is CheckOutcome.PROBLEM
    assert f"4 of 4 cannot be read (encrypted with another key): devices {device['id']}" in check.detail
    assert secrets_of(await opened(engine, settings, device["id"])) == SECRETS


async def test_a_device_with_a_lost_key_hinders_no_other(settings: Settings, keyless: Settings) -> None:
    async with run_network(settings) as network:
        await add(network)
        await network.post("/devices/", json=make_device())
    async with run_network(keyless) as network:
        states = [device["state"] for device in (await network.get("/devices/")).json()]
        past = await network.get("/readings/", params={"from": "2026-11-23T20:00Z", "to": "2026-11-23T20:01Z"})
        simulated = (await network.get("/devices/", params={"at": "2026-11-23T20:00Z"})).json()
    assert states[0] == "unknown"
    assert states[1] in ("up", "down")
    assert len(past.json()["device_ids"]) == len(simulated) == 1


async def test_rotation_leaves_all_with_the_first_key(settings: Settings, engine: AsyncEngine) -> None:
    old, new = make_secret_key(), make_secret_key()
    async with run_network(with_key(settings, old)) as network:
        device = await add(network)
    async with run_network(with_key(settings, new, old)) as network:
        before = (await network.get("/secrets/")).json()
        rotations = [(await network.post("/secrets/rotations")).json() for _ in range(2)]
        await add(network)
    assert (before["outdated"], before["unreadable"], before["fault"]) == (4, 0, None)
    assert [rotation["rotated"] for rotation in rotations] == [4, 0]
    assert secrets_of(await opened(engine, with_key(settings, new), device["id"])) == SECRETS


async def test_rotation_leaves_what_it_cannot_read_and_is_refused_without_a_key(
    settings: Settings, keyless: Settings
) -> None:
    async with run_network(with_key(settings)) as network:
        await add(network)
    async with run_network(with_key(settings)) as network:
        assert (await network.post("/secrets/rotations")).json() == {"rotated": 0, "unreadable": 4}
    async with run_network(keyless) as network:
        assert (await network.post("/secrets/rotations")).status_code == 503
        assert (await network.get("/secrets/")).json()["fault"].startswith("no secret key is set")


@pytest.mark.parametrize(
    ("summary", "outcome", "words"),
    [
        ({}, CheckOutcome.OK, "3 stored, all can be read"),
        ({"outdated": 2}, CheckOutcome.NOTE, "2 of 3 wait for: dashnet secrets rotate"),
        ({"stored": 0, "fault": "no key"}, CheckOutcome.NOTE, "none is stored, and none can be: no key"),
        (
            {"unreadable": 1, "unreadable_device_ids": [*range(1, 8)]},
            CheckOutcome.PROBLEM,
            "1, 2, 3, 4, 5, ...",
        ),
    ],
)
def test_the_doctor_tells_how_the_secrets_stand(summary: dict[str, Any], outcome: CheckOutcome, words: str) -> None:
    usual = {"stored": 3, "unreadable": 0, "outdated": 0, "unreadable_device_ids": [], "fault": None}
    check = judge_secrets(json.loads(json.dumps(usual | summary)))
    assert (check.outcome, words in check.detail) == (outcome, True)
