"""Websocket `/live`: state once, then only what changes."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, WebSocket
from starlette.datastructures import QueryParams

from dashnet.publication import Position
from services.app.close_codes import CloseCode
from services.app.control import Asker, Refusal, parse_message
from services.app.dependencies import CurrentControl, CurrentHub, CurrentSettings
from services.app.hub import Hub
from services.app.subscriber import Subscriber
from services.app.subscription import serve_subscriber
from services.app.views import MOST_NAMED_IDS, VIEW_FIELDS, View, parse_view

router = APIRouter()

_TOO_MANY = Refusal(
    "too_many_views",
    f"the views of all subscribers may name {MOST_NAMED_IDS:,} devices together; take null for all devices, or a tag",
)


@router.websocket("/live")
async def follow_live(
    websocket: WebSocket, hub: CurrentHub, settings: CurrentSettings, control: CurrentControl
) -> None:
    """One subscriber of /live, from its handshake on."""
    asker = Asker.of(websocket, settings)

    async def follow_message(received: str | bytes, subscriber: Subscriber | None) -> Refusal | None:
        message = parse_message(received)
        if isinstance(message, Refusal):
            return message
        if "socket_type" in message:
            return await control.follow(message, asker)
        if message.get("type") == "subscribe":
            return None if subscriber is None else _subscribe(hub, subscriber, message)
        return Refusal("unknown_type", "send a subscribe message or a control message (docs/protocol.md)")

    await websocket.accept()
    try:
        view = parse_query(websocket.query_params)
    except ValueError as error:
        await websocket.send_text(Refusal("bad_message", f"in the address: {error}").to_message().decode())
        await websocket.close(CloseCode.BAD_ADDRESS, "the address asks for no view that there is")
        return
    if not hub.has_room_for(view):
        await websocket.send_text(_TOO_MANY.to_message().decode())
        await websocket.close(CloseCode.TRY_AGAIN_LATER, "views name too many devices")
        return
    await serve_subscriber(websocket, hub, view, parse_position(websocket.query_params), follow_message)


def parse_position(query: Mapping[str, str]) -> Position | None:
    """Where the client left off; None where it does not say so, or nothing that could be."""
    epoch, seq = query.get("epoch", ""), query.get("seq", "")
    return Position(epoch, int(seq)) if epoch and seq.isascii() and seq.isdigit() and len(seq) < 20 else None


def parse_query(query: QueryParams) -> View:
    """The view that the address asks for, in the words of `subscribe`.

    A list is given by repeating its name (`tags=lab&tags=core`); ids may also be parted by commas. `tags=` is the empty
    list, which nothing fits.

    Raises:
        ValueError: a field does not fit.
    """
    wanted: dict[str, Any] = {name: query[name] for name in ("state", "search") if query.get(name)}
    words = {name: query.getlist(name) for name in ("tags", "device_types") if name in query}
    wanted |= {name: [word for word in listed if word] for name, listed in words.items()}
    if given := query.get("interfaces"):
        wanted["interfaces"] = {"true": True, "false": False}.get(given, given)
    if "device_ids" in query:
        ids = [one.strip() for part in query.getlist("device_ids") for one in part.split(",") if one.strip()]
        wanted["device_ids"] = [int(one) if one.isdecimal() and len(one) < 20 else one for one in ids]
    return parse_view(wanted)


def _subscribe(hub: Hub, subscriber: Subscriber, message: dict[str, Any]) -> Refusal | None:
    """Follow a `subscribe` message: the subscriber sees this view from now on, beginning with a state."""
    unknown = sorted(set(message) - {"type", *VIEW_FIELDS})
    if unknown or len(message) == 1:
        detail = f"unknown field {unknown[0]!r}" if unknown else "it names no field"
        return Refusal(
            "bad_message", f"{detail}; subscribe takes {', '.join(VIEW_FIELDS)}; device_ids null is all devices"
        )
    try:
        view = parse_view(message)
    except ValueError as error:
        return Refusal("bad_message", str(error))
    if not hub.has_room_for(view):
        return _TOO_MANY
    hub.change_view(subscriber, view)
    return None
