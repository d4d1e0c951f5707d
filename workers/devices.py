"""The store's device table: kept in step with the inventory by its revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.bounds import MEASURED, select_as_stored
from dashnet.edge import UPLINK_TAG, Place, find_edge
from dashnet.publication import Kind
from dashnet.reading import state_of, to_wire
from workers.context import WorkerContext
from workers.network_client import InventoryChanges
from workers.publishing import Outbox

# More changes than this at once are told as a reset: every app service then reads the store.
MOST_TOLD_CHANGES = 2000

_FIELDS = (
    "id, host_name, device_type, operating_system, mac_address, ip_address, driver, driver_options, tags, parent_id"
)
_RECORD = (
    "id int, host_name text, device_type text, operating_system text, mac_address text, ip_address text, "
    "driver text, driver_options jsonb, tags jsonb, parent_id int"
)


@dataclass(frozen=True, slots=True)
class StoredInventory:
    """Which revision of which inventory the store holds, and whether its devices say which are at the edge."""

    inventory_id: str
    revision: int
    is_edge_found: bool = True


async def select_stored_inventory(connection: AsyncConnection) -> StoredInventory:
    """What the store holds."""
    query = text("SELECT inventory_id, inventory_revision, is_edge_found FROM store.store_state")
    return StoredInventory(*(await connection.execute(query)).one())


@dataclass(frozen=True, slots=True)
class AskedInventory:
    """An answer of the inventory: its changes since the revision that the store held at the question."""

    stored: StoredInventory
    changes: InventoryChanges


async def ask_inventory(context: WorkerContext, connection: AsyncConnection) -> AskedInventory:
    """Ask ahead of `sync_inventory`, so that no other writer waits for the answer.

    Raises:
        ServiceUnavailable: the network service gives no answer.
    """
    stored = await select_stored_inventory(connection)
    await connection.commit()
    return AskedInventory(stored, await context.network.read_changes(stored.revision))


async def sync_inventory(
    context: WorkerContext, connection: AsyncConnection, outbox: Outbox, asked: AskedInventory | None = None
) -> None:
    """Bring the device table up to the inventory, within the caller's `change_store`.

    As it was `asked`, unless another writer was faster since; else as it is now.

    Raises:
        ServiceUnavailable: the network service gives no answer.
    """
    stored = await select_stored_inventory(connection)
    if asked is not None and asked.stored == stored:
        changes = asked.changes
    else:
        changes = await context.network.read_changes(stored.revision)
    if changes.inventory_id != stored.inventory_id or changes.revision < stored.revision:
        changes = await context.network.read_changes(0)
        await _replace_devices(connection, changes)
        outbox.put(Kind.RESET, {})
    elif changes.changed or changes.removed:
        await _apply_changes(connection, changes)
        await _tell_changes(connection, changes, outbox)
    if changes.changed or changes.removed or not stored.is_edge_found:
        await _mark_edge(connection)
    if (changes.inventory_id, changes.revision) != (stored.inventory_id, stored.revision):
        statement = text("UPDATE store.store_state SET inventory_id = :inventory_id, inventory_revision = :revision")
        await connection.execute(statement, {"inventory_id": changes.inventory_id, "revision": changes.revision})


async def _replace_devices(connection: AsyncConnection, changes: InventoryChanges) -> None:
    ids = [device["id"] for device in changes.changed]
    await connection.execute(text("DELETE FROM store.device WHERE NOT id = ANY(:ids)"), {"ids": ids})
    await _upsert_devices(connection, changes.changed)


async def _apply_changes(connection: AsyncConnection, changes: InventoryChanges) -> None:
    if changes.removed:
        removed = {"ids": list(changes.removed)}
        await connection.execute(text("DELETE FROM store.device WHERE id = ANY(:ids)"), removed)
    await _upsert_devices(connection, changes.changed)


async def _upsert_devices(connection: AsyncConnection, devices: Sequence[dict[str, Any]]) -> None:
    fields = _FIELDS.removeprefix("id, ")
    statement = text(
        f"INSERT INTO store.device ({_FIELDS}, driver_since) SELECT {_FIELDS}, :now "
        f"FROM jsonb_to_recordset(CAST(:records AS jsonb)) AS record({_RECORD}) "
        f"ON CONFLICT (id) DO UPDATE SET ({fields}) = "
        f"ROW ({', '.join('excluded.' + field for field in fields.split(', '))}), driver_since = "
        "CASE WHEN device.driver = excluded.driver THEN device.driver_since ELSE excluded.driver_since END"
    )
    if devices:
        await connection.execute(statement, {"records": orjson.dumps(devices).decode(), "now": datetime.now(UTC)})


async def forget_driver_since(connection: AsyncConnection) -> None:
    """Take all devices as having had their drivers always, as those of a first start have."""
    await connection.execute(text("UPDATE store.device SET driver_since = '-infinity'"))


async def _mark_edge(connection: AsyncConnection) -> None:
    """Find out anew which devices the network's totals add up: any change may move its edge."""
    query = text("SELECT id, driver, parent_id, jsonb_exists(tags, :tag) FROM store.device")
    rows = await connection.execute(query, {"tag": UPLINK_TAG})
    edge = find_edge(Place(*row) for row in rows)
    statement = text(
        "UPDATE store.device SET is_edge = placed.is_edge FROM (SELECT device.id, edge.id IS NOT NULL AS is_edge "
        "FROM store.device LEFT JOIN unnest(CAST(:edge AS int[])) AS edge (id) ON edge.id = device.id) AS placed "
        "WHERE device.id = placed.id AND device.is_edge IS DISTINCT FROM placed.is_edge"
    )
    await connection.execute(statement, {"edge": sorted(edge)})
    await connection.execute(text("UPDATE store.store_state SET is_edge_found = true WHERE NOT is_edge_found"))


async def _tell_changes(connection: AsyncConnection, changes: InventoryChanges, outbox: Outbox) -> None:
    if len(changes.changed) + len(changes.removed) > MOST_TOLD_CHANGES:
        outbox.put(Kind.RESET, {})
        return
    latest = await select_latest_snapshots(connection, [device["id"] for device in changes.changed])
    changed = [device | latest.get(device["id"], _UNKNOWN) for device in changes.changed]
    outbox.put(Kind.INVENTORY, {"changed": changed, "removed": list(changes.removed)})


_UNKNOWN = {"state": state_of(None), "snap_shot": None}


async def select_latest_snapshots(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """`state` and `snap_shot` as /live tells them, of those devices that have a snapshot."""
    rows = await connection.execute(
        text(
            "SELECT latest.* FROM unnest(CAST(:ids AS int[])) AS wanted (id) CROSS JOIN LATERAL "
            f"(SELECT device_id, time_stamp, active_connection, {select_as_stored(*MEASURED)} "
            "FROM store.snapshot WHERE device_id = wanted.id ORDER BY time_stamp DESC LIMIT 1) AS latest"
        ),
        {"ids": list(ids)},
    )
    return {
        row["device_id"]: {
            "state": state_of(row["active_connection"]),
            "snap_shot": {
                "time_stamp": to_wire(row["time_stamp"]),
                "active_connection": row["active_connection"],
                **{name: row[name] for name in MEASURED},
            },
        }
        for row in rows.mappings()
    }
