"""The last counter sample of each device, in Redis, so that all replicas of the network service share it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.channels import sample_key
from dashnet.errors import DriverFault
from dashnet.settings import Settings
from services.network.counters import LONGEST_SECONDS, Octets, Rate, Sample


class RedisSamples:
    """Samples that last as long as a rate can be made of them."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings = settings

    async def get(self, device_id: int) -> Sample | None:
        """The last sample; None where there is none.

        Raises:
            DriverFault: Redis is out of reach.
        """
        async with self._bounded():
            raw = await self._redis.get(sample_key(self._settings, device_id))
        return None if raw is None else decode_sample(raw)

    async def put(self, device_id: int, sample: Sample) -> None:
        """Keep this sample.

        Raises:
            DriverFault: Redis is out of reach.
        """
        async with self._bounded():
            await self._redis.set(sample_key(self._settings, device_id), orjson.dumps(sample), ex=int(LONGEST_SECONDS))

    @asynccontextmanager
    async def _bounded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._settings.redis_timeout_seconds):
                yield
        except (RedisError, TimeoutError) as error:
            raise DriverFault("no rate: Redis, which holds the last counters, is out of reach") from error


def decode_sample(raw: bytes) -> Sample:
    """The inverse of `orjson.dumps(sample)`."""
    fields = orjson.loads(raw)
    interfaces = {name: Octets(**octets) for name, octets in fields["interfaces"].items()}
    rate = Rate(**fields["rate"]) if fields["rate"] else None
    return Sample(fields["clock"], fields["at_seconds"], interfaces, rate)
