"""Route of whole fleets: the inventory is brought to a list of devices in one transaction, or not at all."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from dashnet.problems import problem_responses
from services.network import inventory as queries
from services.network.bodies import MOST_DEVICES, parse_entries
from services.network.changes import select_packed
from services.network.dependencies import CurrentKeys, CurrentSettings, Engine, RedisClient
from services.network.drivers import check_driver
from services.network.edits import ONE_AT_A_TIME, announce, json_body, read_json_body
from services.network.fleet_changes import FleetChanges, encode_changes
from services.network.fleet_plan import Mode, plan_fleet
from services.network.moments import invalid_field

router = APIRouter(tags=["devices"], responses=problem_responses(422, 503))

_ENTRIES = {
    "type": "array",
    "items": {"$ref": "#/components/schemas/DeviceEntry"},
    "minItems": 1,
    "maxItems": MOST_DEVICES,
}


@router.put(
    "/devices/",
    response_model=FleetChanges,
    dependencies=[ONE_AT_A_TIME],
    responses=problem_responses(409, 413, 415),
    openapi_extra=json_body(_ENTRIES),
)
async def apply_fleet(
    request: Request,
    engine: Engine,
    redis: RedisClient,
    settings: CurrentSettings,
    keys: CurrentKeys,
    dry_run: Annotated[bool, Query(description="Only tell what would change")] = False,
    prune: Annotated[bool, Query(description="Remove every device that is not in the list")] = False,
    left_out: Annotated[
        Literal["default", "keep"],
        Query(description="What a field that is left out means for a device that is there: its default, or no change"),
    ] = "default",
    new_driver: Annotated[
        str, Query(max_length=255, description="Driver of new devices that name none", examples=["simulated"])
    ] = "simulated",
) -> Response:
    """Add and change devices, told apart by MAC address, and tell what changed; all or nothing, twice is as once."""
    try:
        check_driver(new_driver)
    except ValueError as error:
        raise invalid_field("new_driver", str(error)) from None
    entries = await asyncio.to_thread(parse_entries, await read_json_body(request))
    mode = Mode(prune=prune, keep=left_out == "keep", new_driver=new_driver)
    async with engine.connect() as connection, connection.begin() as transaction:
        revision = await queries.take_revision(connection)
        stored = await select_packed(connection)
        plan = await asyncio.to_thread(plan_fleet, entries, stored, mode, keys)
        is_edit = not (dry_run or plan.is_empty)
        if is_edit:
            plan = plan.with_ids(await queries.reserve_ids(connection, len(plan.created)))
            await queries.write_plan(connection, revision, plan.created, plan.changed, plan.removed)
        else:
            # The revision was taken for its lock alone.
            await transaction.rollback()
    if is_edit:
        await announce(redis, settings, revision)
    content = await asyncio.to_thread(encode_changes, plan, stored, dry_run=dry_run)
    return Response(content, media_type="application/json")
