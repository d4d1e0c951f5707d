"""The AsyncAPI document, held against real messages of a real service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from redis.asyncio import Redis

from dashnet.publication import Kind, publish
from dashnet.settings import Settings
from services.app.asyncapi import make_document
from services.app.close_codes import CloseCode
from tests.app.conftest import RefreshOnce
from tests.factories import make_device
from tests.feeds import open_feed
from workers.context import WorkerContext
from workers.sync import sync

DOCUMENT = make_document()
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]
PROTOCOL_PAGE = Path(__file__).parent.parent.parent / "docs" / "protocol.md"


def check(name: str, message: object) -> None:
    """Raise where a message is not what the document says, an unknown field included."""
    schema = {**MESSAGES[name]["payload"], "components": forbid_more(DOCUMENT["components"])}
    jsonschema.Draft202012Validator(forbid_more(schema)).validate(message)


def forbid_more(schema: Any) -> Any:
    """The same schema where objects have no other fields than those it names."""
    if isinstance(schema, list):
        return [forbid_more(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: forbid_more(one) for name, one in schema.items()}
    return inner | {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else inner


def references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place


async def test_it_is_served(app: httpx.AsyncClient) -> None:
    served = (await app.get("/api/asyncapi.json")).json()
    assert served["asyncapi"] == "3.0.0"
    assert served == DOCUMENT


async def test_real_messages_of_live_are_what_it_says(
    settings: Settings,
    app: httpx.AsyncClient,
    network: httpx.AsyncClient,
    context: WorkerContext,
    refresh_once: RefreshOnce,
    device_ids: list[int],
) -> None:
    async with open_feed(settings, "/live?state=up") as up, open_feed(settings, "/live") as feed:
        state = await feed.next()
        check("state", state)
        check("state", await up.next())
        await refresh_once()
        first = await feed.next()
        check("snapshots", first)
        check("snapshots", await up.next())
        # Devices that were never read before have all turned.
        assert [change["device_id"] for change in first["state_changes"]] == device_ids
        await network.post("/devices/", json=make_device())
        await network.delete(f"/devices/{device_ids[0]}")
        await sync(context, 3)
        check("inventory", await feed.next())
        check("inventory", await up.next())
        for wrong in ({"type": "x"}, {"type": "subscribe", "tags": 1}, {"socket_type": "reboot"}):
            await feed.send(wrong)
            check("error", await feed.next())
        await feed.send({"type": "subscribe", "device_ids": None})
        check("state", await feed.next())
    async with open_feed(settings, f"/live?epoch={state['epoch']}&seq={state['seq']}") as feed:
        check("resumed", await feed.next())
        check("snapshots", await feed.next())


async def test_real_messages_of_2020s_websocket_are_what_it_says(
    settings: Settings, app: httpx.AsyncClient, refresh_once: RefreshOnce
) -> None:
    async with open_feed(settings, "/") as feed:
        check("network", await feed.next())
        await refresh_once()
        check("network", await feed.next())
        await feed.send({"socket_type": "reboot"})
        check("error", await feed.next())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("subscribe", {"type": "subscribe", "device_ids": [1], "tags": ["a"], "device_types": ["b"], "state": "up"}),
        ("subscribe", {"type": "subscribe", "device_ids": None, "search": "x"}),
        ("subscribe", {"type": "subscribe", "device_ids": [1], "interfaces": True}),
        ("control", {"socket_type": "refresh", "password": "x"}),
    ],
)
async def test_what_it_lets_a_client_send_is_followed(
    settings: Settings, app: httpx.AsyncClient, name: str, message: dict[str, Any]
) -> None:
    check(name, message)
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await feed.send(message)
        await feed.send({"type": "subscribe", "device_ids": None})
        assert (await feed.next())["type"] == "state"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("snapshots", {"type": "snapshots", "seq": 1}),
        ("resumed", {"type": "resumed", "seq": 1}),
        ("error", {"type": "error", "code": "other", "detail": ""}),
        ("resumed", {"type": "resumed", "epoch": "e", "seq": 1, "more": 1}),
    ],
)
def test_what_is_no_message_does_not_pass(name: str, message: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check(name, message)


async def test_a_kind_that_it_does_not_name_is_never_sent(
    settings: Settings, app: httpx.AsyncClient, redis: Redis
) -> None:
    async with open_feed(settings, "/live") as feed:
        await feed.next()
        await publish(redis, settings, Kind.RESET, {})
        check("state", await feed.next())


@pytest.mark.parametrize("code", CloseCode)
def test_the_page_tells_every_close_code_as_the_service_knows_it(code: CloseCode) -> None:
    reconnect = "yes" if code.may_reconnect else "no"
    assert f"| {code.value} | {code.meaning} | {reconnect} |" in PROTOCOL_PAGE.read_text(encoding="utf-8")
