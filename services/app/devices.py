"""Routes that read devices as they are now, from the panel in memory."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from dashnet.clocks import LONGEST_AHEAD
from dashnet.edge import NetworkKind, choose_kind, kind_of
from dashnet.errors import NotFound
from dashnet.messages import LiveDevice
from dashnet.problems import problem_responses
from dashnet.reading import State, add_known
from services.app.dependencies import CurrentPanel
from services.app.kinds import AskedKind
from services.app.panel import Panel

router = APIRouter(prefix="/api", tags=["devices"], responses=problem_responses(422, 503))

DeviceId = Annotated[int, Path(description="Id of a device", examples=[1])]


class KindSummary(BaseModel):
    """All real or all simulated devices now; speeds are sums at the edge, null where none is known."""

    devices: int
    up: int
    down: int
    unknown: int
    upload_speed: float | None
    download_speed: float | None


class Summary(BaseModel):
    """The network now: how many devices are in which state, and their traffic together in Mbit/s.

    Speeds are sums over the devices at the edge of the network whose speeds are known, and null where none is. Real and
    simulated devices are never added up: without `kind` the states are those of all devices, and the speeds those of
    the real ones, or of the simulated ones where there are no others, as the answer's `kind` says.
    `storing_delayed_since` is the oldest tick whose readings wait for Postgres. `seconds_ahead` is set while the newest
    tick is ahead of the clock, which was set back: no device shows a newer reading before then.
    """

    time_stamp: datetime | None
    kind: NetworkKind
    devices: int
    up: int
    down: int
    unknown: int
    upload_speed: float | None
    download_speed: float | None
    real: KindSummary
    simulated: KindSummary
    storing_delayed_since: datetime | None
    seconds_ahead: float | None


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
    return _answer(find_device(panel, device_id))


def find_device(panel: Panel, device_id: int) -> dict[str, Any]:
    """The device as it is now.

    Raises:
        NotFound: there is none of that id.
    """
    device = panel.devices.get(device_id)
    if device is None:
        raise NotFound(f"there is no device {str(device_id)[:40]}")
    return device


@router.get("/summary", response_model=Summary)
async def read_summary(panel: CurrentPanel, kind: AskedKind = None) -> Response:
    """The whole network now, real and simulated devices apart."""
    devices = panel.devices.values()
    by_kind = {
        one.value: _sum_up([device for device in devices if kind_of(device["driver"]) is one], panel.edge)
        for one in (NetworkKind.REAL, NetworkKind.SIMULATED)
    }
    shown = kind or choose_kind(device["driver"] for device in devices)
    every = {name: sum(one[name] or 0 for one in by_kind.values()) for name in ("devices", *map(str, State))}
    nothing = {"upload_speed": None, "download_speed": None}
    return _answer(
        {
            "time_stamp": panel.time_stamp,
            "storing_delayed_since": panel.storing_delayed_since,
            "seconds_ahead": _count_ahead(panel),
            "kind": shown,
            **by_kind.get(shown, nothing),
            **(every if kind in (None, NetworkKind.ALL) else {}),
            **by_kind,
        }
    )


def _sum_up(devices: Sequence[Mapping[str, Any]], edge: Collection[int]) -> dict[str, float | None]:
    states = [device["state"] for device in devices]
    latest = [device["snap_shot"] for device in devices if device["snap_shot"] and device["id"] in edge]
    return {
        "devices": len(states),
        **{state.value: states.count(state) for state in State},
        "upload_speed": _round(add_known(one["upload_speed"] for one in latest)),
        "download_speed": _round(add_known(one["download_speed"] for one in latest)),
    }


def _round(speed: float | None) -> float | None:
    return None if speed is None else round(speed, 6)


def _count_ahead(panel: Panel) -> float | None:
    if panel.time_stamp is None:
        return None
    ahead = datetime.fromisoformat(panel.time_stamp) - datetime.now(UTC)
    return ahead.total_seconds() if ahead > LONGEST_AHEAD else None


def has_simulated(devices: Iterable[dict[str, Any]]) -> bool:
    """Whether one of these devices is simulated: of those the hourly clean leaves less past."""
    return any(device["driver"] == "simulated" for device in devices)
