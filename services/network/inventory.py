"""All queries on the inventory. Each edit takes the next revision first, so edits happen one after the other."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.errors import Conflict, FieldError, InvalidInput, NotFound
from services.network.changes import WIRE, to_wire
from services.network.fields import LARGEST_ID
from services.network.fleet_packing import PackedDevice, cut_parents_first
from services.network.models import DeviceCreate
from services.network.records import DeviceRecord, to_record
from services.network.sealing import SealedDevice

_FIELDS = (
    "host_name, mac_address, ip_address, device_type, operating_system, driver, driver_options, secrets, "
    "tags, parent_id"
)
_RECORD = (
    "id int, host_name text, mac_address text, ip_address text, device_type text, operating_system text, "
    "driver text, driver_options jsonb, tags jsonb, parent_id int, secrets jsonb"
)


class NewDevice(Protocol):
    """What is checked of a new device against the inventory."""

    @property
    def mac_address(self) -> str | None:
        """Null where there is none."""

    @property
    def parent_id(self) -> int | None:
        """The device in front of it."""


async def take_revision(connection: AsyncConnection) -> int:
    """The next revision; the caller's transaction holds the inventory until it ends."""
    query = text("UPDATE network.inventory SET revision = revision + 1 RETURNING revision")
    return int(await connection.scalar(query) or 0)


async def reserve_ids(connection: AsyncConnection, count: int) -> Sequence[int]:
    """Ids for new devices, ascending; those not used stay unused for ever."""
    # One row: a hundred thousand would take more memory than all else of the devices.
    query = text("SELECT array(SELECT nextval('network.device_id_seq') FROM generate_series(1, :count))")
    return list(await connection.scalar(query, {"count": count}) or ())


async def check_new_devices(connection: AsyncConnection, devices: Sequence[NewDevice]) -> None:
    """Make sure that all of these can be added. Call it before ids are reserved: those of a refused list are lost.

    Raises:
        InvalidInput: a parent does not exist; `errors` names each.
        Conflict: a MAC address is taken, in the inventory or in this very list; `errors` names each.
    """
    await _check_parents(connection, devices)
    await _check_mac_addresses(connection, devices)


async def insert_devices(
    connection: AsyncConnection, revision: int, ids: Sequence[int], devices: Sequence[SealedDevice]
) -> None:
    """Add devices that were checked, all or none; one may be the parent of another."""
    await insert_records(connection, revision, ids, [to_record(device) for device in devices])


async def insert_records(
    connection: AsyncConnection, revision: int, ids: Sequence[int], records: Sequence[DeviceRecord]
) -> None:
    """As `insert_devices`."""
    rows = b",".join(record.encode_row(id_) for id_, record in zip(ids, records, strict=True))
    statement = text(
        f"INSERT INTO network.device (id, {_FIELDS}, revision) "
        f"SELECT id, {_FIELDS}, :revision FROM jsonb_to_recordset(CAST(:records AS jsonb)) AS record({_RECORD})"
    )
    await connection.execute(statement, {"records": f"[{rows.decode()}]", "revision": revision})


def _to_record(sealed: SealedDevice) -> dict[str, Any]:
    return {**sealed.device.model_dump(), "secrets": sealed.tokens}


async def _check_parents(connection: AsyncConnection, devices: Sequence[NewDevice]) -> None:
    wanted = {device.parent_id for device in devices if device.parent_id is not None}
    if not wanted:
        return
    query = text("SELECT id FROM network.device WHERE id = ANY(:ids)")
    missing = wanted - set(await connection.scalars(query, {"ids": list(wanted)}))
    errors = [
        FieldError(_in_list(index, devices, "parent_id"), f"there is no device {device.parent_id}")
        for index, device in enumerate(devices)
        if device.parent_id in missing
    ]
    if errors:
        raise InvalidInput(f"{errors[0].location}: {errors[0].detail}", errors)


async def _check_mac_addresses(connection: AsyncConnection, devices: Sequence[NewDevice]) -> None:
    query = text("SELECT mac_address, id, host_name FROM network.device WHERE mac_address = ANY(:addresses)")
    rows = await connection.execute(
        query, {"addresses": [device.mac_address for device in devices if device.mac_address]}
    )
    owners: dict[str, int | str] = {row.mac_address: f"device {row.id} ({row.host_name})" for row in rows}
    errors = []
    for index, device in enumerate(devices):
        if device.mac_address is None:
            continue
        owner = owners.setdefault(device.mac_address, index)
        if owner != index:
            owner = f"item [{owner}] of this list" if isinstance(owner, int) else owner
            location = _in_list(index, devices, "mac_address")
            errors.append(FieldError(location, f"{device.mac_address} is that of {owner}"))
    if errors:
        raise Conflict(f"{errors[0].detail}; nothing was added", errors)


