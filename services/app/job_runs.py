"""The ledger, read: what became of every tick, and whether refreshes are late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_args

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.problems import problem_responses
from dashnet.reading import to_tick
from dashnet.store import Outcome
from services.app.dependencies import Engine
from services.app.ranges import GivenMoment, ZoneOfDates, to_utc

router = APIRouter(prefix="/api", tags=["jobs"], responses=problem_responses(422, 503))

# Pages of a large refresh are part of their refresh.
ListedJob = Literal["refresh", "clean", "rollup", "backfill", "report"]
LATE_TICKS = 3
_MINUTE = timedelta(minutes=1)


class JobRunPublic(BaseModel):
    """A tick and what became of it; `outcome` is null while it runs.

    `attempt` is the number of the newest attempt: a run whose worker died is taken up by another, and a tick of the
    schedule that failed is tried again within its minute. All else is about that attempt.
    `progress`, from 0 to 1, is told by long jobs only.
    """

    id: int
    job: str
    tick: datetime
    requested_by: str
    attempt: int
    worker: str | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: Outcome | None
    progress: float | None
    device_count: int | None
    snapshot_count: int | None
    error: str | None


@router.get("/job-runs", response_model=list[JobRunPublic])
async def read_job_runs(
    engine: Engine,
    job: Annotated[ListedJob | None, Query(description="Only this job")] = None,
    outcome: Annotated[Outcome | None, Query(description="Only runs that ended so")] = None,
    before: Annotated[
        GivenMoment | None, Query(description="Only ticks before this time, or before a date with `zone`")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    zone: ZoneOfDates = None,
) -> Response:
    """The ledger's newest runs first. A tick that nobody ran stands in it too, as missed."""
    until = to_utc(before, zone, "before") if before else None
    runs = await select_job_runs(engine, job=job, outcome=outcome, before=until, limit=limit)
    return Response(orjson.dumps(runs, option=orjson.OPT_UTC_Z), media_type="application/json")


async def select_job_runs(
    engine: AsyncEngine, *, job: str | None, outcome: str | None, before: datetime | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Runs with the newest tick first."""
    query = text(
        "SELECT id, job, tick, requested_by, attempt, worker, started_at, finished_at, outcome, progress, "
        "device_count, snapshot_count, error FROM store.job_run WHERE job = ANY(:jobs) "
        "AND (CAST(:outcome AS text) IS NULL OR outcome = :outcome) "
        "AND (CAST(:before AS timestamptz) IS NULL OR tick < :before) ORDER BY tick DESC, id DESC LIMIT :limit"
    )
    jobs = [job] if job else list(get_args(ListedJob))
    values = {"jobs": jobs, "outcome": outcome, "before": before, "limit": limit}
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(query, values)).mappings()]


async def select_last_refresh(engine: AsyncEngine) -> datetime | None:
    """The tick of the newest refresh that was done."""
    query = text("SELECT max(tick) FROM store.job_run WHERE job = 'refresh' AND outcome = 'done'")
    async with engine.connect() as connection:
        newest: datetime | None = await connection.scalar(query)
    return newest


def is_late(last_refresh: datetime, now: datetime) -> bool:
    """Whether three ticks of refresh have gone by, each with its whole minute, since the last that was done."""
    over = to_tick(now) - _MINUTE
    gone_by = [over - back * _MINUTE for back in range(LATE_TICKS + 1)]
    ticks = [tick for tick in gone_by if tick.minute != 0 and tick > last_refresh]
    return len(ticks) >= LATE_TICKS
