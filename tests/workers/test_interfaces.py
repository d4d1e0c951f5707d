from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashnet.interface_part import cut_part, unpack_json
from dashnet.publication import Position, read_missed, read_position
from dashnet.settings import Settings
from tests.factories import make_device
from tests.interfaces import ShowingNetwork, make_interface, with_network
from workers.clean import clean, coming_days
from workers.context import WorkerContext
from workers.interfaces import insert_interfaces
from workers.partitions import ensure_partitions
from workers.publishing import mend_publications
from workers.refresh import refresh
from workers.retention import forget_interfaces

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
async def showing(settings: Settings) -> AsyncIterator[ShowingNetwork]:
    async with ShowingNetwork(settings) as network:
        yield network


@pytest.fixture
def worker(context: WorkerContext, showing: ShowingNetwork) -> WorkerContext:
    """A worker that reads devices which show what the test puts into `showing`."""
    return with_network(context, showing)


async def select_all(context: WorkerContext, query: str) -> Sequence[Any]:
    async with context.engine.connect() as connection:
        return [tuple(row) for row in (await connection.execute(text(query))).all()]


async def take_up_again(context: WorkerContext, tick: datetime) -> None:
    """What happens to a run whose worker died after its commit."""
    async with context.engine.begin() as connection:
        await connection.execute(text("UPDATE store.job_run SET outcome = NULL, finished_at = NULL"))
    await refresh(context, tick, "test")


