"""The route of reports: the figures of a month, made by a job, as JSON, a page, a PDF or a table."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, cast
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.errors import ServiceUnavailable
from dashnet.history.report import ReportFigures, parse_month
from dashnet.jobs import Job, request_once
from dashnet.problems import problem_responses
from dashnet.reading import to_wire
from dashnet.security_headers import make_style_policy
from dashnet.settings import Settings
from services.app.dependencies import CurrentSettings, Engine, RedisClient
from services.app.older_reports import renew
from services.app.ranges import AskedZone, invalid_field

router = APIRouter(prefix="/api", tags=["history"], responses=problem_responses(422, 503))

# A report of a month that goes on is made anew when it is older; one of a month that is over once all is rolled up.
FRESH_FOR = timedelta(minutes=5)
FINAL_AFTER = timedelta(minutes=15)
WAIT_SECONDS, POLL_SECONDS, RETRY_AFTER_SECONDS = 10.0, 0.2, 1


class Format(StrEnum):
    """What figures can be made into."""

    JSON = "json"
    HTML = "html"
    PDF = "pdf"
    CSV = "csv"


_MEDIA_TYPES = {
    Format.JSON: "application/json",
    Format.HTML: "text/html; charset=utf-8",
    Format.PDF: "application/pdf",
    Format.CSV: "text/csv; charset=utf-8",
}


class ReportProgress(BaseModel):
    """The report is being made; `progress` goes from 0 to 1, and is null before a worker took it up."""

    month: str
    zone: str
    progress: float | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A month in a zone, with its moments."""

    month: str
    zone: ZoneInfo
    begin: datetime
    end: datetime

    @property
    def arguments(self) -> tuple[str, str]:
        return self.month, self.zone.key


@router.get(
    "/reports/{month}",
    response_model=ReportFigures,
    responses={
        200: {"content": {one: {"schema": {"type": "string"}} for one in ("text/html", "application/pdf", "text/csv")}},
        202: {"model": ReportProgress, "description": "Not made yet: ask again"},
    },
)
async def read_report(
    month: Annotated[str, Path(description="Such as 2026-10", examples=["2026-10"])],
    zone: AskedZone,
    engine: Engine,
    redis: RedisClient,
    settings: CurrentSettings,
    format: Annotated[Format, Query(description="What to make of the figures")] = Format.JSON,
) -> Response:
    """The figures of a month. The first to ask has them made by a worker; 202 tells how far it has come."""
    asked = _parse(month, zone)
    figures = await _select_figures(engine, asked)
    if figures is None:
        tick = await _ask(engine, redis, settings, asked)
        figures = None if tick is None else await _wait(engine, asked, tick)
        if figures is None:
            return await _answer_progress(engine, asked, tick)
    content = figures if format is Format.JSON else await asyncio.to_thread(_render, figures, format)
    return Response(content, media_type=_MEDIA_TYPES[format], headers=_make_headers(content, asked, format))


def _make_headers(content: bytes, asked: _Asked, format: Format) -> dict[str, str]:
    """A browser shows the page, with the style that it has inside, and keeps tables and PDFs as files."""
    if format is Format.JSON:
        return {}
    if format is Format.HTML:
        return {"content-security-policy": make_style_policy(content.decode())}
    return {"content-disposition": f'attachment; filename="{_name(asked, format)}"'}


async def _answer_progress(engine: AsyncEngine, asked: _Asked, tick: datetime | None) -> Response:
    _, progress = (None, None) if tick is None else await _select_run(engine, tick)
    document = {"month": asked.month, "zone": asked.zone.key, "progress": progress}
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
    return Response(orjson.dumps(document), 202, media_type="application/json", headers=headers)


def _render(figures: bytes, format: Format) -> bytes:
    # What makes PDFs takes a while to import, and most processes never make one.
    from services.app.report_csv import to_csv_report
    from services.app.report_html import to_html
    from services.app.report_pdf import to_pdf

    make = {Format.HTML: to_html, Format.PDF: to_pdf, Format.CSV: to_csv_report}[format]
    return make(orjson.loads(figures))


def _name(asked: _Asked, format: Format) -> str:
    return f"dashnet-{asked.month}.{format.value}"


def _parse(month: str, zone: ZoneInfo) -> _Asked:
    try:
        begin, end = parse_month(month, zone)
    except ValueError as error:
        raise invalid_field("month", str(error)) from None
    if begin >= datetime.now(UTC):
        raise invalid_field("month", f"{month} has not begun yet")
    return _Asked(month, zone, begin, end)


async def _select_figures(engine: AsyncEngine, asked: _Asked) -> bytes | None:
    """The report as JSON; None where there is none that is fresh, and the past it tells of was not written since."""
    query = text(
        "SELECT made_at, figures::text, figures ? 'traffic_kind' AS is_current FROM store.report "
        "WHERE month = :month AND zone = :zone AND made_at > "
        "coalesce((SELECT max(finished_at) FROM store.job_run WHERE job = 'backfill'), '-infinity')"
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query, {"month": asked.month, "zone": asked.zone.key})).one_or_none()
    if row is None:
        return None
    is_fresh = row.made_at >= asked.end + FINAL_AFTER or row.made_at > datetime.now(UTC) - FRESH_FOR
    if not is_fresh:
        return None
    return row.figures.encode() if row.is_current else await asyncio.to_thread(_renew, row.figures)


def _renew(stored: str) -> bytes:
    return orjson.dumps(renew(orjson.loads(stored)))


async def _ask(engine: AsyncEngine, redis: Redis, settings: Settings, asked: _Asked) -> datetime | None:
    """Have it made, unless that is under way already; returns the tick of the run that makes it.

    None where too many are made already.
    """
    query = text(
        "SELECT (SELECT max(tick) FROM store.job_run WHERE job = 'report' AND outcome IS NULL "
        "AND arguments = CAST(:arguments AS jsonb)) AS running, "
        "(SELECT made_at FROM store.report WHERE month = :month AND zone = :zone) AS made_at"
    )
    month, zone = asked.arguments
    values = {"arguments": orjson.dumps(asked.arguments).decode(), "month": month, "zone": zone}
    async with engine.connect() as connection:
        row = (await connection.execute(query, values)).one()
    if row.running:
        return cast(datetime, row.running)
    # Whoever finds the same report out of date asks for the same one.
    name = f"{month}:{zone}:{to_wire(row.made_at) if row.made_at else 'first'}"
    try:
        return await request_once(redis, settings, Job.REPORT, name, "report", *asked.arguments)
    except (RedisError, OSError) as error:
        raise ServiceUnavailable(f"the report cannot be asked for: Redis is out of reach ({error})") from error


async def _wait(engine: AsyncEngine, asked: _Asked, tick: datetime) -> bytes | None:
    """The report that this run makes; None where it takes longer than somebody should wait for an answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                await asyncio.sleep(POLL_SECONDS)
                outcome, _ = await _select_run(engine, tick)
                if outcome == "done" and (figures := await _select_figures(engine, asked)) is not None:
                    return figures
                if outcome in ("failed", "missed"):
                    raise ServiceUnavailable(f"the report could not be made ({outcome}); dashnet jobs list tells why")
    return None


async def _select_run(engine: AsyncEngine, tick: datetime) -> tuple[str | None, float | None]:
    """Outcome and progress of the run."""
    query = text("SELECT outcome, progress FROM store.job_run WHERE job = 'report' AND tick = :tick")
    async with engine.connect() as connection:
        row = (await connection.execute(query, {"tick": tick})).one_or_none()
    return (None, None) if row is None else (row.outcome, row.progress)
