from datetime import UTC, datetime

from redis.asyncio import Redis

from dashnet.channels import job_queue, requested_tick_key
from dashnet.jobs import (
    MOST_SECONDS_AHEAD,
    MOST_WAITING,
    Job,
    arq_redis_settings,
    deserialize,
    enqueue,
    request_now,
    request_once,
    request_sync,
    serialize,
)
from dashnet.settings import Settings
from tests.conftest import make_settings


async def queued(redis: Redis, settings: Settings) -> list[bytes]:
    names: list[bytes] = await redis.zrange(job_queue(settings), 0, -1)
    return names


async def test_a_tick_by_hand_is_the_running_second(redis: Redis, settings: Settings) -> None:
    tick = await request_now(redis, settings, Job.REFRESH)
    assert tick.microsecond == 0
    assert abs((datetime.now(UTC) - tick).total_seconds()) < 5


async def test_asking_twice_within_a_second_is_two_ticks(redis: Redis, settings: Settings) -> None:
    first = await request_now(redis, settings, Job.REFRESH)
    second = await request_now(redis, settings, Job.REFRESH)
    assert first < second
    assert len(await queued(redis, settings)) == 2


async def test_no_tick_by_hand_takes_the_schedules_place(redis: Redis, settings: Settings) -> None:
    ticks = [await request_now(redis, settings, Job.REFRESH) for _ in range(4)]
    await redis.set(requested_tick_key(settings, Job.CLEAN), int(ticks[-1].timestamp()) // 60 * 60 - 1 + 60)
    assert (await request_now(redis, settings, Job.CLEAN)).second != 0
    assert 0 not in {tick.second for tick in ticks}


async def test_asking_all_the_time_does_not_run_ahead_of_the_clock(redis: Redis, settings: Settings) -> None:
    ticks = [await request_now(redis, settings, Job.REFRESH) for _ in range(30)]
    assert (max(ticks) - datetime.now(UTC)).total_seconds() <= MOST_SECONDS_AHEAD
    assert len(await queued(redis, settings)) < 15


async def test_a_job_of_one_id_waits_once(redis: Redis, settings: Settings) -> None:
    assert await enqueue(redis, settings, Job.REFRESH, "t", "hand", job_id="one")
    assert not await enqueue(redis, settings, Job.REFRESH, "t", "hand", job_id="one")
    assert await queued(redis, settings) == [b"one"]


async def test_every_revision_asks_for_a_sync_of_its_own(redis: Redis, settings: Settings) -> None:
    await request_sync(redis, settings, 1)
    await request_sync(redis, settings, 2)
    assert await queued(redis, settings) == [b"sync:1", b"sync:2"]


async def test_what_lies_in_redis_is_json(redis: Redis, settings: Settings) -> None:
    await request_sync(redis, settings, 7)
    raw = await redis.get("arq:job:sync:7")
    assert raw is not None
    assert deserialize(raw)["a"] == [7]


def test_errors_are_serialised_as_their_text() -> None:
    assert deserialize(serialize({"r": ValueError("x")})) == {"r": "ValueError('x')"}


def test_arq_reaches_redis_where_we_do() -> None:
    unix = arq_redis_settings(make_settings(redis_url="unix:///run/redis.sock?db=3"))
    assert (unix.unix_socket_path, unix.database) == ("/run/redis.sock", 3)
    tcp = arq_redis_settings(make_settings(redis_url="rediss://user:secret@redis.example:6380/2"))
    assert (tcp.host, tcp.port, tcp.database, tcp.ssl, tcp.password) == ("redis.example", 6380, 2, True, "secret")


async def test_what_is_asked_for_once_waits_once_and_is_told_under_its_tick(redis: Redis, settings: Settings) -> None:
    first = await request_once(redis, settings, Job.REPORT, "one", "test", "2026-10", "UTC")
    again = await request_once(redis, settings, Job.REPORT, "one", "test", "2026-10", "UTC")
    assert first == again is not None
    assert await queued(redis, settings) == [b"report:one"]


async def test_only_some_of_a_job_wait_at_once_whatever_waits_of_others(redis: Redis, settings: Settings) -> None:
    await request_now(redis, settings, Job.REFRESH)
    asked = [await request_once(redis, settings, Job.REPORT, str(number), "test") for number in range(MOST_WAITING + 2)]
    assert [tick is None for tick in asked] == [False] * MOST_WAITING + [True, True]


async def test_no_tick_is_given_to_two_that_are_asked_for_once(redis: Redis, settings: Settings) -> None:
    ticks = []
    for number in range(3 * MOST_SECONDS_AHEAD):
        ticks.append(await request_once(redis, settings, Job.REPORT, str(number), "test"))
        await redis.delete(job_queue(settings))
    given = [tick for tick in ticks if tick is not None]
    # One fewer where a whole minute lies among them, for that is a tick of the schedule.
    assert len(given) == len(set(given)) >= MOST_SECONDS_AHEAD
