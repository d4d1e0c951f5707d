"""The life of one websocket, the same for both protocols: what waits is sent, what comes in is answered."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from fastapi import WebSocket, WebSocketDisconnect

from dashnet.database import is_unreachable
from dashnet.settings import Settings
from dashnet.tasks import cancel_and_wait
from services.app.close_codes import CloseCode
from services.app.hub import Hub, StateDue, Subscriber
from services.app.websocket_protocol import find_drop

logger = logging.getLogger(__name__)

LARGEST_MESSAGE_BYTES = 64 * 1024
FIRST_STATE_SECONDS = 10

MakeState = Callable[[], Awaitable[str]]
FollowMessage = Callable[[str | None], Awaitable[None]]


async def serve_subscriber(
    websocket: WebSocket,
    subscriber: Subscriber,
    hub: Hub,
    settings: Settings,
    *,
    make_state: MakeState,
    follow_message: FollowMessage,
) -> None:
    """Serve an accepted websocket until either side ends it. `follow_message` gets each text, None for binary."""
    try:
        async with asyncio.timeout(FIRST_STATE_SECONDS):
            await hub.wait_loaded()
    except TimeoutError:
        await websocket.close(CloseCode.TRY_AGAIN_LATER, "no state yet: Redis or Postgres is out of reach")
        return
    hub.add(subscriber)
    logger.debug("subscriber joined path=%s count=%d", websocket.url.path, hub.subscriber_count)
    sending = asyncio.create_task(_send_all(websocket, subscriber, make_state, settings.subscriber_stall_seconds))
    receiving = asyncio.create_task(_receive_all(websocket, follow_message))
    try:
        done, _ = await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except WebSocketDisconnect:
        pass
    finally:
        hub.remove(subscriber)
        await cancel_and_wait(sending)
        await cancel_and_wait(receiving)
        logger.debug("subscriber left path=%s count=%d", websocket.url.path, hub.subscriber_count)


async def _send_all(websocket: WebSocket, subscriber: Subscriber, make_state: MakeState, stall_seconds: float) -> None:
    while True:
        taken = await subscriber.take()
        try:
            message = await make_state() if isinstance(taken, StateDue) else taken
        except Exception as error:
            if not is_unreachable(error):
                raise
            logger.warning("no state can be made, subscriber is asked to come back error=%s", error)
            await websocket.close(CloseCode.TRY_AGAIN_LATER, "no state at hand: Postgres is out of reach")
            return
        try:
            async with asyncio.timeout(stall_seconds):
                await websocket.send_text(message)
        except TimeoutError:
            logger.info("subscriber dropped, it takes nothing seconds=%g", stall_seconds)
            await _drop(websocket)
            return


async def _drop(websocket: WebSocket) -> None:
    drop = find_drop(websocket.scope)
    if drop is not None:
        drop(CloseCode.TOO_SLOW, "nothing was taken for too long")
        return
    with contextlib.suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(1):
            await websocket.close(CloseCode.TOO_SLOW, "nothing was taken for too long")


async def _receive_all(websocket: WebSocket, follow_message: FollowMessage) -> None:
    while True:
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            return
        text: str | None = event.get("text")
        size = len(text.encode("utf-8", "surrogatepass")) if text is not None else len(event.get("bytes") or b"")
        if size > LARGEST_MESSAGE_BYTES:
            await websocket.close(CloseCode.MESSAGE_TOO_BIG, "a message may have 64 KiB")
            return
        await follow_message(text)