async def test_each_interface_gets_a_snapshot_under_the_tick(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    first, second, _ = device_ids
    showing.shown = {first: [make_interface("ge-0/0/1", alias="uplink"), make_interface("lo", upload_speed=None)]}
    showing.shown[second] = [make_interface("ge-0/0/1", state="down", line_speed=None)]
    await refresh(worker, now, "test")
    query = (
        "SELECT device_id, name, alias, line_speed, time_stamp, is_up, upload_speed, errors_in, first_seen_at "
        "FROM store.interface JOIN store.interface_snapshot ON interface_id = id ORDER BY id"
    )
    assert await select_all(worker, query) == [
        (first, "ge-0/0/1", "uplink", 1000.0, now, True, 1.5, 0.25, now),
        (first, "lo", None, 1000.0, now, True, None, 0.25, now),
        (second, "ge-0/0/1", None, None, now, False, 1.5, 0.25, now),
    ]


async def test_the_interfaces_of_this_machine_are_kept(
    context: WorkerContext, network: httpx.AsyncClient, store: None, now: datetime
) -> None:
    options = {"driver": "host", "driver_options": {"interfaces": ["lo"]}}
    host = (await network.post("/devices/", json=make_device(**options))).json()
    for number in range(2):
        await refresh(context, now + number * SECOND, "test")
    query = "SELECT device_id, name, count(*), bool_and(is_up) FROM store.interface JOIN store.interface_snapshot "
    rows = await select_all(context, query + "ON interface_id = id GROUP BY 1, 2")
    assert rows == [(host["id"], "lo", 2, True)]


async def test_of_two_refreshes_of_a_tick_the_first_counts(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    showing.shown = {device_ids[0]: [make_interface("eth0")]}
    await refresh(worker, now, "test")
    showing.shown = {device_ids[0]: [make_interface("eth0", upload_speed=9.0), make_interface("eth1")]}
    await take_up_again(worker, now)
    assert await select_all(worker, "SELECT upload_speed FROM store.interface_snapshot") == [(1.5,)]


async def test_a_changed_alias_type_or_speed_is_that_of_the_same_interface(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    query = "SELECT id, alias, interface_type, line_speed, first_seen_at FROM store.interface"
    changes: list[dict[str, Any]] = [{"alias": "old"}, {"alias": "new", "interface_type": 131, "line_speed": 1e5}]
    told: list[Any] = []
    for number, fields in enumerate(changes):
        showing.shown = {device_ids[0]: [make_interface("eth0", **fields)]}
        await refresh(worker, now + number * SECOND, "test")
        told += await select_all(worker, query)
    assert told == [(1, "old", 6, 1000.0, now), (1, "new", 131, 100_000.0, now)]
    assert await select_all(worker, "SELECT interface_id, count(*) FROM store.interface_snapshot GROUP BY 1") == [
        (1, 2)
    ]


async def test_one_that_vanishes_leaves_a_gap_and_comes_back_as_itself(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    both = [make_interface("eth0"), make_interface("eth1")]
    for number, shown in enumerate((both, both[:1], both)):
        showing.shown = {device_ids[0]: shown}
        await refresh(worker, now + number * SECOND, "test")
    query = "SELECT name, array_agg(time_stamp ORDER BY time_stamp) FROM store.interface "
    rows = await select_all(
        worker, query + "JOIN store.interface_snapshot ON interface_id = id GROUP BY name ORDER BY 1"
    )
    assert rows == [("eth0", [now, now + SECOND, now + 2 * SECOND]), ("eth1", [now, now + 2 * SECOND])]


async def test_what_is_known_already_is_written_once_an_hour_and_uses_up_no_id(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    showing.shown = {device_ids[0]: [make_interface("eth0")]}
    for number in range(3):
        await refresh(worker, now + number * SECOND, "test")
        showing.shown[device_ids[1]] = [make_interface("eth0")]
    query = "SELECT id, first_seen_at, last_seen_at FROM store.interface ORDER BY id"
    assert await select_all(worker, query) == [(1, now, now), (2, now + SECOND, now + SECOND)]
    async with worker.engine.begin() as connection:
        await connection.execute(text("UPDATE store.interface SET last_seen_at = last_seen_at - interval '1 hour'"))
    showing.shown[device_ids[2]] = [make_interface("eth0")]
    await refresh(worker, now + 3 * SECOND, "test")
    assert [(row[0], row[2]) for row in await select_all(worker, query)] == [
        (one, now + 3 * SECOND) for one in (1, 2, 3)
    ]


async def test_what_is_stored_goes_beside_what_is_published(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    before = await read_position(worker.redis, worker.settings)
    showing.shown = {device_ids[1]: [make_interface("eth0", alias="uplink")]}
    await refresh(worker, now, "test")
    missed = await read_missed(worker.redis, worker.settings, before)
    assert missed is not None
    beside = {one: orjson.loads(unpack_json(packed)) for one, packed in cut_part(missed[-1].part).items()}
    assert beside == showing.shown
    assert b"interfaces" not in missed[-1].message
    assert len(orjson.loads(missed[-1].message)["snap_shots"]) == 3


async def test_a_page_without_interfaces_has_nothing_beside_it(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    before = await read_position(context.redis, context.settings)
    await refresh(context, now, "test")
    assert [one.part for one in await read_missed(context.redis, context.settings, before) or ()] == [b"", b""]


async def test_a_refresh_that_cannot_store_its_interfaces_stores_nothing_and_the_next_try_all(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime
) -> None:
    showing.shown = {device_ids[0]: [make_interface("eth0")]}
    async with worker.engine.begin() as connection:
        await connection.exec_driver_sql(f"DROP TABLE store.interface_snapshot_{now:%Y%m%d}")
    with pytest.raises(DBAPIError, match="no partition"):
        await refresh(worker, now, "test")
    counts = "SELECT (SELECT count(*) FROM store.snapshot), (SELECT count(*) FROM store.interface_snapshot)"
    assert await select_all(worker, counts) == [(0, 0)]
    await ensure_partitions(worker.engine, coming_days(now))
    await take_up_again(worker, now)
    assert await select_all(worker, counts) == [(3, 1)]


async def kinds_since(context: WorkerContext, since: Position) -> list[str]:
    missed = await read_missed(context.redis, context.settings, since)
    return [orjson.loads(one.message)["type"] for one in missed or ()]


async def test_what_was_committed_and_not_published_is_told_as_a_reset(
    worker: WorkerContext, showing: ShowingNetwork, device_ids: list[int], now: datetime, redis: Redis
) -> None:
    showing.shown = {device_ids[0]: [make_interface("eth0")]}
    await refresh(worker, now, "test")
    before = await read_position(redis, worker.settings)
    await redis.config_set("maxmemory", "1")
    with pytest.raises(RedisError):
        await refresh(worker, now + SECOND, "test")
    await redis.config_set("maxmemory", "0")
    async with worker.engine.connect() as connection:
        await mend_publications(worker, connection)
    assert await kinds_since(worker, before) == ["reset"]
    assert await select_all(worker, "SELECT count(*) FROM store.interface_snapshot") == [(2,)]


async def test_of_a_device_that_is_gone_meanwhile_nothing_is_stored(
    context: WorkerContext, store: None, now: datetime
) -> None:
    async with context.engine.begin() as connection:
        await insert_interfaces(connection, now, {99: [make_interface()]}, set())
    assert await select_all(context, "SELECT * FROM store.interface") == []


@pytest.fixture
async def seen(context: WorkerContext, device_ids: list[int], now: datetime) -> None:
    """Interfaces that were last seen so many days ago, of a device that there is and of one that there is not."""
    await refresh(context, now, "test")
    async with context.engine.begin() as connection:
        for device_id in (device_ids[0], 99):
            for days in (1, 3, 400):
                values = {"device_id": device_id, "name": f"seen {days}", "at": now - days * DAY}
                number = await connection.scalar(
                    text(
                        "INSERT INTO store.interface (device_id, name, first_seen_at, last_seen_at) "
                        "VALUES (:device_id, :name, :at, :at) RETURNING id"
                    ),
                    values,
                )
                for tier in ("1h", "1d"):
                    await connection.execute(
                        text(
                            f"INSERT INTO store.interface_rollup_{tier} "
                            "SELECT '2026-01-01', 0, 0, 0, 0, 0, 0, :id, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0"
                        ),
                        {"id": number},
                    )


@pytest.mark.usefixtures("seen")
async def test_what_nobody_has_seen_for_long_goes_and_what_is_of_no_device_once_it_is_rolled_up(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    assert await forget_interfaces(context.engine, now, 365 * DAY) == 3
    left = await select_all(context, "SELECT device_id, name, id FROM store.interface ORDER BY 1, 2")
    assert [row[:2] for row in left] == [(device_ids[0], "seen 1"), (device_ids[0], "seen 3"), (99, "seen 1")]
    for tier in ("1h", "1d"):
        rows = await select_all(context, f"SELECT interface_id FROM store.interface_rollup_{tier} ORDER BY 1")
        assert [row[0] for row in rows] == sorted(row[2] for row in left)


async def test_a_clean_keeps_the_interfaces_of_real_devices(
    context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], now: datetime
) -> None:
    options = {"driver": "host", "driver_options": {"interfaces": ["lo"]}}
    await network.post("/devices/", json=make_device(**options))
    await refresh(context, now, "test")
    await clean(context, now + SECOND, "test")
    counts = "SELECT (SELECT count(*) FROM store.interface), (SELECT count(*) FROM store.interface_snapshot)"
    assert await select_all(context, counts) == [(1, 1)]
