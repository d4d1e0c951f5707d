"""Route of the present in bulk: all devices read now, answered in columns, as a refresh stores them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from dashnet.origins import TOUCHES_DEVICES
from dashnet.problems import problem_responses
from dashnet.reading import Reading, State
from services.network.dependencies import CurrentInventory, CurrentReader
from services.network.inventory_cache import Inventory
from services.network.models import InterfacePublic
from services.network.reader import encode, to_encodable

router = APIRouter(tags=["readings"], responses=problem_responses(403, 422, 503))


class CurrentReadings(BaseModel):
    """Readings as columns: a value for each device, in id order. Speeds in Mbit/s; null where a value is not known.

    `loss_ratios` and `jitters_seconds` are null where no device has any. `errors` and `interfaces` are those of the
    devices that have some, by id.
    """

    device_ids: list[int]
    active_connections: list[bool | None]
    upload_speeds: list[float | None]
    download_speeds: list[float | None]
    round_trips_seconds: list[float | None]
    loss_ratios: list[float | None] | None
    jitters_seconds: list[float | None] | None
    errors: dict[str, str]
    interfaces: dict[str, list[InterfacePublic]]


_COLUMNS: Mapping[str, Callable[[Reading], float | None]] = {
    "device_ids": attrgetter("device_id"),
    "upload_speeds": attrgetter("upload_speed"),
    "download_speeds": attrgetter("download_speed"),
    "round_trips_seconds": attrgetter("round_trip_seconds"),
}
_RARE_COLUMNS: Mapping[str, Callable[[Reading], float | None]] = {
    "loss_ratios": attrgetter("loss_ratio"),
    "jitters_seconds": attrgetter("jitter_seconds"),
}
_ACTIVE = {state: state.active_connection for state in State}


@router.get("/readings/now", response_model=CurrentReadings, dependencies=[TOUCHES_DEVICES])
async def read_now(
    inventory: CurrentInventory,
    reader: CurrentReader,
    after: Annotated[int, Query(ge=0, description="Only devices with a larger id")] = 0,
    until: Annotated[int | None, Query(ge=1, description="Only devices with this id or a smaller one")] = None,
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="At most so many; all without it")] = None,
) -> Response:
    """Read devices now and answer columns: the readings of `/devices/?interfaces=true` without the inventory.

    A page with fewer than `limit` devices is the last one.
    """
    readings = await reader.read(inventory, inventory.page(after, limit, until))
    encoded = await asyncio.to_thread(encode_readings, inventory, readings)
    return Response(encoded, media_type="application/json")


def encode_readings(inventory: Inventory, readings: Sequence[Reading]) -> bytes:
    """The JSON object of these readings' columns."""
    try:
        return encode(_to_columns(readings))
    except TypeError:
        # One that JSON has no place for must not cost everybody the reading.
        return encode(_to_columns([to_encodable(inventory, reading) for reading in readings]))


def _to_columns(readings: Sequence[Reading]) -> dict[str, Any]:
    return {
        **{name: list(map(column, readings)) for name, column in _COLUMNS.items()},
        **{name: _none_if_empty(map(column, readings)) for name, column in _RARE_COLUMNS.items()},
        "active_connections": [_ACTIVE[reading.state] for reading in readings],
        "errors": {str(one.device_id): one.error for one in readings if one.error is not None},
        "interfaces": {str(one.device_id): list(one.interfaces) for one in readings if one.interfaces},
    }


def _none_if_empty(column: Iterable[float | None]) -> list[float | None] | None:
    values = list(column)
    return values if values.count(None) < len(values) else None
