"""Questions to the app service about the past, as a screen asks them, and the same to the raw rows in plain SQL."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.history.made import Past
from bench.stack import Stack
from bench.table import Figure

QUESTIONS, COLD_QUESTIONS, RAW_QUESTIONS, SLOW_RAW_QUESTIONS = 200, 40, 50, 3
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
_DEVICE_PATH, _SUMMARY_PATH = "/api/devices/{device}/history", "/api/summary/history"

_RAW_DEVICE = text(
    """
    SELECT date_bin(:step, time_stamp, 'epoch') AS bucket, avg(upload_speed), min(upload_speed), max(upload_speed),
        avg(download_speed), min(download_speed), max(download_speed), avg(round_trip_seconds),
        count(*) FILTER (WHERE active_connection), count(*)
    FROM store.snapshot WHERE device_id = :device AND time_stamp >= :begin AND time_stamp < :end
    GROUP BY bucket ORDER BY bucket
    """
)
_RAW_SUMMARY = text(
    """
    SELECT date_bin(:step, time_stamp, 'epoch') AS bucket, avg(upload), min(upload), max(upload),
        avg(download), min(download), max(download), avg(up), min(up), max(up)
    FROM (SELECT time_stamp, sum(upload_speed) AS upload, sum(download_speed) AS download,
            count(*) FILTER (WHERE active_connection) AS up
        FROM store.snapshot WHERE time_stamp >= :begin AND time_stamp < :end GROUP BY time_stamp) AS tick
    GROUP BY bucket ORDER BY bucket
    """
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question: what it asks for, how long its 95th percentile may be, and how it is put to the raw rows."""

    name: str
    length: timedelta
    at_most_milliseconds: float
    path: str
    raw: Any  # SQLAlchemy's own type of text() is no public name
    raw_step: timedelta
    raw_questions: int


KINDS = (
    Kind("24 hours of a device", timedelta(days=1), 20, _DEVICE_PATH, _RAW_DEVICE, timedelta(minutes=5), RAW_QUESTIONS),
    Kind(
        "30 days of the network's total",
        timedelta(days=30),
        200,
        _SUMMARY_PATH,
        _RAW_SUMMARY,
        timedelta(hours=3),
        SLOW_RAW_QUESTIONS,
    ),
    Kind("a year of a device", timedelta(days=365), 50, _DEVICE_PATH, _RAW_DEVICE, timedelta(days=2), RAW_QUESTIONS),
)


async def measure_questions(stack: Stack, engine: AsyncEngine, past: Past) -> list[Figure]:
    """Each kind of many devices, zones and ends, while the stack refreshes and rolls up.

    First with nothing of the tables in the system's memory; then with all of it there, as on a machine that has just
    written it. Postgres' own memory, 64 MB, holds little of it either way.
    """
    figures = []
    async with httpx.AsyncClient(base_url=stack.app_url, timeout=60) as client:
        for kind in KINDS:
            await _keep_in_memory(stack, engine, kept=False)
            cold = await _ask_often(client, kind, past, COLD_QUESTIONS)
            await _keep_in_memory(stack, engine, kept=True)
            warm = await _ask_often(client, kind, past, QUESTIONS)
            raw = await _time_each(kind.raw_questions, partial(_ask_raw, engine, kind, past))
            figures += _to_figures(kind, past, cold, warm, raw)
    return figures


def _to_figures(
    kind: Kind, past: Past, cold: Sequence[float], warm: Sequence[float], raw: Sequence[float]
) -> list[Figure]:
    is_whole = past.until - kind.length >= past.raw_since
    of = "" if is_whole else f", of the {(past.until - past.raw_since).days} days that there are"
    return [
        Figure(f"{kind.name}, p95 of {len(warm)}", to_p95(warm) * 1000, "ms", at_most=kind.at_most_milliseconds),
        Figure("  median", statistics.median(warm) * 1000, "ms"),
        Figure(f"  with nothing in memory, p95 of the first {len(cold)}", to_p95(cold) * 1000, "ms"),
        Figure(f"  the raw rows in plain SQL{of}, median", statistics.median(raw) * 1000, "ms"),
        Figure("  that against ours, medians", statistics.median(raw) / statistics.median(warm), "times"),
    ]


def to_p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 stay below."""
    return sorted(values)[int(0.95 * (len(values) - 1) + 0.999)]


async def _ask_often(client: httpx.AsyncClient, kind: Kind, past: Past, times: int) -> list[float]:
    return await _time_each(times, partial(_ask, client, kind, past))


async def _time_each(times: int, ask: Callable[[], Awaitable[None]]) -> list[float]:
    seconds = []
    for _ in range(times):
        started = time.monotonic()
        await ask()
        seconds.append(time.monotonic() - started)
    return seconds


async def _ask(client: httpx.AsyncClient, kind: Kind, past: Past) -> None:
    # As asked by a screen: mostly up to now, else up to any minute of the two days before.
    ago = random.choice((timedelta(), timedelta(minutes=random.randrange(2 * 1440))))
    end = datetime.now(UTC) - ago
    values = {"from": (end - kind.length).isoformat(), "to": end.isoformat(), "zone": random.choice(ZONES)}
    answer = await client.get(kind.path.format(device=random.choice(past.device_ids)), params=values)
    points = answer.raise_for_status().json()["points"]
    observed = "snapshots" if "snapshots" in points[0] else "ticks"
    if sum(point[observed] > 0 for point in points) < 0.9 * len(points):
        raise RuntimeError(f"{answer.url} holds gaps")


async def _ask_raw(engine: AsyncEngine, kind: Kind, past: Past) -> None:
    values = {"begin": max(past.raw_since, past.until - kind.length), "end": past.until, "step": kind.raw_step}
    if kind.path == _DEVICE_PATH:
        values["device"] = random.choice(past.device_ids)
    async with engine.connect() as connection:
        (await connection.execute(kind.raw, values)).all()


async def _keep_in_memory(stack: Stack, engine: AsyncEngine, *, kept: bool) -> None:
    """Have the system read all of Postgres' files, or forget them."""
    async with engine.connect() as connection:
        await connection.execute(text("CHECKPOINT"))
    await asyncio.to_thread(_advise, stack.folder / "postgres", kept)


def _advise(folder: Path, kept: bool) -> None:
    for path in folder.glob("base/*/[0-9]*"):
        # Postgres makes and drops files all the while.
        with suppress(FileNotFoundError), path.open("rb", buffering=0) as file:
            if not kept:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while kept and file.read(1 << 20):
                pass
