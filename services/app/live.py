"""Websocket `/live`: state once, then only what changes."""

from typing import Any

from fastapi import APIRouter, WebSocket

from services.app.control import Refusal, follow_control, parse_message
from services.app.dependencies import CurrentHub, CurrentSettings, RedisClient
from services.app.hub import Subscriber
from services.app.subscription import serve_subscriber

MOST_DEVICE_IDS = 10_000

router = APIRouter()


@router.websocket("/live")
async def follow_live(websocket: WebSocket, hub: CurrentHub, settings: CurrentSettings, redis: RedisClient) -> None:
    """One subscriber of /live, from its handshake to its end."""
    subscriber = Subscriber(settings.subscriber_backlog_bytes, takes_publications=True)

    async def make_state() -> str:
        return hub.encode_state(subscriber.device_ids)

    async def follow_message(text: str | None) -> None:
        message = parse_message(text)
        refusal: Refusal | None = None
        if isinstance(message, Refusal):
            refusal = message
        elif "socket_type" in message:
            refusal = await follow_control(message, websocket, settings, redis)
        elif message.get("type") == "subscribe":
            refusal = _subscribe(subscriber, message)
        else:
            refusal = Refusal("unknown_type", "send a subscribe message or a control message (docs/protocol.md)")
        if refusal is not None:
            subscriber.answer(refusal.to_message())

    await websocket.accept()
    await serve_subscriber(websocket, subscriber, hub, settings, make_state=make_state, follow_message=follow_message)


def _subscribe(subscriber: Subscriber, message: dict[str, Any]) -> Refusal | None:
    """Follow a `subscribe` message: the subscriber sees these devices from now on, beginning with a state."""
    unknown = sorted(set(message) - {"type", "device_ids"})
    if unknown or "device_ids" not in message:
        detail = f"unknown field {unknown[0]!r}" if unknown else "device_ids is missing"
        return Refusal("bad_message", f"{detail}; subscribe takes device_ids, a list of ids or null for all")
    wanted = message["device_ids"]
    if wanted is None:
        subscriber.device_ids = None
    elif not isinstance(wanted, list) or not all(type(one) is int for one in wanted):
        return Refusal("bad_message", "device_ids must be a list of whole numbers, or null for all devices")
    elif len(wanted) > MOST_DEVICE_IDS:
        return Refusal("bad_message", f"device_ids may name {MOST_DEVICE_IDS:,} devices; take null for all")
    else:
        subscriber.device_ids = frozenset(wanted)
    subscriber.ask_for_state()
    return None
