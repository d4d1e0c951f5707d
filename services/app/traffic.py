"""The route of traffic: bytes by device, tag or network, by hour, day or month, the busiest first."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.edge import NetworkKind, choose_kind, kind_of
from dashnet.history.buckets import Step
from dashnet.history.counts import (
    DeviceCounts,
    SummaryCounts,
    select_device_counts,
    select_summary_counts,
    select_tag_counts,
)
from dashnet.history.plan import Plan, make_plan
from dashnet.history.tiers import Tier, open_history
from dashnet.history.traffic import (
    Percentiles,
    billed_range,
    known_bytes,
    select_device_percentiles,
    select_network_percentiles,
    select_tag_percentiles,
)
from dashnet.problems import problem_responses
from dashnet.reading import to_wire
from services.app.dependencies import CurrentPanel, Engine
from services.app.devices import find_device, has_simulated
from services.app.kinds import AskedKind, check_kind
from services.app.panel import Panel
from services.app.ranges import AskedRange, AskedStep, AskedZone, invalid_field
from services.app.series import make_range_edges

router = APIRouter(prefix="/api", tags=["history"], responses=problem_responses(422, 503))

MOST_BUCKETS, MOST_CELLS = 2_000, 100_000

By = Literal["device", "tag", "network"]
Counts = Mapping[int, DeviceCounts] | Mapping[int, SummaryCounts]
Key = int | str
_NOT_KNOWN = {"uploaded_bytes": None, "downloaded_bytes": None}


class TrafficBucket(BaseModel):
    """A step of the range that begins at `time_stamp`."""

    time_stamp: datetime
    uploaded_bytes: int | None
    downloaded_bytes: int | None


class TrafficRow(BaseModel):
    """One device, tag or kind of network. The 95th percentiles are of five-minute means, in Mbit/s.

    They are null where not all five minutes of the range are kept any more, or none is whole; bytes are null where
    no speed was known. The network is counted at its edge; its row of the kind `all` has the traffic of every device
    added up, from before real and simulated ones were kept apart.
    """

    device_id: int | None = None
    host_name: str | None = None
    tag: str | None = None
    kind: NetworkKind | None = None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    upload_speed_95th: float | None
    download_speed_95th: float | None
    buckets: list[TrafficBucket]


class TrafficAnswer(BaseModel):
    """The busiest first; of the network the real devices first."""

    begin: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    zone: str
    step: str | None
    by: By
    tiers: list[Tier]
    exact: bool
    rows: list[TrafficRow]


@router.get("/traffic", response_model=TrafficAnswer, responses=problem_responses(404))
async def read_traffic(
    panel: CurrentPanel,
    engine: Engine,
    asked: AskedRange,
    zone: AskedZone,
    step: AskedStep,
    by: Annotated[By, Query(description="What a row is")] = "device",
    device_id: Annotated[int | None, Query(description="Only this device")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="The busiest so many")] = 20,
    kind: AskedKind = None,
) -> Response:
    """What was sent and received, in bytes; with `step` also by hours, or by days and months of the zone."""
    check_kind(kind, by)
    devices = panel.devices if device_id is None else {device_id: find_device(panel, device_id)}
    if device_id is not None and by != "device":
        raise invalid_field("device_id", f"asks for one device, but by={by} for more")
    edges = make_range_edges(asked, step, zone, MOST_CELLS // min(limit, MOST_BUCKETS)) if step else None
    simulated = has_simulated(devices.values())
    async with open_history(engine) as (connection, extent):
        whole = make_plan([asked.begin, asked.end], extent, simulated=simulated)
        found = await _select_counts(connection, whole, by, None if device_id is None else [device_id])
        busiest = _order(panel, found, by, kind)[:limit]
        within = billed_range(extent, asked.begin, asked.end)
        rates = await _select_percentiles(connection, within, by, busiest) if within else {}
        plan = make_plan(edges, extent, simulated=simulated) if edges else whole
        # Only now and only of these, for the steps of all would be too many to hold.
        parts = await _select_counts(connection, plan, by, busiest) if edges else {}
    rows = [
        {
            **_name(panel, by, key),
            **_add_up(found[key].values()),
            "upload_speed_95th": rates.get(key, Percentiles()).upload,
            "download_speed_95th": rates.get(key, Percentiles()).download,
            "buckets": _to_buckets(plan, parts.get(key, {})) if edges else [],
        }
        for key in busiest
    ]
    return _answer({**_describe(plan, zone, step), "by": by, "rows": rows})


def _describe(plan: Plan, zone: ZoneInfo, step: Step | None) -> dict[str, Any]:
    return {
        "from": to_wire(plan.edges[0]),
        "to": to_wire(plan.edges[-1]),
        "zone": zone.key,
        "step": str(step) if step else None,
        "tiers": plan.tiers,
        "exact": plan.is_exact,
    }


def _answer(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


async def _select_counts(
    connection: AsyncConnection, plan: Plan, by: By, keys: Sequence[Any] | None
) -> Mapping[Any, Counts]:
    """Of these devices or tags; of all without any."""
    if by == "device":
        return await select_device_counts(connection, plan, keys)
    if by == "tag":
        return await select_tag_counts(connection, plan, keys)
    return await select_summary_counts(connection, plan)


async def _select_percentiles(
    connection: AsyncConnection, within: tuple[datetime, datetime], by: By, keys: list[Any]
) -> Mapping[Any, Percentiles]:
    if by == "device":
        return await select_device_percentiles(connection, within, keys)
    if by == "tag":
        return await select_tag_percentiles(connection, within, keys)
    return await select_network_percentiles(connection, within)


def _order(panel: Panel, found: Mapping[Any, Counts], by: By, kind: NetworkKind | None) -> list[Any]:
    """The keys that have a row, in its order. Removed devices count for the network, but have no row of their own."""
    if by == "network":
        return [kind] if kind else _list_kinds(panel, found)
    shown = (key for key in found if by != "device" or key in panel.devices)
    return sorted(shown, key=lambda key: _rank(found[key], key))


def _list_kinds(panel: Panel, found: Mapping[NetworkKind, Counts]) -> list[NetworkKind]:
    """The kinds of devices that there are or were, and all together where they were added up so."""
    drivers = [device["driver"] for device in panel.devices.values()]
    apart = [kind for kind in (NetworkKind.REAL, NetworkKind.SIMULATED) if found[kind]]
    if _add_up(found[NetworkKind.ALL].values()) != _NOT_KNOWN:
        return [*apart, NetworkKind.ALL]
    there = {choose_kind(drivers), *map(kind_of, drivers), *apart}
    return [kind for kind in NetworkKind if kind in there]


def _rank(buckets: Counts, key: Key) -> tuple[float, str]:
    return -sum(counts.upload_megabits + counts.download_megabits for counts in buckets.values()), str(key)


def _name(panel: Panel, by: By, key: Any) -> dict[str, Any]:
    if by == "device":
        return {"device_id": key, "host_name": panel.devices[key]["host_name"]}
    return {"tag" if by == "tag" else "kind": key}


def _add_up(counted: Collection[DeviceCounts | SummaryCounts]) -> dict[str, int | None]:
    return {
        f"{name}ed_bytes": known_bytes(
            sum(getattr(counts, f"{name}_megabits") for counts in counted),
            sum(getattr(counts, f"{name}_known_seconds") for counts in counted),
        )
        for name in ("upload", "download")
    }


def _to_buckets(plan: Plan, buckets: Counts) -> list[dict[str, Any]]:
    return [
        {"time_stamp": to_wire(begin), **_add_up([buckets[number]] if number in buckets else [])}
        for number, begin in enumerate(plan.edges[:-1])
        if begin < plan.edges[number + 1]
    ]
