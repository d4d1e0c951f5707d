"""The inventory's tables and its first devices: made when the service starts, or once Postgres can be reached."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from dashnet.database import describe_error, is_unreachable

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0


class Preparation:
    """Does `prepare` once; again and again while Postgres is out of reach."""

    def __init__(self, prepare: Callable[[], Awaitable[None]]) -> None:
        self._prepare = prepare
        self.is_done = False

    async def attempt(self) -> bool:
        """Try once; whether it is done.

        Raises:
            Exception: whatever `prepare` raises for another reason than that Postgres is out of reach.
        """
        try:
            await self._prepare()
        except Exception as error:
            if not is_unreachable(error):
                raise
            logger.warning("the inventory is not ready, it waits for Postgres error=%s", describe_error(error))
            return False
        self.is_done = True
        return True

    async def run(self) -> None:
        """Try until it is done; says only once that it waits."""
        pause, waits = FIRST_PAUSE_SECONDS, False
        while not self.is_done:
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            try:
                await self._prepare()
                self.is_done = True
                logger.info("the inventory is ready")
            except Exception as error:
                if not waits and not is_unreachable(error):
                    logger.exception("the inventory cannot be made ready, trying again")
                waits = waits or not is_unreachable(error)
