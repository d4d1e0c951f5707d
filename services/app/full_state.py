"""The protocol of 2020, to the letter: on connect and after every change one array of everything."""

from fastapi import APIRouter, Response, WebSocket

from dashnet.problems import problem_responses
from services.app.control import Refusal, follow_control, parse_message
from services.app.dependencies import CurrentFullState, CurrentHub, CurrentSettings, RedisClient
from services.app.hub import Subscriber
from services.app.subscription import serve_subscriber

router = APIRouter()


@router.websocket("/")
async def follow_full_state(
    websocket: WebSocket, hub: CurrentHub, full_state: CurrentFullState, settings: CurrentSettings, redis: RedisClient
) -> None:
    """One subscriber of the 2020 protocol, from its handshake to its end."""
    subscriber = Subscriber(settings.subscriber_backlog_bytes, takes_publications=False)

    async def follow_message(text: str | None) -> None:
        message = parse_message(text)
        refusal: Refusal | None
        if isinstance(message, Refusal):
            refusal = message
        elif "socket_type" in message:
            refusal = await follow_control(message, websocket, settings, redis)
        else:
            refusal = Refusal("unknown_type", "this websocket takes control messages only (docs/protocol.md)")
        if refusal is not None:
            subscriber.answer(refusal.to_message())

    await websocket.accept()
    await serve_subscriber(
        websocket, subscriber, hub, settings, make_state=full_state.encode, follow_message=follow_message
    )


@router.get("/api/network", tags=["devices"], responses=problem_responses(503))
async def read_network(full_state: CurrentFullState) -> Response:
    """The array of 2020: every device with its snapshots since the last clean, oldest first."""
    return Response(await full_state.encode(), media_type="application/json")
