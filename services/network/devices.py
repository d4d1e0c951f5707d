"""Routes of the inventory: list and read, add, change, remove."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from dashnet.origins import TOUCHES_DEVICES
from dashnet.problems import problem_responses
from services.network import inventory as queries
from services.network.bodies import merge_update, parse_devices, parse_update
from services.network.changes import select_changed_ids, select_removed_ids
from services.network.dependencies import (
    Cache,
    CurrentInventory,
    CurrentKeys,
    CurrentReader,
    CurrentSettings,
    Engine,
    RedisClient,
)
from services.network.edits import ONE_AT_A_TIME, announce, json_body, read_json_body
from services.network.inventory_cache import Inventory
from services.network.models import (
    DeviceCreate,
    DeviceEntry,
    DevicePublic,
    DeviceUpdate,
    InventoryChanges,
    StaticDevice,
)
from services.network.moments import invalid_field, parse_moment
from services.network.reader import encode, encode_devices
from services.network.records import cut_slices, encode_created, to_record
from services.network.sealing import seal
from services.network.stored_secrets import select_tokens

router = APIRouter(tags=["devices"], responses=problem_responses(422, 503))

DeviceId = Annotated[int, Path(description="Id of a device", examples=[1])]
Moment = Annotated[
    str | None,
    Query(
        description="Read the simulated devices as they are at this time (ISO 8601; UTC where no offset is given); "
        "devices of other drivers are left out",
        json_schema_extra={"format": "date-time"},
        examples=["2026-11-23T20:00:00Z"],
    ),
]
WithInterfaces = Annotated[
    bool, Query(alias="interfaces", description="true: with the interfaces of each device that shows any")
]


def _json_response(content: bytes, status: int = 200) -> Response:
    return Response(content, status, media_type="application/json")


@router.get(
    "/devices/",
    response_model=list[DevicePublic],
    responses=problem_responses(403),
    dependencies=[TOUCHES_DEVICES],
)
async def read_devices(
    inventory: CurrentInventory,
    reader: CurrentReader,
    after: Annotated[int, Query(ge=0, description="Only devices with a larger id")] = 0,
    until: Annotated[int | None, Query(ge=1, description="Only devices with this id or a smaller one")] = None,
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="At most so many; all without it")] = None,
    at: Moment = None,
    read: Annotated[bool, Query(description="false: the inventory alone, no device is touched")] = True,
    with_interfaces: WithInterfaces = False,
) -> Response:
    """All devices in id order, each read now (or, simulated ones, at a given time)."""
    ids = inventory.page(after, limit, until)
    if with_interfaces and not read:
        raise invalid_field("interfaces", "interfaces=true and read=false exclude each other")
    if at is not None:
        if not read:
            raise invalid_field("read", "read=false and at=… exclude each other")
        readings = await reader.read_at(inventory, ids, parse_moment(at, "at"))
    elif not read:
        return _json_response(await asyncio.to_thread(encode, [inventory.devices[device_id] for device_id in ids]))
    else:
        readings = await reader.read(inventory, ids)
    encoded = await asyncio.to_thread(encode_devices, inventory, readings, with_interfaces=with_interfaces)
    return _json_response(encoded)


@router.post(
    "/devices/",
    status_code=201,
    response_model=StaticDevice | list[StaticDevice],
    dependencies=[ONE_AT_A_TIME],
    responses=problem_responses(409, 413, 415),
    openapi_extra=json_body(
        {"$ref": "#/components/schemas/DeviceCreate"},
        {"type": "array", "items": {"$ref": "#/components/schemas/DeviceCreate"}, "minItems": 1, "maxItems": 100_000},
    ),
)
async def create_devices(
    request: Request, engine: Engine, redis: RedisClient, settings: CurrentSettings, keys: CurrentKeys
) -> Response:
    """Add one device or a list of them, all or none; answers what was added in the form it came, secrets masked."""
    body = await read_json_body(request)
    devices, is_list = await asyncio.to_thread(parse_devices, body, lambda device: to_record(seal(device, keys)))
    body.clear()
    async with engine.begin() as connection:
        revision = await queries.take_revision(connection)
        await queries.check_new_devices(connection, devices)
        ids = await queries.reserve_ids(connection, len(devices))
        for some_ids, some in cut_slices(ids, devices):
            await queries.insert_records(connection, revision, some_ids, some)
    await announce(redis, settings, revision)
    created = await asyncio.to_thread(encode_created, ids, devices) if is_list else devices[0].encode(ids[0])
    return _json_response(created, 201)


@router.get(
    "/devices/{device_id}",
    response_model=DevicePublic,
    responses=problem_responses(403, 404),
    dependencies=[TOUCHES_DEVICES],
)
async def read_device(
    device_id: DeviceId, inventory: CurrentInventory, reader: CurrentReader, with_interfaces: WithInterfaces = False
) -> Response:
    """One device, read now."""
    if device_id not in inventory.devices:
        raise queries.no_device(device_id)
    readings = await reader.read(inventory, [device_id])
    return _json_response(encode_devices(inventory, readings, with_interfaces=with_interfaces)[1:-1])


@router.patch(
    "/devices/{device_id}",
    response_model=StaticDevice,
    responses=problem_responses(404, 409, 413, 415),
    openapi_extra=json_body({"$ref": "#/components/schemas/DeviceUpdate"}),
)
async def update_device(
    device_id: DeviceId,
    request: Request,
    engine: Engine,
    redis: RedisClient,
    settings: CurrentSettings,
    keys: CurrentKeys,
) -> Response:
    """Change the fields that are given; the device as a whole must still be valid.

    `driver_options` are replaced as a whole, but a secret that is left out or given as its mask stays; null removes it.
    """
    update = await asyncio.to_thread(parse_update, await read_json_body(request))
    async with engine.begin() as connection:
        revision = await queries.take_revision(connection)
        device = await queries.select_device(connection, device_id)
        changed, kept = merge_update(device, await select_tokens(connection, device_id), update, keys)
        await queries.update_device(connection, revision, device_id, seal(changed, keys, kept))
        stored = await queries.select_device(connection, device_id)
    await announce(redis, settings, revision)
    return _json_response(encode(stored))


@router.delete("/devices/{device_id}", status_code=204, responses=problem_responses(404))
async def delete_device(device_id: DeviceId, engine: Engine, redis: RedisClient, settings: CurrentSettings) -> Response:
    """Remove a device; devices behind it stay, without a parent."""
    async with engine.begin() as connection:
        revision = await queries.take_revision(connection)
        await queries.select_device(connection, device_id)
        await queries.delete_devices(connection, revision, [device_id])
    await announce(redis, settings, revision)
    return Response(status_code=204)


@router.get("/inventory/changes", response_model=InventoryChanges)
async def read_changes(
    engine: Engine,
    cache: Cache,
    since: Annotated[int, Query(ge=0, le=2**63 - 1, description="A revision; 0 for the whole inventory")] = 0,
) -> Response:
    """What changed in the inventory after a revision. How the workers keep the store in step, without a device read."""
    # A worker asks after each edit. Postgres may go away before the next reading, which is then made by what is known.
    inventory = await cache.current()
    async with engine.connect() as connection:
        ids = await select_changed_ids(connection, since)
        removed = await select_removed_ids(connection, since)
    # Edits since are of a later revision than is told, and come with the next question.
    changed = [inventory.devices[one] for one in ids if one in inventory.devices]
    return _json_response(await asyncio.to_thread(_encode_changes, inventory, changed, removed))


def _encode_changes(inventory: Inventory, changed: Sequence[Mapping[str, Any]], removed: Sequence[int]) -> bytes:
    head = {"inventory_id": inventory.inventory_id, "revision": inventory.revision, "removed": removed}
    return encode(head)[:-1] + b',"changed":' + encode(changed) + b"}"


SCHEMAS = (DeviceCreate, DeviceUpdate, DeviceEntry)
