"""A copy of the inventory in Redis, so that a service which starts while Postgres is away can read devices."""

import asyncio
import logging
import zlib

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashnet.channels import inventory_copy_key
from dashnet.settings import Settings
from services.network.changes import Changes

logger = logging.getLogger(__name__)


def pack(inventory: Changes) -> bytes:
    """A whole inventory in a tenth of the space; secrets stay encrypted."""
    columns = {
        "inventory_id": inventory.inventory_id,
        "revision": inventory.revision,
        "changed": inventory.changed,
        "tokens": inventory.tokens,
    }
    return zlib.compress(orjson.dumps(columns, option=orjson.OPT_NON_STR_KEYS), 1)


def unpack(packed: bytes) -> Changes:
    """The inverse of `pack`.

    Raises:
        KeyError, ValueError, zlib.error: another version packed it.
    """
    columns = orjson.loads(zlib.decompress(packed))
    tokens = {int(device_id): one for device_id, one in columns["tokens"].items()}
    return Changes(columns["inventory_id"], columns["revision"], columns["changed"], [], tokens)


class InventoryCopy:
    """The copy of all network services of these settings."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._key = inventory_copy_key(settings)

    async def exists(self) -> bool:
        """Whether there is one.

        Raises:
            redis.RedisError: nobody knows.
        """
        return bool(await self._redis.exists(self._key))

    async def save(self, inventory: Changes) -> None:
        """Replace the copy by this whole inventory.

        Raises:
            redis.RedisError: it may be the one before.
        """
        await self._redis.set(self._key, await asyncio.to_thread(pack, inventory))

    async def load(self) -> Changes | None:
        """Return the copy; None where there is none that can be read."""
        try:
            packed = await self._redis.get(self._key)
            return await asyncio.to_thread(unpack, packed) if packed else None
        except RedisError as error:
            logger.warning("the copy of the inventory cannot be read error=%s", error)
        except (KeyError, ValueError, zlib.error):
            logger.exception("the copy of the inventory is not understood")
        return None
