"""Route of the past in bulk: what the simulated devices show at many moments, in columns."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from dashnet.problems import problem_responses
from services.network.dependencies import CurrentInventory, CurrentReader
from services.network.drivers import simulated
from services.network.inventory_cache import Inventory
from services.network.moments import invalid_field, parse_moment
from services.network.reader import encode
from services.network.simulation import Fleet, Observation, observe_moments

router = APIRouter(tags=["readings"], responses=problem_responses(422, 503))

MOST_READINGS = 1_000_000
# With the devices above those of the answer, which must be looked at too.
MOST_OBSERVATIONS = 10 * MOST_READINGS

# So many at a time fit the caches of a CPU, and nobody waits long for the interpreter while they are encoded.
_BLOCK_OBSERVATIONS = 8192
_MOMENT = {"format": "date-time"}

Begin = Annotated[
    str,
    Query(
        alias="from",
        description="The first moment (ISO 8601; UTC where no offset is given)",
        json_schema_extra=_MOMENT,
        examples=["2026-11-23T20:00:00Z"],
    ),
]
End = Annotated[
    str,
    Query(
        alias="to",
        description="All moments lie before this one",
        json_schema_extra=_MOMENT,
        examples=["2026-11-23T21:00:00Z"],
    ),
]
StepSeconds = Annotated[int, Query(ge=1, le=86_400, description="Seconds from one moment to the next")]
After = Annotated[int, Query(ge=0, description="Only devices with a larger id")]
Limit = Annotated[int | None, Query(ge=1, le=100_000, description="At most so many devices; all without it")]


class PastReadings(BaseModel):
    """Readings as columns: a list for each time stamp, with a value for each device. Speeds in Mbit/s."""

    device_ids: list[int]
    time_stamps: list[datetime]
    active_connections: list[list[bool]]
    upload_speeds: list[list[float]]
    download_speeds: list[list[float]]
    round_trips_seconds: list[list[float | None]]


@dataclass(frozen=True, slots=True)
class Period:
    """`count` moments, the first at `begin`."""

    begin: datetime
    step_seconds: int
    count: int

    def time_stamps(self) -> Sequence[datetime]:
        """All moments, oldest first."""
        step = timedelta(seconds=self.step_seconds)
        return [self.begin + number * step for number in range(self.count)]


@router.get("/readings/", response_model=PastReadings)
async def read_past(
    inventory: CurrentInventory,
    reader: CurrentReader,
    begin: Begin,
    end: End,
    step_seconds: StepSeconds = 60,
    after: After = 0,
    limit: Limit = None,
) -> Response:
    """What the simulated devices show at `from` and every step after it before `to`; no other device has a past.

    An answer holds at most 1,000,000 readings. A page with fewer than `limit` devices is the last one.
    """
    period = parse_period(begin, end, step_seconds)

    def observe_and_encode() -> bytes:
        ids = list(islice(_simulated_ids(inventory, after), limit))
        fleet = reader.to_fleet(inventory, ids)
        _check_size(len(ids), len(fleet.ids), period.count)
        return _encode_past(ids, fleet, period)

    return Response(await asyncio.to_thread(observe_and_encode), media_type="application/json")


def parse_period(begin: str, end: str, step_seconds: int) -> Period:
    """The moments from `begin` up to, not including, `end`.

    Raises:
        InvalidInput: one of the two is no moment, or they are in the wrong order.
    """
    first, last = parse_moment(begin, "from"), parse_moment(end, "to")
    if first >= last:
        raise invalid_field("from", "does not lie before to")
    return Period(first, step_seconds, -((first - last) // timedelta(seconds=step_seconds)))


def _simulated_ids(inventory: Inventory, after: int) -> Iterator[int]:
    targets = inventory.targets
    return (one for one in inventory.page(after, None) if one in targets and targets[one].driver == simulated.NAME)


def _encode_past(ids: Sequence[int], fleet: Fleet, period: Period) -> bytes:
    columns: Sequence[list[bytes]] = ([], [], [], [])
    for seen in _observe_in_blocks(fleet, period):
        tables = seen.up, seen.upload_speed, seen.download_speed, seen.round_trip_seconds
        for column, table in zip(columns, tables, strict=True):
            rows = orjson.dumps(np.ascontiguousarray(table[:, : len(ids)]), option=orjson.OPT_SERIALIZE_NUMPY)
            column.append(rows[1:-1])
    names = "active_connections", "upload_speeds", "download_speeds", "round_trips_seconds"
    tables_by_name = {
        name: orjson.Fragment(b"[" + b",".join(column) + b"]") for name, column in zip(names, columns, strict=True)
    }
    return encode({"device_ids": ids, "time_stamps": period.time_stamps(), **tables_by_name})


def _check_size(devices: int, observed: int, moments: int) -> None:
    """Refuse what would take too long or too much memory; without devices the time stamps alone are bounded."""
    asked = (
        f"{devices:,} devices at {moments:,} moments are too many: an answer holds at most {MOST_READINGS:,} readings"
    )
    advice = "ask for a shorter time, a longer step, or a page of fewer devices with limit"
    if max(devices, 1) * moments > MOST_READINGS:
        raise invalid_field("to", f"{asked}; {advice}")
    if observed * moments > MOST_OBSERVATIONS:
        above = f"{MOST_OBSERVATIONS:,} with the {observed - devices:,} devices above them"
        raise invalid_field("to", f"{asked}, and {above}; {advice}")


def _observe_in_blocks(fleet: Fleet, period: Period) -> Iterator[Observation]:
    begin = simulated.seconds_since_epoch(period.begin)
    moments = begin + period.step_seconds * np.arange(period.count)
    rows = max(1, _BLOCK_OBSERVATIONS // max(1, len(fleet.ids)))
    return (observe_moments(fleet, moments[row : row + rows]) for row in range(0, period.count, rows))
