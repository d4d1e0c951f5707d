"""Route of what a device says of itself."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from dashnet.errors import Conflict, DriverFault
from dashnet.origins import TOUCHES_DEVICES
from dashnet.problems import problem_responses
from services.network import inventory as queries
from services.network.dependencies import CurrentInventory, CurrentReader
from services.network.reader import encode

router = APIRouter(tags=["devices"], responses=problem_responses(422, 503))

DeviceId = Annotated[int, Path(description="Id of a device", examples=[1])]


class DeviceFacts(BaseModel):
    """What a device tells of itself; null what it does not.

    `operating_system` and `device_type` are proposals for the inventory, made of the rest; nothing changes by itself.
    """

    system_name: str | None
    description: str | None
    object_id: str | None
    location: str | None
    contact: str | None
    uptime_seconds: float | None
    vendor: str | None
    model: str | None
    serial: str | None
    operating_system: str | None
    device_type: str | None


@router.get(
    "/devices/{device_id}/facts",
    response_model=DeviceFacts,
    responses=problem_responses(403, 404, 409, 502, 504),
    dependencies=[TOUCHES_DEVICES],
)
async def read_facts(device_id: DeviceId, inventory: CurrentInventory, reader: CurrentReader) -> Response:
    """Ask a device now what it is.

    409 where its driver cannot ask, 504 where the device does not answer, 502 where the fault is on our side.
    """
    if device_id not in inventory.devices:
        raise queries.no_device(device_id)
    if device_id in inventory.faults:
        raise DriverFault(inventory.faults[device_id])
    target = inventory.targets[device_id]
    describer = reader.describers.get(target.driver)
    if describer is None:
        able = ", ".join(sorted(reader.describers))
        raise Conflict(f"driver {target.driver!r} cannot ask a device what it is; these can: {able}")
    return Response(encode(await reader.describe(describer, target)), media_type="application/json")
