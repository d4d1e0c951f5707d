"""The protocol of 2020, to the letter: on connect and after every change one array of everything."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Response, WebSocket
from fastapi.responses import StreamingResponse

from dashnet.problems import problem_responses
from services.app.control import Asker, Refusal, parse_message
from services.app.dependencies import CurrentControl, CurrentFullState, CurrentHub, CurrentSettings
from services.app.subscriber import Subscriber
from services.app.subscription import serve_subscriber

router = APIRouter()


@router.websocket("/")
async def follow_full_state(
    websocket: WebSocket, hub: CurrentHub, settings: CurrentSettings, control: CurrentControl
) -> None:
    """One subscriber of the 2020 protocol, from its handshake on."""
    asker = Asker.of(websocket, settings)

    async def follow_message(received: str | bytes, _: Subscriber | None) -> Refusal | None:
        message = parse_message(received)
        if isinstance(message, Refusal):
            return message
        if "socket_type" in message:
            return await control.follow(message, asker)
        return Refusal("unknown_type", "this websocket takes control messages only (docs/protocol.md)")

    await websocket.accept()
    await serve_subscriber(websocket, hub, None, None, follow_message)


@router.get("/api/network", tags=["devices"], responses=problem_responses(503))
async def read_network(full_state: CurrentFullState) -> Response:
    """The array of 2020: every device with its snapshots since the last clean, oldest first."""
    pieces = full_state.stream()
    # Taken before the answer begins, so that a fault can still be told by its status.
    first = await anext(pieces)
    return StreamingResponse(_chain(first, pieces), media_type="application/json")


async def _chain(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
