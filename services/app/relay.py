"""From Redis to the hub: one subscription per process, and no hole that is not mended."""

import asyncio
import logging
import random
import time

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.channels import publication_channel
from dashnet.publication import Publication, parse_publication, read_missed, read_position, read_recent
from dashnet.settings import Settings
from services.app.feed_metrics import PUBLICATIONS, RELAY_LAG
from services.app.hub import Hub
from services.app.snapshots import select_panel

logger = logging.getLogger(__name__)

# After so long without a publication the relay asks whether it missed one.
IDLE_SECONDS = 2.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 5.0


class Relay:
    """Follows the publications for as long as `run` runs, through outages of Redis and Postgres.

    `redis` must not reconnect by itself: what was published meanwhile would go unnoticed.
    """

    def __init__(self, settings: Settings, engine: AsyncEngine, redis: Redis, hub: Hub) -> None:
        self._settings = settings
        self._engine = engine
        self._redis = redis
        self._hub = hub
        self._failures = 0

    async def run(self) -> None:
        """Follow until cancelled; pauses with jitter after a failure and logs the first and the last of a row."""
        while True:
            try:
                await self._follow()
            except (RedisError, DBAPIError, PoolTimeout, OSError) as error:
                if self._failures == 0:
                    logger.warning("relay lost its source, trying again error=%s", error)
            except Exception:
                # A relay that ended would leave every subscriber waiting for ever.
                logger.exception("relay failed, trying again")
            self._failures += 1
            pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10))
            await asyncio.sleep(pause * random.uniform(0.5, 1))

    async def _follow(self) -> None:
        async with self._redis.pubsub() as pubsub:
            # Subscribed first, caught up second: what comes in between is heard twice, never not at all.
            await pubsub.subscribe(publication_channel(self._settings))
            await self._catch_up()
            if self._failures:
                logger.info("relay follows again failures=%d", self._failures)
                self._failures = 0
            while True:
                publication = await _next_publication(pubsub)
                if publication is None:
                    await self._catch_up()
                else:
                    await self._take_in(publication)

    async def _take_in(self, publication: Publication) -> None:
        position = self._hub.position
        if position is None or publication.position.epoch != position.epoch:
            await self._load()
        elif publication.position.seq <= position.seq:
            return
        elif publication.position.seq > position.seq + 1:
            await self._catch_up()
        elif publication.is_reset:
            await self._load()
        else:
            await self._hub.apply(publication)
            RELAY_LAG.observe(max(0.0, time.time() - publication.published_at))
            PUBLICATIONS.inc()

    async def _catch_up(self) -> None:
        """Take in what was published unheard: from the stream where it still has all, else from the store."""
        position = self._hub.position
        missed = await read_missed(self._redis, self._settings, position) if position else None
        if missed is None:
            await self._load()
            return
        for publication in missed:
            await self._take_in(publication)

    async def _load(self) -> None:
        """Show what the store holds. The position is asked for first: the store then holds at least as much."""
        position = await read_position(self._redis, self._settings)
        panel = await select_panel(self._engine, position)
        recent = await read_recent(self._redis, self._settings, position, self._settings.resume_bytes)
        self._hub.replace(panel, recent)
        logger.info("panel loaded epoch=%s seq=%d", position.epoch, position.seq)


async def _next_publication(pubsub: PubSub) -> Publication | None:
    """The next publication; None when there was none for a while."""
    message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=IDLE_SECONDS)
    if message is None:
        return None
    try:
        return parse_publication(message["data"])
    except ValueError:
        logger.warning("something that is no publication came over the channel bytes=%d", len(message["data"]))
        return None
