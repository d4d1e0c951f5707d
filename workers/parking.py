"""Readings that wait in Redis until Postgres can store them, each tick whole or not at all.

Pages of a tick are written under a name of their own, and the tick is entered last. Of two workers that took the same
tick, because one of them stood still for a while, the first that comes to an end is the one that counts.
"""

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime

import orjson
from redis.asyncio import Redis

from dashnet.channels import parked_claim_key, parked_key, parked_lost_key, parked_pages_key
from dashnet.reading import to_wire
from dashnet.settings import Settings
from dashnet.tasks import cancel_and_wait
from workers.ledger import SCHEDULE
from workers.network_client import Readings

# An hour of readings; of 10,000 devices that takes about 20 MB.
MOST_TICKS = 60
MOST_BYTES = 256 * 1024 * 1024
CLAIM_SECONDS = 10
# Pages of a worker that was killed before it had entered its tick.
_PAGES_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class ParkedTick:
    """A tick whose readings wait: where its pages are, and what the ledger will say of it."""

    tick: datetime
    pages: str
    worker: str
    started_at: datetime
    size_bytes: int
    requested_by: str


def pack_readings(readings: Readings) -> bytes:
    """Readings in a tenth of the space."""
    columns = {one.name: getattr(readings, one.name) for one in fields(readings)}
    return zlib.compress(orjson.dumps(columns, option=orjson.OPT_NON_STR_KEYS), 1)


def unpack_readings(packed: bytes) -> Readings:
    """The inverse of `pack_readings`.

    Raises:
        TypeError: another version packed them.
    """
    columns = orjson.loads(zlib.decompress(packed))
    columns["interfaces"] = {int(device_id): its for device_id, its in columns["interfaces"].items()}
    return Readings(**columns)


@asynccontextmanager
async def claim_tick(redis: Redis, settings: Settings, tick: datetime) -> AsyncIterator[bool]:
    """Be the one worker that reads for this tick; false where another is. One that dies is followed within seconds.

    Raises:
        redis.RedisError: nobody knows.
    """
    key, token = parked_claim_key(settings, to_wire(tick)), secrets.token_hex(8)
    if not await redis.set(key, token, nx=True, ex=CLAIM_SECONDS):
        yield False
        return
    renewal = asyncio.create_task(_renew(redis, key))
    try:
        yield True
    finally:
        await cancel_and_wait(renewal)
        await redis.delete(key)


async def _renew(redis: Redis, key: str) -> None:
    while True:
        await asyncio.sleep(CLAIM_SECONDS / 4)
        await redis.expire(key, CLAIM_SECONDS)


async def is_parked(redis: Redis, settings: Settings, tick: datetime) -> bool:
    """Whether the readings of a tick wait already.

    Raises:
        redis.RedisError: nobody knows.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hexists(parked_key(settings), to_wire(tick))
        (is_there,) = await pipeline.execute()
    return bool(is_there)


async def is_taken(redis: Redis, settings: Settings, tick: datetime) -> bool:
    """Whether the readings of a tick wait already, or a worker is about to read them."""
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hexists(parked_key(settings), to_wire(tick))
        pipeline.exists(parked_claim_key(settings, to_wire(tick)))
        return any(await pipeline.execute())


class Parking:
    """The readings of one tick on their way into Redis, page by page."""

    def __init__(
        self, redis: Redis, settings: Settings, tick: datetime, started_at: datetime, requested_by: str = SCHEDULE
    ) -> None:
        self._redis = redis
        self._settings = settings
        self._tick = to_wire(tick)
        self._started_at = started_at
        self._requested_by = requested_by
        self._pages = f"{self._tick}:{secrets.token_hex(8)}"
        self._size_bytes = 0

    async def add(self, number: int, readings: Readings) -> None:
        """Put a page beside those before it.

        Raises:
            redis.RedisError: the tick is not parked.
        """
        packed = await asyncio.to_thread(pack_readings, readings)
        self._size_bytes += len(packed)
        key = parked_pages_key(self._settings, self._pages)
        async with self._redis.pipeline() as pipeline:
            pipeline.hset(key, str(number), packed)  # type: ignore[arg-type]  # bytes are fine
            pipeline.expire(key, _PAGES_SECONDS)
            await pipeline.execute()

    async def enter(self) -> bool:
        """Enter the tick with all its pages; false where another worker was first. Gives up the oldest of too many.

        Raises:
            redis.RedisError: it may be parked, and may not.
        """
        about = {
            "pages": self._pages,
            "worker": self._settings.worker_name,
            "started_at": to_wire(self._started_at),
            "size_bytes": self._size_bytes,
            "requested_by": self._requested_by,
        }
        key = parked_pages_key(self._settings, self._pages)
        async with self._redis.pipeline() as pipeline:
            pipeline.persist(key)
            pipeline.hsetnx(parked_key(self._settings), self._tick, orjson.dumps(about).decode())
            _, is_first = await pipeline.execute()
        if not is_first:
            await self._redis.unlink(key)
        await _give_up_oldest(self._redis, self._settings)
        return bool(is_first)


async def list_parked(redis: Redis, settings: Settings) -> Sequence[ParkedTick]:
    """Ticks whose readings wait, the oldest first.

    Raises:
        redis.RedisError: nobody knows.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hgetall(parked_key(settings))
        (entries,) = await pipeline.execute()
    return sorted((_parse(tick, raw) for tick, raw in entries.items()), key=lambda one: one.tick)


