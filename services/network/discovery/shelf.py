"""Where runs lie, in Redis, so that all replicas of the network service show the same: an hour, and ten at the most.

Who runs one holds a slot and says so again and again; when it dies the slot falls free, and the run is seen to be
broken off. Whoever wants its end leaves a word that it reads when it does.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from redis.asyncio import Redis

from dashnet.channels import discoveries_key, discovery_end_key, discovery_key, discovery_slot_key
from dashnet.errors import ServiceUnavailable
from dashnet.settings import Settings
from services.network.discovery.finding import Run
from services.network.discovery.models import Outcome

MOST_RUNNING, MOST_KEPT = 2, 10
KEPT_SECONDS = 3600
# Without a word for so long a run is broken off.
SLOT_SECONDS = 10
_BROKEN_OFF = "the network service that ran it ended"
# A process that was stopped for a while may find that another run has its slot.
_HOLD_SLOT = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
_LEAVE_SLOT = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0"


class Shelf:
    """Keeps runs; one for each process.

    All raise `ServiceUnavailable` or redis-py's errors where Redis is out of reach.
    """

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings

    async def take_slot(self, discovery_id: str) -> int | None:
        """A slot for this run; null where all are taken."""
        async with self._bounded():
            for number in range(MOST_RUNNING):
                key = discovery_slot_key(self._settings, number)
                if await self._redis.set(key, discovery_id, ex=SLOT_SECONDS, nx=True):
                    return number
        return None

    async def keep(self, run: Run, slot: int, findings: bytes | None) -> Outcome | None:
        """Write what a run knows and say that it runs on; the outcome with which it is to end, where it is.

        `findings` are encoded, null where they are as they were.
        """
        key = discovery_key(self._settings, run.id)
        parts = {"head": encode_json(run.head())}
        if findings is not None:
            parts["found"] = findings
        async with self._bounded(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.eval(_HOLD_SLOT, 1, discovery_slot_key(self._settings, slot), run.id, str(SLOT_SECONDS))
            pipeline.hset(key, mapping=parts)
            pipeline.expire(key, KEPT_SECONDS)
            pipeline.zadd(discoveries_key(self._settings), {run.id: run.started_at.timestamp()})
            pipeline.exists(discovery_end_key(self._settings, run.id))
            has_slot, *_, is_to_end = await pipeline.execute()
        if not has_slot:
            return Outcome.BROKEN_OFF
        return Outcome.CANCELLED if is_to_end else None

    async def leave_slot(self, discovery_id: str, slot: int) -> None:
        """Let another run begin."""
        async with self._bounded():
            await self._redis.eval(_LEAVE_SLOT, 1, discovery_slot_key(self._settings, slot), discovery_id)  # type: ignore[misc]  # redis-py's own types know no asyncio here

    async def drop_oldest(self) -> None:
        """Forget all but the newest."""
        async with self._bounded():
            ids = [one.decode() for one in await self._redis.zrevrange(discoveries_key(self._settings), 0, -1)]
            for discovery_id in ids[MOST_KEPT:]:
                await self._forget(discovery_id)

    async def heads(self) -> Sequence[Mapping[str, Any]]:
        """All runs without their findings, the newest first."""
        async with self._bounded():
            ids = [one.decode() for one in await self._redis.zrevrange(discoveries_key(self._settings), 0, -1)]
            raw = await self._fetch([(discovery_id, ["head"]) for discovery_id in ids])
            for discovery_id, (head,) in zip(ids, raw, strict=True):
                if head is None:
                    await self._forget(discovery_id)
            return [orjson.loads(head) for (head,) in raw if head is not None]

    async def find(self, discovery_id: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]] | None:
        """A run and its findings; null where there is none."""
        async with self._bounded():
            ((head, found),) = await self._fetch([(discovery_id, ["head", "found"])])
        return None if head is None else (orjson.loads(head), orjson.loads(found or b"[]"))

    async def _fetch(self, asked: Sequence[tuple[str, list[str]]]) -> Sequence[list[bytes | None]]:
        """These fields of these runs, seen at one instant with the slots: a run that nobody runs any more has ended."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.mget([discovery_slot_key(self._settings, number) for number in range(MOST_RUNNING)])
            for discovery_id, names in asked:
                pipeline.hmget(discovery_key(self._settings, discovery_id), names)
            slots, *rows = await pipeline.execute()
        running = {one.decode() for one in slots if one is not None}
        return [[_as_of_now(head, running), *rest] for head, *rest in rows]

    async def ask_for_end(self, discovery_id: str) -> None:
        """Leave word that this run is to end."""
        async with self._bounded():
            await self._redis.set(discovery_end_key(self._settings, discovery_id), b"1", ex=KEPT_SECONDS)

    async def forget(self, discovery_id: str) -> None:
        """Keep this run no longer."""
        async with self._bounded():
            await self._forget(discovery_id)

    async def _forget(self, discovery_id: str) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.zrem(discoveries_key(self._settings), discovery_id)
            pipeline.delete(discovery_key(self._settings, discovery_id))
            await pipeline.execute()

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.redis_timeout_seconds):
                yield
        except TimeoutError as error:
            raise ServiceUnavailable("Redis, which holds discoveries, is out of reach") from error


def _as_of_now(raw: bytes | None, running: set[str]) -> bytes | None:
    head = None if raw is None else orjson.loads(raw)
    if head is None or head["outcome"] is not None or head["id"] in running:
        return raw
    return encode_json({**head, "outcome": Outcome.BROKEN_OFF, "error": _BROKEN_OFF})


def encode_json(document: object) -> bytes:
    """JSON as runs are kept in."""
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)
