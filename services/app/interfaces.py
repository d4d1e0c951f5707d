"""Routes of interfaces: those of a device with their latest values, and the past of one of them."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import NotFound
from dashnet.history.counts import InterfaceCounts, select_interface_counts
from dashnet.history.plan import Plan, make_plan
from dashnet.history.tiers import Tier, open_history, select_interface_extent
from dashnet.problems import problem_responses
from dashnet.reading import State, to_wire
from dashnet.spreadsheets import to_csv
from services.app.dependencies import CurrentPanel, Engine
from services.app.devices import DeviceId, find_device
from services.app.history import ALSO_CSV, to_csv_response, to_json
from services.app.points import round_mean, round_or_null
from services.app.series import CSV_POINTS_AT_ONCE, Asked, Question, Series, cut_edges, describe
from services.app.stored_interfaces import select_interface_id, select_interfaces

router = APIRouter(prefix="/api", tags=["interfaces"], responses=problem_responses(422, 503))

LONGEST_NAME = 255
# Machines that run containers show new ones all the time.
DEFAULT_INTERFACES, MOST_INTERFACES = 1_000, 10_000
MOST_TOLD_NAMES = 10


class InterfaceSnapShot(BaseModel):
    """What a reading saw of an interface, under its tick.

    Speeds are Mbit/s, errors and discards packets per second; null where there is none that is true.
    """

    time_stamp: datetime
    state: State
    upload_speed: float | None
    download_speed: float | None
    errors_in: float | None
    errors_out: float | None
    discards_in: float | None
    discards_out: float | None


class StoredInterface(BaseModel):
    """An interface that a device has shown; `line_speed` in Mbit/s, `interface_type` a number of IANA's ifType.

    `state` is `unknown` where the device's latest reading did not show it. `snap_shot` is the latest there is, null
    once it is past its retention.
    """

    name: str
    alias: str | None
    interface_type: int | None
    line_speed: float | None
    first_seen_at: datetime
    last_seen_at: datetime
    state: State
    snap_shot: InterfaceSnapShot | None


class InterfacePoint(BaseModel):
    """A bucket of one interface that begins at `time_stamp`: means of the time in which each rate was known.

    Speeds are Mbit/s with their extremes, errors and discards packets per second. What is not covered by `up_seconds`,
    `down_seconds` and `unknown_seconds` is time in which nobody looked.
    """

    time_stamp: datetime
    upload_speed: float | None
    upload_speed_min: float | None
    upload_speed_max: float | None
    download_speed: float | None
    download_speed_min: float | None
    download_speed_max: float | None
    errors_in: float | None
    errors_out: float | None
    discards_in: float | None
    discards_out: float | None
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    snapshots: int


class InterfaceHistory(Series):
    """One interface of a device, a point per bucket."""

    device_id: int
    interface: str
    points: list[InterfacePoint]


@router.get("/devices/{device_id}/interfaces", response_model=list[StoredInterface], responses=problem_responses(404))
async def read_interfaces(
    device_id: DeviceId,
    panel: CurrentPanel,
    engine: Engine,
    limit: Annotated[
        int, Query(ge=1, le=MOST_INTERFACES, description="At most so many: those that were seen last")
    ] = DEFAULT_INTERFACES,
) -> Response:
    """The interfaces of a device, those that it shows no more among them, each with its latest snapshot."""
    find_device(panel, device_id)
    return to_json(await select_interfaces(engine, device_id, limit))


@router.get(
    "/devices/{device_id}/interfaces/history",
    response_model=InterfaceHistory,
    responses=problem_responses(404) | ALSO_CSV,
)
async def read_interface_history(
    device_id: DeviceId,
    panel: CurrentPanel,
    engine: Engine,
    asked: Asked,
    interface: Annotated[
        str, Query(min_length=1, max_length=LONGEST_NAME, description="Name of an interface", examples=["eth0"])
    ],
) -> Response:
    """An interface's past: mean, minimum and maximum per bucket, and null where nobody looked."""
    find_device(panel, device_id)
    interface_id = await select_interface_id(engine, device_id, interface)
    if interface_id is None:
        raise await _no_interface(engine, device_id, interface)
    return await _answer(engine, asked, interface_id, {"device_id": device_id, "interface": interface})


async def _no_interface(engine: AsyncEngine, device_id: int, name: str) -> NotFound:
    names = [one["name"] for one in await select_interfaces(engine, device_id, MOST_TOLD_NAMES + 1)]
    listed = ", ".join(names[:MOST_TOLD_NAMES]) + (", …" if len(names) > MOST_TOLD_NAMES else "")
    told = f"it has: {listed}" if names else "none of its interfaces has been seen"
    return NotFound(f"device {device_id} has no interface {name[:80]!r}; {told}")


async def _answer(engine: AsyncEngine, asked: Question, interface_id: int, named: Mapping[str, Any]) -> Response:
    async with open_history(engine) as (connection, _):
        extent = await select_interface_extent(connection)
        step = asked.choose_step(extent, simulated=False)
        edges = asked.make_edges(step)
        raw_since, _ = extent.reach(Tier.RAW, simulated=False)
        if not asked.is_csv:
            plan = make_plan(edges, extent, simulated=False)
            points = to_interface_points(plan, await select_interface_counts(connection, plan, interface_id))
            return to_json({**describe(asked, step, plan, raw_since), **named, "points": points})

    async def lines() -> AsyncIterator[bytes]:
        yield to_csv([[*named, *InterfacePoint.model_fields]])
        for part in cut_edges(edges, CSV_POINTS_AT_ONCE):
            # Nothing is held while the client takes its time, or for ever.
            async with open_history(engine) as (connection, _):
                plan = make_plan(part, await select_interface_extent(connection), simulated=False)
                found = await select_interface_counts(connection, plan, interface_id)
            yield to_csv([*named.values(), *point.values()] for point in to_interface_points(plan, found))

    return to_csv_response(lines(), "interface")


def to_interface_points(plan: Plan, buckets: Mapping[int, InterfaceCounts]) -> list[dict[str, Any]]:
    """One interface's points, in the fields of `InterfacePoint`."""
    empty = InterfaceCounts()
    return [
        _to_point(begin, buckets.get(number, empty))
        for number, (begin, end) in enumerate(pairwise(plan.edges))
        if begin < end
    ]


def _to_point(begin: datetime, counts: InterfaceCounts) -> dict[str, Any]:
    return {
        "time_stamp": to_wire(begin),
        "upload_speed": round_mean(counts.upload_megabits, counts.upload_known_seconds),
        "upload_speed_min": round_or_null(counts.upload_min),
        "upload_speed_max": round_or_null(counts.upload_max),
        "download_speed": round_mean(counts.download_megabits, counts.download_known_seconds),
        "download_speed_min": round_or_null(counts.download_min),
        "download_speed_max": round_or_null(counts.download_max),
        "errors_in": round_mean(counts.errors_in_packets, counts.errors_in_known_seconds),
        "errors_out": round_mean(counts.errors_out_packets, counts.errors_out_known_seconds),
        "discards_in": round_mean(counts.discards_in_packets, counts.discards_in_known_seconds),
        "discards_out": round_mean(counts.discards_out_packets, counts.discards_out_known_seconds),
        "up_seconds": counts.up_seconds,
        "down_seconds": counts.down_seconds,
        "unknown_seconds": counts.unknown_seconds,
        "snapshots": counts.snapshot_count,
    }
