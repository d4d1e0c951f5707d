"""The route of state changes: which device turned when, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.problems import problem_responses
from dashnet.reading import State
from services.app.dependencies import CurrentPanel, Engine
from services.app.devices import find_device
from services.app.ranges import AskedRange, Range

router = APIRouter(prefix="/api", tags=["history"], responses=problem_responses(422, 503))


class StateChangePublic(BaseModel):
    """At the tick `at` a refresh found the device in another state than the one before."""

    device_id: int
    host_name: str
    from_state: State
    to_state: State
    at: datetime
    reason: str | None


@router.get("/state-changes", response_model=list[StateChangePublic], responses=problem_responses(404))
async def read_state_changes(
    panel: CurrentPanel,
    engine: Engine,
    asked: AskedRange,
    device_id: Annotated[int | None, Query(description="Only this device")] = None,
    to_state: Annotated[State | None, Query(description="Only changes to this state")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="The newest so many")] = 100,
) -> Response:
    """Who turned, the newest first. A device that was never read before is unknown."""
    if device_id is not None:
        find_device(panel, device_id)
    changes = await select_state_changes(engine, asked, device_id=device_id, to_state=to_state, limit=limit)
    return Response(orjson.dumps(changes, option=orjson.OPT_UTC_Z), media_type="application/json")


async def select_state_changes(
    engine: AsyncEngine, asked: Range, *, device_id: int | None, to_state: State | None, limit: int
) -> Sequence[dict[str, Any]]:
    """The newest changes within a range, of devices that are still there."""
    query = text(
        "SELECT device_id, host_name, from_state, to_state, at, reason FROM store.state_change "
        "JOIN store.device ON device.id = device_id WHERE at >= :begin AND at < :end "
        "AND (CAST(:device_id AS int) IS NULL OR device_id = :device_id) "
        "AND (CAST(:to_state AS text) IS NULL OR to_state = :to_state) ORDER BY at DESC, device_id LIMIT :limit"
    )
    values = {"begin": asked.begin, "end": asked.end, "device_id": device_id, "to_state": to_state, "limit": limit}
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(query, values)).mappings()]
