import os
import signal
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from redis.exceptions import RedisError

from dashnet.channels import parked_claim_key
from dashnet.reading import to_wire
from tests.interfaces import make_interface
from tests.servers import eventually
from workers import parking
from workers.context import WorkerContext
from workers.network_client import Readings
from workers.parking import (
    Parking,
    claim_tick,
    forget_parked,
    is_parked,
    is_taken,
    list_lost,
    list_parked,
    pack_readings,
    read_pages,
    unpack_readings,
)

MINUTE = timedelta(minutes=1)
READINGS = Readings(
    [1, 7],
    [True, None],
    [1.5, None],
    [2.25, None],
    [0.001, None],
    [None, "no answer"],
    interfaces={1: [make_interface()]},
)


async def park(context: WorkerContext, tick: datetime, *pages: Readings) -> bool:
    parking = Parking(context.redis, context.settings, tick, tick)
    for number, readings in enumerate(pages):
        await parking.add(number, readings)
    return await parking.enter()


def test_readings_come_out_as_they_were_packed() -> None:
    assert unpack_readings(pack_readings(READINGS)) == READINGS


async def test_a_tick_waits_with_all_its_pages_in_order(context: WorkerContext, now: datetime) -> None:
    pages = [Readings([number], [True], [0.0], [0.0], [None], [None]) for number in range(12)]
    assert await park(context, now, *pages)
    (parked,) = await list_parked(context.redis, context.settings)
    assert (parked.tick, parked.worker, parked.started_at) == (now, "test-worker", now)
    assert [one async for one in read_pages(context.redis, context.settings, parked)] == pages


async def test_ticks_come_back_oldest_first(context: WorkerContext, now: datetime) -> None:
    for back in (1, 3, 2):
        await park(context, now - back * MINUTE, READINGS)
    ticks = [one.tick for one in await list_parked(context.redis, context.settings)]
    assert ticks == [now - 3 * MINUTE, now - 2 * MINUTE, now - MINUTE]


async def test_a_tick_is_not_there_before_it_was_entered_whole(context: WorkerContext, now: datetime) -> None:
    parking = Parking(context.redis, context.settings, now, now)
    await parking.add(0, READINGS)
    assert not await is_parked(context.redis, context.settings, now)


async def test_of_two_workers_that_read_one_tick_the_first_to_end_counts(context: WorkerContext, now: datetime) -> None:
    other = Readings([2], [True], [0.0], [0.0], [None], [None])
    assert [await park(context, now, one) for one in (READINGS, other)] == [True, False]
    (parked,) = await list_parked(context.redis, context.settings)
    assert [one async for one in read_pages(context.redis, context.settings, parked)] == [READINGS]
    assert len(await context.redis.keys("*:parked:pages:*")) == 1


async def test_one_worker_at_a_time_reads_for_a_tick(context: WorkerContext, now: datetime) -> None:
    async with claim_tick(context.redis, context.settings, now) as first:
        assert await is_taken(context.redis, context.settings, now)
        async with claim_tick(context.redis, context.settings, now) as second:
            assert (first, second) == (True, False)
    assert not await is_taken(context.redis, context.settings, now)


async def test_the_claim_of_a_killed_worker_ends_by_itself(
    context: WorkerContext, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "CLAIM_SECONDS", 1)
    await context.redis.set(parked_claim_key(context.settings, to_wire(now)), "killed", ex=1)
    await eventually(lambda: claims(context, now))


async def claims(context: WorkerContext, tick: datetime) -> bool:
    async with claim_tick(context.redis, context.settings, tick) as is_ours:
        return is_ours


async def test_the_oldest_of_too_many_is_given_up_and_not_forgotten(
    context: WorkerContext, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MOST_TICKS", 2)
    for number in range(3):
        await park(context, now + number * MINUTE, READINGS)
    assert [one.tick for one in await list_parked(context.redis, context.settings)] == [now + MINUTE, now + 2 * MINUTE]
    assert await list_lost(context.redis, context.settings) == [now]
    assert len(await context.redis.keys("*:parked:pages:*")) == 2


async def test_too_many_bytes_are_given_up_but_never_the_newest(
    context: WorkerContext, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MOST_BYTES", 1)
    for number in range(2):
        await park(context, now + number * MINUTE, READINGS)
    assert [one.tick for one in await list_parked(context.redis, context.settings)] == [now + MINUTE]


async def test_what_waits_outlives_a_killed_redis(context: WorkerContext, now: datetime) -> None:
    await park(context, now, READINGS)
    os.kill((await context.redis.info("server"))["process_id"], signal.SIGKILL)
    (parked,) = await eventually(lambda: list_once_redis_is_back(context))
    assert [one async for one in read_pages(context.redis, context.settings, parked)] == [READINGS]


async def list_once_redis_is_back(context: WorkerContext) -> list[parking.ParkedTick]:
    with suppress(RedisError, OSError):
        return list(await list_parked(context.redis, context.settings))
    return []


async def test_a_tick_that_is_stored_leaves_nothing(context: WorkerContext, now: datetime) -> None:
    await park(context, now, READINGS)
    (parked,) = await list_parked(context.redis, context.settings)
    await forget_parked(context.redis, context.settings, parked)
    assert await context.redis.keys("*:parked*") == []