def _parse(tick: bytes, raw: bytes) -> ParkedTick:
    about = orjson.loads(raw)
    started_at = datetime.fromisoformat(about["started_at"]).astimezone(UTC)
    return ParkedTick(
        datetime.fromisoformat(tick.decode()),
        about["pages"],
        about["worker"],
        started_at,
        about["size_bytes"],
        about.get("requested_by", SCHEDULE),
    )


async def read_pages(redis: Redis, settings: Settings, parked: ParkedTick) -> AsyncIterator[Readings]:
    """The pages of a tick in their order, one at a time.

    Raises:
        redis.RedisError: Redis is out of reach.
        TypeError: another version packed them.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.hkeys(parked_pages_key(settings, parked.pages))
        (numbers,) = await pipeline.execute()
    for number in sorted(numbers, key=int):
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.hget(parked_pages_key(settings, parked.pages), number)
            (packed,) = await pipeline.execute()
        yield await asyncio.to_thread(unpack_readings, packed)


async def forget_parked(redis: Redis, settings: Settings, parked: ParkedTick) -> None:
    """Forget readings that are stored now.

    Raises:
        redis.RedisError: they may still be there, and are stored again to no effect.
    """
    async with redis.pipeline() as pipeline:
        pipeline.hdel(parked_key(settings), to_wire(parked.tick))
        pipeline.unlink(parked_pages_key(settings, parked.pages))
        await pipeline.execute()


async def _give_up_oldest(redis: Redis, settings: Settings) -> None:
    # By hand first: nobody who asks for many refreshes shall push out those of the schedule.
    parked = sorted(await list_parked(redis, settings), key=lambda one: (one.requested_by == SCHEDULE, one.tick))
    size = sum(one.size_bytes for one in parked)
    while len(parked) > MOST_TICKS or (size > MOST_BYTES and len(parked) > 1):
        oldest = parked.pop(0)
        size -= oldest.size_bytes
        async with redis.pipeline() as pipeline:
            pipeline.sadd(parked_lost_key(settings), to_wire(oldest.tick))
            pipeline.hdel(parked_key(settings), to_wire(oldest.tick))
            pipeline.unlink(parked_pages_key(settings, oldest.pages))
            await pipeline.execute()


async def list_lost(redis: Redis, settings: Settings) -> Sequence[datetime]:
    """Ticks whose readings were given up, because too many waited; the oldest first.

    Raises:
        redis.RedisError: nobody knows.
    """
    async with redis.pipeline(transaction=False) as pipeline:
        pipeline.smembers(parked_lost_key(settings))
        (ticks,) = await pipeline.execute()
    return sorted(datetime.fromisoformat(tick.decode()) for tick in ticks)


async def forget_lost(redis: Redis, settings: Settings, ticks: Sequence[datetime]) -> None:
    """Forget ticks that the ledger has now.

    Raises:
        redis.RedisError: they may still be there.
    """
    async with redis.pipeline() as pipeline:
        pipeline.srem(parked_lost_key(settings), *(to_wire(tick) for tick in ticks))
        await pipeline.execute()
