import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.reading import to_wire
from dashnet.settings import Settings
from services.app import history
from services.app.points import DEVICE_POINT_FIELDS, SUMMARY_POINT_FIELDS
from tests.oracle import MINUTE
from tests.servers import DEADLINE_SECONDS, eventually
from tests.snapshots import restless, steady, store_past

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def parse_csv(answer: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer)))


async def test_csv_has_a_line_per_point_and_leaves_null_empty(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    await store_past(engine, steady(device_ids[0], NOON, NOON + 50 * MINUTE), NOON + 4 * HOUR)
    parameters = {"from": to_wire(NOON), "to": to_wire(NOON + 2 * HOUR), "step": "1h", "format": "csv"}
    answer = await app.get(f"/api/devices/{device_ids[0]}/history", params=parameters)
    lines = parse_csv(answer.text)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert tuple(lines[0]) == ("device_id", *DEVICE_POINT_FIELDS)
    assert [(line["time_stamp"], line["upload_speed"]) for line in lines] == [
        (to_wire(NOON), "2.0"),
        (to_wire(NOON + HOUR), ""),
    ]


async def test_csv_of_the_network_says_what_json_says_over_any_number_of_pieces(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CSV_POINTS_AT_ONCE", 7)
    await store_past(engine, restless(device_ids[0], NOON, NOON + 3 * HOUR), NOON + 2 * HOUR)
    parameters = {"from": to_wire(NOON), "to": to_wire(NOON + 3 * HOUR), "step": "5m"}
    points = (await app.get("/api/summary/history", params=parameters)).json()["points"]
    lines = parse_csv((await app.get("/api/summary/history", params={**parameters, "format": "csv"})).text)
    told = [{name: "" if value is None else str(value) for name, value in point.items()} for point in points]
    assert (len(lines), lines, tuple(lines[0])) == (36, told, SUMMARY_POINT_FIELDS)


LONG = {"from": "2024-01-01T00:00:00Z", "to": "2025-11-20T00:00:00Z", "step": "1m", "format": "csv"}


async def test_a_long_csv_begins_before_it_ends_and_who_hangs_up_leaves_no_connection_behind(
    app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        async with app.stream("GET", f"/api/devices/{device_ids[0]}/history", params=LONG) as answer:
            begun = await anext(answer.aiter_bytes())
    assert begun.startswith(b"device_id,time_stamp")
    await eventually(lambda: holds_nothing(engine))


async def test_who_reads_a_csv_slowly_holds_no_connection_meanwhile(
    settings: Settings, app: httpx.AsyncClient, device_ids: list[int], engine: AsyncEngine
) -> None:
    """Else a few of them would have taken all connections, and a restore would wait for the slowest."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", settings.app_port, limit=1024)
        query = httpx.QueryParams(LONG)
        writer.write(f"GET /api/devices/{device_ids[0]}/history?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert await reader.readuntil(b"time_stamp")
        # The kernel's buffers fill up, and from then on the service waits for this client.
        await eventually(lambda: rests(engine))
        assert await holds_nothing(engine)
        writer.close()


async def rests(engine: AsyncEngine) -> bool:
    """Whether no query of the app service began within half a second."""
    async with engine.connect() as connection:
        query = "SELECT bool_and(query_start < clock_timestamp() - interval '0.5 s') FROM pg_stat_activity WHERE {}"
        return bool(await connection.scalar(text(query.format(OF_THE_APP))))


OF_THE_APP = "datname = current_database() AND application_name = 'dashnet-app'"


async def holds_nothing(engine: AsyncEngine) -> bool:
    """Whether no connection of the app service is in a transaction."""
    async with engine.connect() as connection:
        query = f"SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle' AND {OF_THE_APP}"
        return int(await connection.scalar(text(query)) or 0) == 0
