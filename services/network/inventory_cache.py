"""The inventory as this process last saw it, brought up to date by its revision, so that a read costs no table scan."""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.database import describe_error, is_unreachable
from dashnet.errors import DriverFault
from services.network.changes import Changes, select_changes, select_revision
from services.network.drivers import parse_options
from services.network.drivers.driver import DriverOptions, Target
from services.network.inventory_copy import InventoryCopy
from services.network.sealing import Tokens, unseal
from services.network.secret_keys import SecretKeys

logger = logging.getLogger(__name__)

# How long Postgres may take to say what changed, before devices are read without asking it.
ASK_SECONDS = 4.0
# How old the copy in Redis may be.
COPY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Inventory:
    """All devices at one revision: ids ascending, each device in wire form, and as its driver sees it.

    A device whose stored options its driver cannot be given has no target; `faults` says why.
    """

    inventory_id: str
    revision: int
    ids: Sequence[int]
    devices: Mapping[int, dict[str, Any]]
    targets: Mapping[int, Target]
    faults: Mapping[int, str] = field(default_factory=dict)

    def is_at(self, inventory_id: str, revision: int) -> bool:
        """Whether this is the inventory of that id at that revision."""
        return (self.inventory_id, self.revision) == (inventory_id, revision)

    def page(self, after: int, limit: int | None, until: int | None = None) -> Sequence[int]:
        """The `limit` ids that follow `after`, none larger than `until`; without these two all that follow."""
        begin = bisect_right(self.ids, after)
        end = len(self.ids) if until is None else bisect_right(self.ids, until)
        return self.ids[begin : end if limit is None else min(end, begin + limit)]


_NEVER_READ = Inventory("", 0, (), {}, {})


class InventoryCache:
    """Hands out the newest inventory; one query where nothing changed.

    `away_since` is when Postgres could first not be asked, None while it can; what was known then is handed out.
    """

    def __init__(self, engine: AsyncEngine, keys: SecretKeys, copy: InventoryCopy | None = None) -> None:
        self._engine = engine
        self._keys = keys
        self._copy = copy
        self._inventory = _NEVER_READ
        self._tokens: dict[int, Tokens] = {}
        self._lock = asyncio.Lock()
        self.away_since: datetime | None = None

    async def current(self) -> Inventory:
        """The inventory with everything that was committed before the call.

        Raises:
            sqlalchemy.exc.DBAPIError, OSError, TimeoutError: Postgres is out of reach.
        """
        inventory = await self._ask()
        if self.away_since is not None:
            logger.info("Postgres answers again, edits are possible")
            self.away_since = None
        return inventory

    async def newest(self) -> Inventory:
        """As `current`; while Postgres is out of reach, the inventory as it was then, or that of the copy.

        Raises:
            sqlalchemy.exc.DBAPIError, OSError, TimeoutError: Postgres is out of reach, and no inventory is known.
        """
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self.current()
        except Exception as error:
            if not is_unreachable(error):
                raise
            known = await self.recall(describe_error(error))
            if known is None:
                raise
            return known

    async def recall(self, why: str = "not asked yet") -> Inventory | None:
        """The inventory as last known, without asking Postgres; a service that has just started takes the copy's."""
        if self._inventory is _NEVER_READ and self._copy is not None:
            async with self._lock:
                if self._inventory is _NEVER_READ and (stored := await self._copy.load()):
                    await self._apply(_NEVER_READ, stored)
        if self._inventory is _NEVER_READ:
            return None
        if self.away_since is None:
            self.away_since = datetime.now(UTC)
            logger.warning("devices are read by the inventory that is known error=%s", why)
        return self._inventory

    async def keep_copy(self) -> None:
        """Keep the copy as new as what is known, until cancelled."""
        saved = _NEVER_READ
        while self._copy is not None:
            await asyncio.sleep(COPY_SECONDS)
            try:
                saved = await self._save_copy(self._copy, saved)
            except RedisError as error:
                logger.warning("the copy of the inventory is not kept error=%s", error)

    async def _save_copy(self, copy: InventoryCopy, saved: Inventory) -> Inventory:
        known, tokens = self._inventory, self._tokens
        if known is _NEVER_READ or (known is saved and await copy.exists()):
            return saved
        await copy.save(Changes(known.inventory_id, known.revision, list(known.devices.values()), [], tokens))
        return known

    async def _ask(self) -> Inventory:
        async with self._engine.connect() as connection:
            if not self._inventory.is_at(*await select_revision(connection)):
                async with self._lock:
                    await self._catch_up(connection)
            return self._inventory

    async def _catch_up(self, connection: AsyncConnection) -> None:
        # Asked again under the lock: whoever held it may have gone past the revision that the caller saw.
        inventory_id, revision = await select_revision(connection)
        if self._inventory.is_at(inventory_id, revision):
            return
        is_older = inventory_id == self._inventory.inventory_id and revision > self._inventory.revision
        known = self._inventory if is_older else _NEVER_READ
        changes = await select_changes(connection, known.revision)
        await self._apply(known, changes)

    async def _apply(self, known: Inventory, changes: Changes) -> None:
        gone = {*changes.removed, *(device["id"] for device in changes.changed)}
        kept = self._tokens if known is not _NEVER_READ else {}
        inventory = await asyncio.to_thread(apply_changes, known, changes, self._keys)
        self._inventory = inventory
        self._tokens = {device_id: one for device_id, one in kept.items() if device_id not in gone} | dict(
            changes.tokens
        )


def apply_changes(inventory: Inventory, changes: Changes, keys: SecretKeys) -> Inventory:
    """The inventory after `changes`; the old one stays as it is."""
    devices = dict(inventory.devices)
    targets = dict(inventory.targets)
    faults = dict(inventory.faults)
    for device_id in (*changes.removed, *(device["id"] for device in changes.changed)):
        for known in (devices, targets, faults):
            known.pop(device_id, None)
    parsed: dict[tuple[str, bytes], DriverOptions] = {}
    for device in changes.changed:
        devices[device["id"]] = device
        try:
            targets[device["id"]] = _to_target(device, changes.tokens.get(device["id"], {}), keys, parsed)
        except DriverFault as fault:
            faults[device["id"]] = fault.detail
    return Inventory(changes.inventory_id, changes.revision, sorted(devices), devices, targets, faults)


def _to_target(
    device: dict[str, Any], tokens: Tokens, keys: SecretKeys, parsed: dict[tuple[str, bytes], DriverOptions]
) -> Target:
    """A device as its driver sees it; options that are alike are parsed once, and there once for all."""
    driver, options = device["driver"], device["driver_options"]
    try:
        if tokens:
            given = parse_options(driver, unseal(options, tokens, keys))
        else:
            key = driver, orjson.dumps(options)
            given = parsed[key] = parsed.get(key) or parse_options(driver, options)
    except ValueError as error:
        # Stored by another version of the driver, or its secret is lost: that is this device's trouble alone.
        raise DriverFault(str(error)) from None
    return Target(device["id"], device["device_type"], device["ip_address"], driver, given, device["parent_id"])
