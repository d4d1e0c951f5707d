"""Routes of availability: how much of a range devices were up, their outages, and what the ledger says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.edge import NetworkKind
from dashnet.history.availability import (
    Availability,
    Outage,
    group_by_tag,
    select_device_availability,
    select_network_availability,
    select_outages,
    select_tag_availability,
)
from dashnet.history.plan import make_plan
from dashnet.history.stretches import Parts, leave_out
from dashnet.history.tiers import Tier, open_history
from dashnet.problems import problem_responses
from dashnet.reading import to_wire
from services.app.dependencies import CurrentPanel, Engine
from services.app.devices import find_device, has_simulated
from services.app.kinds import AskedKind, check_kind
from services.app.ranges import AskedRange, Excluded, Range, invalid_field

router = APIRouter(prefix="/api", tags=["history"], responses=problem_responses(422, 503))

MOST_ROWS = 10_000

OneDevice = Annotated[int | None, Query(description="Only this device")]


class AvailabilityRow(BaseModel):
    """One device, tag or the network; seconds of a tag or the network are those of its devices added up.

    Ratios are shares of the observed time. `unobserved_seconds` is time in which nobody looked, counted from when the
    device was read for the first time: no worker was up, or a tick was missed; of the network it is the time in which
    no device was read. Of devices: `outages` counts times down, the means are up time per outage and its length.
    """

    device_id: int | None = None
    host_name: str | None = None
    tag: str | None = None
    kind: NetworkKind | None = None
    up_ratio: float | None
    down_ratio: float | None
    unknown_ratio: float | None
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    unobserved_seconds: int
    outages: int | None = None
    mean_seconds_between_failures: float | None = None
    mean_seconds_to_repair: float | None = None


class AvailabilityAnswer(BaseModel):
    """`ticks` is what the ledger says of the refreshes in the range, as far as it reaches back: how many ended how."""

    begin: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    seconds: int = Field(description="Of the range, without what was excluded")
    by: Literal["device", "tag", "network"]
    tiers: list[Tier]
    exact: bool
    ticks: dict[str, int]
    rows: list[AvailabilityRow]


class OutagePublic(BaseModel):
    """A device was found down at `begin` and otherwise at `end`, null while it goes on; `seconds` is in the range."""

    device_id: int
    host_name: str
    begin: datetime
    end: datetime | None
    seconds: int
    reason: str | None


@router.get("/availability", response_model=AvailabilityAnswer, responses=problem_responses(404))
async def read_availability(
    panel: CurrentPanel,
    engine: Engine,
    asked: AskedRange,
    excluded: Excluded,
    by: Annotated[Literal["device", "tag", "network"], Query(description="What a row is")] = "device",
    device_id: OneDevice = None,
    kind: AskedKind = None,
) -> Response:
    """How much of a range devices were up, down and unknown; the worst first. Time that nobody looked is told apart."""
    devices = panel.devices if device_id is None else {device_id: find_device(panel, device_id)}
    if device_id is not None and by != "device":
        raise invalid_field("device_id", f"asks for one device, but by={by} for more")
    check_kind(kind, by)
    parts = leave_out(asked.begin, asked.end, [(one.begin, one.end) for one in excluded])
    async with open_history(engine) as (connection, extent):
        plan = make_plan(parts.edges, extent, simulated=has_simulated(devices.values()), wanted=parts.wanted)
        parts = Parts(plan.edges, parts.wanted)
        rows: list[dict[str, Any]]
        if by == "network":
            one = kind or NetworkKind.ALL
            rows = [{"kind": one, **_to_row(await select_network_availability(connection, plan, parts.seconds, one))}]
        elif by == "tag":
            found = await select_tag_availability(connection, plan, parts, group_by_tag(devices.values()))
            rows = [{"tag": tag, **_to_row(its)} for tag, its in found.items()]
        else:
            ids = None if device_id is None else [device_id]
            known = await select_device_availability(connection, plan, parts, ids)
            outages = await select_outages(connection, asked.begin, asked.end, ids)
            rows = _to_device_rows(devices, known, outages, parts)
        ticks = await _count_ticks(connection, asked)
    return _to_json(
        {
            "from": to_wire(plan.edges[0]),
            "to": to_wire(plan.edges[-1]),
            "seconds": parts.seconds,
            "by": by,
            "tiers": plan.tiers,
            "exact": plan.is_exact,
            "ticks": ticks,
            "rows": sorted(rows, key=_worst_first),
        }
    )


def _to_row(one: Availability) -> dict[str, Any]:
    return {
        "up_ratio": one.ratio(one.up_seconds),
        "down_ratio": one.ratio(one.down_seconds),
        "unknown_ratio": one.ratio(one.unknown_seconds),
        **{name: int(seconds) for name, seconds in asdict(one).items()},
    }


def _to_device_rows(
    devices: Mapping[int, dict[str, Any]],
    known: Mapping[int, Availability],
    outages: Sequence[Outage],
    parts: Parts,
) -> list[dict[str, Any]]:
    lengths: dict[int, list[int]] = {}
    for outage in outages:
        if seconds := _seconds_in(outage, parts):
            lengths.setdefault(outage.device_id, []).append(seconds)
    nothing = Availability(0, 0, 0, parts.seconds)
    return [
        {
            "device_id": device_id,
            "host_name": device["host_name"],
            **_to_row(one := known.get(device_id, nothing)),
            "outages": len(its := lengths.get(device_id, [])),
            "mean_seconds_between_failures": round(one.up_seconds / len(its), 1) if its else None,
            "mean_seconds_to_repair": round(sum(its) / len(its), 1) if its else None,
        }
        for device_id, device in devices.items()
    ]


def _seconds_in(outage: Outage, parts: Parts) -> int:
    lengths = (outage.seconds_within(begin, end) for begin, end in pairwise(parts.edges))
    return sum(length for length, wanted in zip(lengths, parts.wanted, strict=True) if wanted)


def _worst_first(row: dict[str, Any]) -> tuple[float, str, int]:
    ratio = row["up_ratio"]
    return (2.0 if ratio is None else ratio, row.get("tag", ""), row.get("device_id", 0))


async def _count_ticks(connection: AsyncConnection, asked: Range) -> dict[str, int]:
    query = text(
        "SELECT coalesce(outcome, 'running') AS outcome, count(*) AS ticks FROM store.job_run "
        "WHERE job = 'refresh' AND tick >= :begin AND tick < :end GROUP BY 1"
    )
    counted = {row.outcome: row.ticks for row in await connection.execute(query, asdict(asked))}
    return {outcome: counted.get(outcome, 0) for outcome in ("done", "skipped", "missed", "failed", "running")}


@router.get("/outages", response_model=list[OutagePublic], responses=problem_responses(404))
async def read_outages(
    panel: CurrentPanel,
    engine: Engine,
    asked: AskedRange,
    device_id: OneDevice = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="The newest so many")] = 1000,
) -> Response:
    """Times that devices were down within a range, the newest first; one that began before it has its true begin."""
    if device_id is not None:
        find_device(panel, device_id)
    async with open_history(engine) as (connection, _):
        outages = await select_outages(connection, asked.begin, asked.end, None if device_id is None else [device_id])
    return _to_json(
        [
            {
                "device_id": outage.device_id,
                "host_name": panel.devices[outage.device_id]["host_name"],
                "begin": to_wire(outage.begin),
                "end": to_wire(outage.end) if outage.end else None,
                "seconds": outage.seconds_within(asked.begin, asked.end),
                "reason": outage.reason,
            }
            for outage in reversed(outages)
            if outage.device_id in panel.devices
        ][:limit]
    )


def _to_json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
