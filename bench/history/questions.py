"""How quickly the past answers, over HTTP, beside the same question to the raw snapshots in plain SQL."""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.history.made import Past
from bench.table import Figure
from dashnet.reading import to_wire

ROUNDS, PLAIN_ROUNDS = 60, 5
_SEED = 4

_ONE_DEVICE = text(
    "SELECT time_stamp, active_connection, upload_speed, download_speed, round_trip_seconds FROM store.snapshot "
    "WHERE device_id = :device_id AND time_stamp >= :begin AND time_stamp < :end ORDER BY time_stamp"
)
_NETWORK = text(
    "SELECT date_bin('1 hour', tick, 'epoch') AS hour, avg(upload), avg(download), min(upload), max(upload) FROM ("
    "SELECT time_stamp AS tick, sum(upload_speed) AS upload, sum(download_speed) AS download FROM store.snapshot "
    "WHERE time_stamp >= :begin AND time_stamp < :end GROUP BY time_stamp) AS ticks GROUP BY hour ORDER BY hour"
)


@dataclass(frozen=True, slots=True)
class _Question:
    """`address` asks about a device over `length`; `plain` is what raw snapshots are asked, over `plain_length`."""

    what: str
    address: str
    length: timedelta
    most_seconds: float
    plain: object
    plain_length: timedelta


QUESTIONS = (
    _Question(
        "24 hours of one device", "/api/devices/{}/history", timedelta(days=1), 0.02, _ONE_DEVICE, timedelta(days=1)
    ),
    _Question(
        "a year of one device", "/api/devices/{}/history", timedelta(days=365), 0.05, _ONE_DEVICE, timedelta(days=14)
    ),
    _Question("30 days of the network", "/api/summary/history", timedelta(days=30), 0.2, _NETWORK, timedelta(days=14)),
)


async def measure_questions(client: httpx.AsyncClient, engine: AsyncEngine, past: Past) -> list[Figure]:
    """Each time about another device; the first of a kind is cold, and counts."""
    figures = []
    chosen = random.Random(_SEED)
    for question in QUESTIONS:
        devices = chosen.sample(list(past.device_ids), ROUNDS)
        seconds = [await _time(_ask(client, question, device_id, past.until)) for device_id in devices]
        plain = [await _time(_ask_plainly(engine, question, one, past.until)) for one in devices[:PLAIN_ROUNDS]]
        days = question.plain_length.days
        figures += [
            Figure(
                f"{question.what}, 95th percentile", quantiles(seconds, n=20)[-1], "s", at_most=question.most_seconds
            ),
            Figure(f"{question.what}, median", median(seconds), "s"),
            Figure(f"  raw snapshots in plain SQL ({days} days) against it", median(plain) / median(seconds), "times"),
        ]
    return figures


async def _time(work: Callable[[], Awaitable[None]]) -> float:
    started = time.monotonic()
    await work()
    return time.monotonic() - started


def _ask(
    client: httpx.AsyncClient, question: _Question, device_id: int, end: datetime
) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        parameters = {"from": to_wire(end - question.length), "to": to_wire(end)}
        answer = await client.get(question.address.format(device_id), params=parameters)
        if answer.status_code != 200 or len(answer.json()["points"]) < 20:
            raise RuntimeError(f"{question.what}: {answer.status_code} {answer.text[:200]}")

    return ask


def _ask_plainly(
    engine: AsyncEngine, question: _Question, device_id: int, end: datetime
) -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        async with engine.connect() as connection:
            values = {"device_id": device_id, "begin": end - question.plain_length, "end": end}
            (await connection.execute(question.plain, values)).all()  # type: ignore[call-overload]  # a text()

    return ask
