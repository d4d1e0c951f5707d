from datetime import datetime, timedelta

import pytest

from workers.context import WorkerContext
from workers.outages import (
    MOST_OUTAGES,
    MOST_SESSIONS,
    Outage,
    OutageLog,
    Past,
    Session,
    is_alone,
    read_past,
    write_session,
)

SECOND = timedelta(seconds=1)
POSTGRES = "Postgres was out of reach"


async def read(context: WorkerContext, now: datetime) -> Past:
    """The past as another worker reads it, which noticed nothing itself."""
    return await read_past(context.redis, context.settings, OutageLog(now), now)


async def test_an_outage_that_is_over_is_known_to_all_with_its_begin_and_end(
    context: WorkerContext, now: datetime
) -> None:
    log = OutageLog(now)
    log.see("Postgres", POSTGRES, now)
    log.see("Postgres", POSTGRES, now + SECOND)
    log.see("Postgres", None, now + 9 * SECOND)
    await write_session(context.redis, context.settings, log, now + 9 * SECOND)
    assert (await read(context, now)).outages == [Outage(POSTGRES, now, now + 9 * SECOND)]


async def test_an_outage_that_a_killed_worker_saw_is_known_up_to_its_last_word(
    context: WorkerContext, now: datetime
) -> None:
    log = OutageLog(now)
    log.see("Postgres", POSTGRES, now)
    await write_session(context.redis, context.settings, log, now + 4 * SECOND)
    past = await read(context, now + 60 * SECOND)
    assert past == Past([Outage(POSTGRES, now, now + 4 * SECOND)], [Session(now, now + 4 * SECOND)])


async def test_an_outage_of_redis_waits_in_memory_until_redis_has_it(context: WorkerContext, now: datetime) -> None:
    log = OutageLog(now)
    log.see("Redis", "Redis was out of reach", now)
    log.see("Redis", None, now + SECOND)
    assert (await read_past(context.redis, context.settings, log, now)).outages == log.ended
    await write_session(context.redis, context.settings, log, now + SECOND)
    assert log.ended == []
    assert len((await read(context, now)).outages) == 1


async def test_another_fault_of_the_same_part_is_another_outage(now: datetime) -> None:
    log = OutageLog(now)
    log.see("Postgres", "the disk of Postgres is full", now)
    log.see("Postgres", POSTGRES, now + SECOND)
    assert [str(one.what) for one in (*log.ended, *log.list_open(now))] == ["the disk of Postgres is full", POSTGRES]


async def test_no_more_than_the_newest_outages_and_sessions_are_kept(context: WorkerContext, now: datetime) -> None:
    log = OutageLog(now)
    for number in range(MOST_SESSIONS + 3):
        log.session_begin = now + number * SECOND
        await write_session(context.redis, context.settings, log, now + number * SECOND)
    for number in range(MOST_OUTAGES + 3):
        log.add(Outage(POSTGRES, now + number * SECOND, now + number * SECOND))
    await write_session(context.redis, context.settings, log, now + (MOST_SESSIONS + 2) * SECOND)
    past = await read(context, now)
    assert len(past.outages) == MOST_OUTAGES
    assert next(one.begin for one in (await read(context, now)).sessions) == now + 3 * SECOND


@pytest.mark.parametrize(("age", "alone"), [(2 * SECOND, False), (60 * SECOND, True)])
async def test_a_worker_is_alone_unless_another_was_up_a_moment_ago(
    context: WorkerContext, now: datetime, age: timedelta, *, alone: bool
) -> None:
    log = OutageLog(now - 2 * age)
    other = context.settings.model_copy(update={"worker_name": "other"})
    await write_session(context.redis, context.settings, log, now)
    await write_session(context.redis, other, log, now - age)
    assert await is_alone(context.redis, context.settings, log, now) is alone
