"""The last counter sample of each device, in Redis, so that all replicas of the network service share it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from operator import attrgetter

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.channels import sample_key
from dashnet.errors import DriverFault
from dashnet.settings import Settings
from services.network.counters.values import LONGEST_SECONDS, Counters, Doubt, Pace, Rates, Sample

# dataclasses.astuple copies deeply, at ten times the cost.
_to_counters_list = attrgetter(*(one.name for one in fields(Counters)))
_to_rates_list = attrgetter(*(one.name for one in fields(Rates)))
_to_doubt_list = attrgetter(*(one.name for one in fields(Doubt)))
_to_pace_list = attrgetter(*(one.name for one in fields(Pace)))


class RedisSamples:
    """Samples that last as long as a rate can be made of them."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings

    async def get(self, device_ids: Sequence[int]) -> Mapping[int, Sample]:
        """The last samples of those of these devices that have one.

        Raises:
            DriverFault: Redis is out of reach.
        """
        if not device_ids:
            return {}
        async with self._bounded():
            found = await self._redis.mget([sample_key(self._settings, one) for one in device_ids])
        pairs = zip(device_ids, found, strict=True)
        decoded = ((device_id, decode_sample(raw)) for device_id, raw in pairs if raw is not None)
        return {device_id: sample for device_id, sample in decoded if sample is not None}

    async def put(self, samples: Mapping[int, Sample]) -> None:
        """Keep these samples, by their devices.

        Raises:
            DriverFault: Redis is out of reach.
        """
        if not samples:
            return
        async with self._bounded(), self._redis.pipeline(transaction=False) as pipeline:
            for device_id, sample in samples.items():
                pipeline.set(sample_key(self._settings, device_id), encode_sample(sample), ex=int(LONGEST_SECONDS))
            await pipeline.execute()

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.redis_timeout_seconds):
                yield
        except (RedisError, TimeoutError) as error:
            raise DriverFault("no rate: Redis, which holds the last counters, is out of reach") from error


def encode_sample(sample: Sample) -> bytes:
    """A sample as JSON; interfaces as lists of their fields, since they are most of it."""
    return orjson.dumps(
        {
            "clock": sample.clock,
            "at_seconds": sample.at_seconds,
            "uptime_seconds": sample.uptime_seconds,
            "counters": {name: _to_counters_list(counters) for name, counters in sample.interfaces.items()},
            "rates": {name: _to_rates_list(rates) for name, rates in sample.rates.items()},
            "doubts": {name: _to_doubt_list(doubt) for name, doubt in sample.doubts.items()},
            "pace": None if sample.pace is None else _to_pace_list(sample.pace),
            "note": sample.note,
            "is_held": sample.is_held,
        }
    )


def decode_sample(raw: bytes) -> Sample | None:
    """The inverse of `encode_sample`; null for what is none, such as a sample that another version left."""
    try:
        sample = orjson.loads(raw)
        interfaces = {name: Counters(*counters) for name, counters in sample["counters"].items()}
        rates = {name: Rates(*values) for name, values in sample["rates"].items()}
        return Sample(
            clock=sample["clock"],
            at_seconds=sample["at_seconds"],
            interfaces=interfaces,
            uptime_seconds=sample["uptime_seconds"],
            rates=rates,
            doubts={name: Doubt(*values) for name, values in sample["doubts"].items()},
            pace=None if sample["pace"] is None else Pace(*sample["pace"]),
            note=sample["note"],
            is_held=sample["is_held"],
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
