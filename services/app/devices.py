"""Routes that read devices and their past, from the panel in memory and from the store."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator

from dashnet.errors import FieldError, InvalidInput, NotFound
from dashnet.messages import DeviceSnapShot, LiveDevice
from dashnet.problems import problem_responses
from dashnet.reading import State
from services.app.dependencies import CurrentPanel, Engine
from services.app.history import MOST_ROWS, select_history, select_summary_history
from services.app.panel import Panel

router = APIRouter(prefix="/api", tags=["devices"], responses=problem_responses(422, 503))

DEFAULT_RANGE = timedelta(days=1)

DeviceId = Annotated[int, Path(description="Id of a device", examples=[1])]


def _refuse_number(given: object) -> object:
    # pydantic would take it for seconds or milliseconds since 1970, whichever looks likelier.
    if isinstance(given, str) and not given.strip().strip("0123456789.+-"):
        raise ValueError("not an ISO 8601 time such as 2026-11-23T20:00:00Z")
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(_refuse_number)]
Begin = Annotated[Moment | None, Query(alias="from", description="First moment; a day before `to` without it")]
End = Annotated[Moment | None, Query(alias="to", description="Moment after the last; now without it")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="The newest so many")]


class Summary(BaseModel):
    """The network now: how many devices are in which state, and their traffic together in Mbit/s."""

    time_stamp: datetime | None
    devices: int
    up: int
    down: int
    unknown: int
    upload_speed: float
    download_speed: float


class SummaryPoint(BaseModel):
    """The same at one tick."""

    time_stamp: datetime
    upload_speed: float
    download_speed: float
    up: int
    down: int
    unknown: int


def _answer(document: object) -> Response:
    return Response(orjson.dumps(document, option=orjson.OPT_UTC_Z), media_type="application/json")


@router.get("/devices", response_model=list[LiveDevice])
async def read_devices(
    panel: CurrentPanel,
    after: Annotated[int, Query(ge=0, description="Only devices with a larger id")] = 0,
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="At most so many; all without it")] = None,
) -> Response:
    """All devices with their latest snapshot, in id order."""
    devices = panel.devices
    ids = sorted(devices)
    begin = bisect_right(ids, after)
    return _answer([devices[device_id] for device_id in ids[begin : None if limit is None else begin + limit]])


@router.get("/devices/{device_id}", response_model=LiveDevice, responses=problem_responses(404))
async def read_device(device_id: DeviceId, panel: CurrentPanel) -> Response:
    """One device with its latest snapshot."""
    return _answer(_find(panel, device_id))


def _find(panel: Panel, device_id: int) -> dict[str, Any]:
    device = panel.devices.get(device_id)
    if device is None:
        raise NotFound(f"there is no device {str(device_id)[:40]}")
    return device


@router.get("/devices/{device_id}/history", response_model=list[DeviceSnapShot], responses=problem_responses(404))
async def read_history(
    device_id: DeviceId, panel: CurrentPanel, engine: Engine, begin: Begin = None, end: End = None, limit: Limit = 1440
) -> Response:
    """A device's snapshots, oldest first."""
    _find(panel, device_id)
    return _answer(await select_history(engine, device_id, *_range(begin, end), limit))


@router.get("/summary", response_model=Summary)
async def read_summary(panel: CurrentPanel) -> Response:
    """The whole network now."""
    states = [device["state"] for device in panel.devices.values()]
    latest = [device["snap_shot"] for device in panel.devices.values() if device["snap_shot"]]
    return _answer(
        {
            "time_stamp": panel.time_stamp,
            "devices": len(states),
            "up": states.count(State.UP),
            "down": states.count(State.DOWN),
            "unknown": states.count(State.UNKNOWN),
            "upload_speed": round(sum(one["upload_speed"] for one in latest), 6),
            "download_speed": round(sum(one["download_speed"] for one in latest), 6),
        }
    )


@router.get("/summary/history", response_model=list[SummaryPoint])
async def read_summary_history(engine: Engine, begin: Begin = None, end: End = None, limit: Limit = 1440) -> Response:
    """The whole network tick by tick, oldest first; a tick without a snapshot is left out."""
    return _answer(await select_summary_history(engine, *_range(begin, end), limit))


def _range(begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """The range that was asked for, in UTC.

    Raises:
        InvalidInput: it ends before it begins, or lies outside the years 1 to 9999.
    """
    try:
        last = (end or datetime.now(UTC)).astimezone(UTC)
        first = (begin or last - DEFAULT_RANGE).astimezone(UTC)
    except OverflowError:
        raise _invalid("from", "outside the years 1 to 9999") from None
    if first > last:
        raise _invalid("from", "lies after to")
    return first, last


def _invalid(field: str, detail: str) -> InvalidInput:
    return InvalidInput(f"{field}: {detail}", [FieldError(field, detail)])