def _in_list(index: int, devices: Sequence[NewDevice], field: str) -> str:
    return field if len(devices) == 1 else f"[{index}].{field}"


async def select_device(connection: AsyncConnection, device_id: int) -> dict[str, Any]:
    """One device in wire form.

    Raises:
        NotFound: there is none of this id.
    """
    query = text(f"SELECT {WIRE} FROM network.device WHERE id = :id")
    in_range = 1 <= device_id <= LARGEST_ID
    row = (await connection.execute(query, {"id": device_id})).mappings().one_or_none() if in_range else None
    if row is None:
        raise no_device(device_id)
    return to_wire(row, {})


def no_device(device_id: int) -> NotFound:
    """The error for an id that no device has."""
    return NotFound(f"there is no device {str(device_id)[:40]}")


async def update_device(connection: AsyncConnection, revision: int, device_id: int, sealed: SealedDevice) -> None:
    """Give a device that exists all of these fields.

    Raises:
        InvalidInput: the parent does not exist, is the device itself, or lies behind it.
        Conflict: another device has this MAC address.
    """
    changed = sealed.device
    await _check_new_parent(connection, device_id, changed)
    query = text("SELECT id, host_name FROM network.device WHERE mac_address = :address AND id <> :id")
    owner = (await connection.execute(query, {"address": changed.mac_address, "id": device_id})).one_or_none()
    if owner is not None:
        error = FieldError("mac_address", f"{changed.mac_address} is that of device {owner.id} ({owner.host_name})")
        raise Conflict(error.detail, [error])
    statement = text(
        f"UPDATE network.device SET ({_FIELDS}, revision) = (SELECT {_FIELDS}, CAST(:revision AS bigint) "
        f"FROM jsonb_to_record(CAST(:record AS jsonb)) AS record({_RECORD})) WHERE id = :id"
    )
    record = orjson.dumps(_to_record(sealed)).decode()
    await connection.execute(statement, {"record": record, "revision": revision, "id": device_id})


async def write_plan(
    connection: AsyncConnection,
    revision: int,
    created: Mapping[int, PackedDevice],
    changed: Mapping[int, PackedDevice],
    removed: Collection[int],
) -> None:
    """Add, change and remove devices that were checked against the whole inventory."""
    for ids in cut_parents_first(created):
        await insert_devices(connection, revision, ids, [created[one].unpack() for one in ids])
    fields = ", ".join(f"{name} = record.{name}" for name in _FIELDS.split(", "))
    statement = text(
        f"UPDATE network.device SET {fields}, revision = :revision "
        f"FROM jsonb_to_recordset(CAST(:records AS jsonb)) AS record({_RECORD}) WHERE device.id = record.id"
    )
    for ids in cut_parents_first(changed):
        records = [{"id": one, **_to_record(changed[one].unpack())} for one in ids]
        await connection.execute(statement, {"records": orjson.dumps(records).decode(), "revision": revision})
    if removed:
        await delete_devices(connection, revision, removed)


async def _check_new_parent(connection: AsyncConnection, device_id: int, changed: DeviceCreate) -> None:
    if changed.parent_id is None:
        return
    await _check_parents(connection, [changed])
    ancestors = text(
        "WITH RECURSIVE line AS (SELECT id, parent_id FROM network.device WHERE id = :parent_id "
        "UNION SELECT device.id, device.parent_id FROM network.device JOIN line ON device.id = line.parent_id) "
        "SELECT id FROM line"
    )
    if device_id in set(await connection.scalars(ancestors, {"parent_id": changed.parent_id})):
        detail = f"device {changed.parent_id} is this device or lies behind it; that would make a circle"
        raise InvalidInput(f"parent_id: {detail}", [FieldError("parent_id", detail)])


async def delete_devices(connection: AsyncConnection, revision: int, device_ids: Collection[int]) -> None:
    """Remove devices; what lay behind them is left without a parent."""
    values = {"ids": list(device_ids), "revision": revision}
    for statement in (
        "UPDATE network.device SET parent_id = NULL, revision = :revision WHERE parent_id = ANY(:ids)",
        "DELETE FROM network.device WHERE id = ANY(:ids)",
        "INSERT INTO network.removed_device (id, revision) SELECT unnest(CAST(:ids AS int[])), :revision",
    ):
        await connection.execute(text(statement), values if ":revision" in statement else {"ids": values["ids"]})
