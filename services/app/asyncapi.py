"""The contract of both websockets as an AsyncAPI 3 document, made from the types that client and tests use."""

from typing import Any

import orjson
from fastapi import APIRouter, Response
from pydantic import TypeAdapter

from dashnet import __version__
from dashnet.messages import (
    ControlMessage,
    Device2020,
    ErrorMessage,
    InventoryMessage,
    ResumedMessage,
    SnapshotsMessage,
    StateMessage,
    SubscribeMessage,
)
from services.app.close_codes import CloseCode

router = APIRouter()

_SENT: dict[str, Any] = {
    "state": StateMessage,
    "snapshots": SnapshotsMessage,
    "inventory": InventoryMessage,
    "resumed": ResumedMessage,
    "error": ErrorMessage,
}
_TAKEN: dict[str, Any] = {"subscribe": SubscribeMessage, "control": ControlMessage}
_OF_2020: dict[str, Any] = {"network": list[Device2020]}
# The words of `subscribe` and where a client left off, as the query of /live takes them.
_QUERY = {
    "epoch": ("string", "Where you left off, with `seq`: answered by `resumed` where nothing was lost"),
    "seq": ("integer", "See `epoch`"),
    "device_ids": ("string", "Begin with this view instead of all devices: ids, parted by commas"),
    "tags": ("string", "May be repeated: devices with one of these tags"),
    "device_types": ("string", "May be repeated: devices of one of these types"),
    "state": ("string", "Devices in this state: up, down or unknown"),
    "search": ("string", "Devices with this text in a name, type, system, address or tag, in any case"),
    "interfaces": ("boolean", "true: with the interfaces of the devices that `device_ids` names, 100 at the most"),
}


@router.get("/api/asyncapi.json", tags=["operations"], response_class=Response)
async def read_asyncapi() -> Response:
    """The contract of the websockets `/live` and `/`, as an AsyncAPI 3 document."""
    return Response(orjson.dumps(make_document()), media_type="application/json")


def make_document() -> dict[str, Any]:
    """The whole document."""
    schemas, definitions = _make_schemas({**_SENT, **_TAKEN, **_OF_2020})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dashnet live feeds",
            "version": __version__,
            "description": "Text messages, JSON, in UTC. docs/protocol.md tells the same in words.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": _make_channel("/live", "State once, then only what changes.", [*_SENT, *_TAKEN], _QUERY),
            "network": _make_channel(
                "/",
                "The protocol of 2020: one array of everything after every change.",
                ["network", "error", "control"],
            ),
        },
        "operations": {
            "tellLive": _make_operation("send", "live", [*_SENT]),
            "followLive": _make_operation("receive", "live", [*_TAKEN]),
            "tellNetwork": _make_operation("send", "network", ["network", "error"]),
            "followNetwork": _make_operation("receive", "network", ["control"]),
        },
        "components": {
            "messages": {name: _make_message(name, schema) for name, schema in schemas.items()},
            "schemas": definitions,
        },
    }


def _make_schemas(types: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema per message, and what they refer to."""
    adapters = [(name, "validation", TypeAdapter(one)) for name, one in types.items()]
    schemas, referred = TypeAdapter.json_schemas(
        adapters,  # type: ignore[arg-type]  # pydantic wants its literal, not a str
        ref_template="#/components/schemas/{model}",
    )
    definitions: dict[str, Any] = referred["$defs"]
    return {name: schema for (name, _), schema in schemas.items()}, definitions


def _make_message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "contentType": "application/json", "payload": schema}


def _make_channel(
    address: str, description: str, messages: list[str], query: dict[str, tuple[str, str]] | None = None
) -> dict[str, Any]:
    channel: dict[str, Any] = {
        "address": address,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "x-close-codes": [
            {"code": code.value, "when": code.meaning, "may_reconnect": code.may_reconnect} for code in CloseCode
        ],
    }
    if query:
        properties = {name: {"type": kind, "description": told} for name, (kind, told) in query.items()}
        channel["bindings"] = {"ws": {"query": {"type": "object", "properties": properties}}}
    return channel


def _make_operation(action: str, channel: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }
