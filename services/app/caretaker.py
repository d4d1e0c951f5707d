"""Looks after subscribers: makes the states that are due, and closes who stalls. Owned by the service's lifespan."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from dashnet.database import is_unreachable
from services.app.audience import Turns, compress
from services.app.close_codes import CloseCode
from services.app.due import Due
from services.app.hub import Hub
from services.app.message import Message
from services.app.subscriber import Subscriber
from services.app.views import View

logger = logging.getLogger(__name__)

LOOKS_PER_STALL = 10
LEAST_SHARE = 16


class Caretaker:
    """`encode_full_state` makes the array of 2020; it may raise what tells that Postgres is out of reach.

    A subscriber stalls when its connection is full and takes less than the LEAST_SHARE-th part of the hub's bound in
    `stall_seconds`. So a slow line has the time that it needs for a large state, but a state of n times the bound is
    held for LEAST_SHARE times n times `stall_seconds` at the most.
    """

    def __init__(self, hub: Hub, encode_full_state: Callable[[], Awaitable[Message]], stall_seconds: float) -> None:
        self._hub = hub
        self._encode_full_state = encode_full_state
        self._stall_seconds = stall_seconds
        self.slow_closes = 0

    async def make_states(self, due: Due) -> None:
        """Make each state once for all who are due the same, until cancelled."""
        turns = Turns()
        while True:
            for view, subscribers in (await due.take()).items():
                position = self._hub.position
                if position is None:
                    continue  # the panel's arrival asks for all states anew
                # Whoever changed its view while others' states were made is due again, under that one.
                begun = [one for one in subscribers if one.view == view and one.begin_state(position.seq)]
                if not begun:
                    continue
                try:
                    await self._send_state(view, begun, turns)
                except Exception as error:
                    _send_away(begun, error)
                if turns.is_up(1):
                    await turns.pass_on()

    async def _send_state(self, view: View | None, subscribers: Sequence[Subscriber], turns: Turns) -> None:
        # Of /live: made before the first await, so that it holds all up to the seq that was just begun with.
        message = self._hub.encode_state(view) if view is not None else await self._encode_full_state()
        await compress(message, {subscriber.connection.window_bits for subscriber in subscribers})
        for subscriber in subscribers:
            subscriber.finish_state(message, view)
            if turns.is_up(1):
                await turns.pass_on()

    async def close_stalled(self) -> None:
        """Look again and again at those whose connection is full, until cancelled."""
        slow, least_bytes = self._hub.slow, self._hub.backlog_limit // LEAST_SHARE
        while True:
            await asyncio.sleep(self._stall_seconds / LOOKS_PER_STALL)
            now = asyncio.get_running_loop().time()
            for one in slow.find_stalled(now, self._stall_seconds, least_bytes):
                self.slow_closes += 1
                slow.discard(one.subscriber)
                logger.info(
                    "subscriber dropped, it takes too little seconds=%.1f bytes=%d", one.seconds, one.waiting_bytes
                )
                one.subscriber.connection.end(CloseCode.TOO_SLOW, "nothing was taken for too long")


def _send_away(subscribers: Sequence[Subscriber], error: Exception) -> None:
    if is_unreachable(error):
        logger.warning("no state can be made, subscribers are asked to come back error=%s", error)
        code, reason = CloseCode.TRY_AGAIN_LATER, "no state at hand: Postgres is out of reach"
    else:
        logger.error("no state could be made", exc_info=error)
        code, reason = CloseCode.INTERNAL_ERROR, "no state could be made"
    for subscriber in subscribers:
        subscriber.connection.end(code, reason)
