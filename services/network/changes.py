"""What changed in the inventory since a revision: queries whose answer may be the whole of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.network.fleet_packing import PackedDevice, pack_fields
from services.network.sealing import Tokens

WIRE = (
    "id, host_name, device_type, operating_system, mac_address, ip_address, driver, "
    "driver_options::text AS driver_options, tags::text AS tags, parent_id"
)
_OFTEN_ALIKE = ("device_type", "operating_system", "driver")
# Rows that are taken from Postgres at once: those of a large fleet take a gigabyte.
_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in the inventory after a revision: devices in wire form by id order, and ids that are gone.

    `tokens` holds the encrypted secrets, by device, of those that have any; they are for this service alone.
    """

    inventory_id: str
    revision: int
    changed: Sequence[dict[str, Any]]
    removed: Sequence[int]
    tokens: Mapping[int, Tokens] = field(default_factory=dict, repr=False)


async def select_revision(connection: AsyncConnection) -> tuple[str, int]:
    """The inventory's id and its revision."""
    row = (await connection.execute(text("SELECT inventory_id, revision FROM network.inventory"))).one()
    return row.inventory_id, row.revision


async def select_changes(connection: AsyncConnection, since: int) -> Changes:
    """Everything that changed after revision `since`; 0 gives the whole inventory and nothing removed."""
    inventory_id, revision = await select_revision(connection)
    removed = await select_removed_ids(connection, since)
    changed: list[dict[str, Any]] = []
    tokens: dict[int, Tokens] = {}
    known: dict[str, Any] = {}
    async for rows in _select_rows(connection, since):
        tokens |= {row["id"]: orjson.loads(row["secrets"]) for row in rows if row["secrets"] != "{}"}
        changed += [to_wire(row, known) for row in rows]
    return Changes(inventory_id, revision, changed, removed, tokens)


async def select_packed(connection: AsyncConnection) -> Mapping[int, PackedDevice]:
    """The whole inventory by id, packed."""
    packed: dict[int, PackedDevice] = {}
    async for rows in _select_rows(connection, 0):
        known: dict[str, Any] = {}
        packed |= {row["id"]: pack_fields(to_wire(row, known), orjson.loads(row["secrets"])) for row in rows}
    return packed


async def _select_rows(connection: AsyncConnection, since: int) -> AsyncIterator[Sequence[RowMapping]]:
    """Devices that changed after revision `since` by id order, some thousand at a time."""
    query = text(f"SELECT {WIRE}, secrets::text AS secrets FROM network.device WHERE revision > :since ORDER BY id")
    found = (await connection.stream(query.execution_options(yield_per=_ROWS), {"since": since})).mappings()
    # Without their number `partitions` of mappings takes all at once, whatever `yield_per` says.
    async for rows in found.partitions(_ROWS):
        yield rows


async def select_changed_ids(connection: AsyncConnection, since: int) -> Sequence[int]:
    """Devices that changed after revision `since`."""
    query = text("SELECT id FROM network.device WHERE revision > :since ORDER BY id")
    return list(await connection.scalars(query, {"since": since}))


async def select_removed_ids(connection: AsyncConnection, since: int) -> Sequence[int]:
    """Devices that were removed after revision `since`; none where `since` is 0."""
    query = text("SELECT id FROM network.removed_device WHERE revision > :since ORDER BY id")
    return list(await connection.scalars(query, {"since": since})) if since > 0 else []


def to_wire(row: RowMapping, known: dict[str, Any]) -> dict[str, Any]:
    """A device in wire form; what many have alike is there once for all, in `known` by its text."""
    device = {**row, **{name: known.setdefault(row[name], row[name]) for name in _OFTEN_ALIKE}}
    for name in ("driver_options", "tags"):
        if row[name] not in known:
            known[row[name]] = orjson.loads(row[name])
        device[name] = known[row[name]]
    device.pop("secrets", None)
    return device
