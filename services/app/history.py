"""Routes of the past as series: of a device, of several, of all together. Every answer says what it was made of."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.edge import NetworkKind, choose_kind
from dashnet.history.counts import select_device_counts, select_summary_counts
from dashnet.history.plan import make_plan
from dashnet.history.tiers import Tier, open_history
from dashnet.problems import problem_responses
from dashnet.spreadsheets import to_csv
from services.app.dependencies import CurrentPanel, Engine
from services.app.devices import DeviceId, find_device, has_simulated
from services.app.kinds import AskedKind
from services.app.points import (
    DEVICE_POINT_FIELDS,
    SUMMARY_POINT_FIELDS,
    DevicePoint,
    SummaryPoint,
    to_device_points,
    to_summary_points,
)
from services.app.ranges import invalid_field
from services.app.series import CSV_POINTS_AT_ONCE, Asked, Question, Series, cut_edges, describe

router = APIRouter(prefix="/api", tags=["history"], responses=problem_responses(422, 503))

MOST_DEVICES = 100
ALSO_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


class DeviceHistory(Series):
    """One device, a point per bucket."""

    device_id: int
    points: list[DevicePoint]


class DevicePoints(BaseModel):
    """One of several devices."""

    device_id: int
    host_name: str
    points: list[DevicePoint]


class DevicesHistory(Series):
    """Several devices over the same buckets."""

    devices: list[DevicePoints]


class SummaryHistory(Series):
    """All devices of a kind together, a point per bucket."""

    kind: NetworkKind
    points: list[SummaryPoint]


@router.get("/devices/history", response_model=DevicesHistory, responses=problem_responses(404) | ALSO_CSV)
async def read_several(
    panel: CurrentPanel,
    engine: Engine,
    asked: Asked,
    device_ids: Annotated[str, Query(max_length=2_000, description="Ids, parted by commas", examples=["1,2"])],
) -> Response:
    """Several devices over the same buckets."""
    ids = _parse_ids(device_ids)
    devices = [find_device(panel, device_id) for device_id in ids]
    answer = await _answer_devices(engine, asked, ids, simulated=has_simulated(devices))
    if isinstance(answer, Response):
        return answer
    head, points = answer
    series = [{"device_id": one["id"], "host_name": one["host_name"], "points": points[one["id"]]} for one in devices]
    return to_json({**head, "devices": series})


@router.get("/devices/{device_id}/history", response_model=DeviceHistory, responses=problem_responses(404) | ALSO_CSV)
async def read_history(device_id: DeviceId, panel: CurrentPanel, engine: Engine, asked: Asked) -> Response:
    """A device's past: mean, minimum and maximum per bucket, and null where nobody looked."""
    device = find_device(panel, device_id)
    answer = await _answer_devices(engine, asked, [device_id], simulated=has_simulated([device]))
    if isinstance(answer, Response):
        return answer
    head, points = answer
    return to_json({**head, "device_id": device_id, "points": points[device_id]})


@router.get("/summary/history", response_model=SummaryHistory, responses=ALSO_CSV)
async def read_summary_history(panel: CurrentPanel, engine: Engine, asked: Asked, kind: AskedKind = None) -> Response:
    """The network's past: sums at its edge, their mean, minimum and maximum per bucket.

    Without `kind` it is that of the real devices, or of the simulated ones where there are no others now; buckets from
    before the two were kept apart are then of all devices, as their `kind` says.
    """
    simulated = has_simulated(panel.devices.values())
    shown = kind or choose_kind(device["driver"] for device in panel.devices.values())
    to_points = partial(to_summary_points, kind=shown, with_earlier=kind is None)
    async with open_history(engine) as (connection, extent):
        raw_since, _ = extent.reach(Tier.RAW, simulated=simulated)
        step = asked.choose_step(extent, simulated=simulated)
        edges = asked.make_edges(step)
        if not asked.is_csv:
            plan = make_plan(edges, extent, simulated=simulated)
            points = to_points(plan, await select_summary_counts(connection, plan))
            return to_json({**describe(asked, step, plan, raw_since), "kind": shown, "points": points})

    async def lines() -> AsyncIterator[bytes]:
        yield to_csv([SUMMARY_POINT_FIELDS])
        for part in cut_edges(edges, CSV_POINTS_AT_ONCE):
            # Nothing is held while the client takes its time, or for ever.
            async with open_history(engine) as (connection, extent):
                plan = make_plan(part, extent, simulated=simulated)
                found = await select_summary_counts(connection, plan)
            yield to_csv(list(point.values()) for point in to_points(plan, found))

    return to_csv_response(lines(), "summary")


async def _answer_devices(
    engine: AsyncEngine, asked: Question, ids: Sequence[int], *, simulated: bool
) -> Response | tuple[dict[str, Any], dict[int, list[dict[str, Any]]]]:
    """The head of the answer and the points of each device; or, as CSV, the whole answer."""
    async with open_history(engine) as (connection, extent):
        raw_since, _ = extent.reach(Tier.RAW, simulated=simulated)
        step = asked.choose_step(extent, simulated=simulated, series=len(ids))
        edges = asked.make_edges(step, len(ids))
        if not asked.is_csv:
            plan = make_plan(edges, extent, simulated=simulated)
            found = await select_device_counts(connection, plan, ids)
            points = {device_id: to_device_points(plan, found.get(device_id, {})) for device_id in ids}
            return describe(asked, step, plan, raw_since), points

    async def lines() -> AsyncIterator[bytes]:
        yield to_csv([["device_id", *DEVICE_POINT_FIELDS]])
        for part in cut_edges(edges, max(1, CSV_POINTS_AT_ONCE // len(ids))):
            # Nothing is held while the client takes its time, or for ever.
            async with open_history(engine) as (connection, extent):
                plan = make_plan(part, extent, simulated=simulated)
                found = await select_device_counts(connection, plan, ids)
            for device_id in ids:
                points = to_device_points(plan, found.get(device_id, {}))
                yield to_csv([device_id, *point.values()] for point in points)

    return to_csv_response(lines(), "history")


def _parse_ids(given: str) -> Sequence[int]:
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise invalid_field("device_ids", "not ids parted by commas, such as 1,2,3")
    if len(parts) > MOST_DEVICES:
        raise invalid_field("device_ids", f"names {len(parts)} devices; at most {MOST_DEVICES} at once")
    return sorted({int(part) for part in parts})


def to_json(document: object) -> Response:
    """An answer in JSON."""
    return Response(orjson.dumps(document), media_type="application/json")


def to_csv_response(lines: AsyncIterator[bytes], name: str) -> Response:
    """A streamed answer in CSV, to be saved under this name."""
    headers = {"content-disposition": f'attachment; filename="dashnet-{name}.csv"'}
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
