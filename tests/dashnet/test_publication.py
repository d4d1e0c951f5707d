import asyncio

import orjson
import pytest
from redis.asyncio import Redis

from dashnet.channels import publication_channel, publication_part, publication_position, publication_stream
from dashnet.publication import (
    FIRST_SEQ,
    KEEP_PART_MILLISECONDS,
    Kind,
    Position,
    parse_publication,
    publish,
    read_missed,
    read_position,
    read_recent,
)
from dashnet.settings import Settings

FIELDS = {"time_stamp": "2026-11-23T20:00:00Z", "snap_shots": []}


async def test_positions_count_up_within_an_epoch(redis: Redis, settings: Settings) -> None:
    begin = await read_position(redis, settings)
    first = await publish(redis, settings, Kind.SNAPSHOTS, FIELDS)
    second = await publish(redis, settings, Kind.RESET, {})
    assert (begin.seq, first.seq, second.seq) == (FIRST_SEQ, FIRST_SEQ + 1, FIRST_SEQ + 2)
    assert begin.epoch == first.epoch == second.epoch


async def test_asking_for_the_position_changes_nothing(redis: Redis, settings: Settings) -> None:
    await publish(redis, settings, Kind.RESET, {})
    assert await read_position(redis, settings) == await read_position(redis, settings)


async def test_the_message_is_the_wire_message_with_its_seq(redis: Redis, settings: Settings) -> None:
    begin = await read_position(redis, settings)
    await publish(redis, settings, Kind.SNAPSHOTS, FIELDS)
    await publish(redis, settings, Kind.RESET, {})
    missed = await read_missed(redis, settings, begin)
    assert missed is not None
    assert [orjson.loads(one.message) for one in missed] == [
        {"type": "snapshots", "seq": begin.seq + 1, **FIELDS},
        {"type": "reset", "seq": begin.seq + 2},
    ]


async def test_what_is_heard_is_what_the_stream_keeps(redis: Redis, settings: Settings) -> None:
    begin = await read_position(redis, settings)
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(publication_channel(settings))
        await publish(redis, settings, Kind.SNAPSHOTS, FIELDS)
        heard = [await pubsub.get_message(timeout=2), await pubsub.get_message(timeout=2)]
    assert heard[1] is not None
    assert [parse_publication(heard[1]["data"])] == await read_missed(redis, settings, begin)


async def test_concurrent_publishers_leave_no_hole_and_no_double(redis: Redis, settings: Settings) -> None:
    begin = await read_position(redis, settings)
    positions = await asyncio.gather(*(publish(redis, settings, Kind.RESET, {}) for _ in range(50)))
    wanted = list(range(begin.seq + 1, begin.seq + 51))
    assert sorted(position.seq for position in positions) == wanted
    missed = await read_missed(redis, settings, begin)
    assert missed is not None
    assert [one.position.seq for one in missed] == wanted


async def test_nothing_missed_is_an_empty_list_not_none(redis: Redis, settings: Settings) -> None:
    assert await read_missed(redis, settings, await publish(redis, settings, Kind.RESET, {})) == []


async def test_what_the_stream_no_longer_has_cannot_be_missed_in_part(redis: Redis, settings: Settings) -> None:
    begin = await read_position(redis, settings)
    first = await publish(redis, settings, Kind.RESET, {})
    await publish(redis, settings, Kind.RESET, {})
    await redis.xdel(publication_stream(settings), f"{first.seq}-0")
    assert await read_missed(redis, settings, begin) is None


@pytest.mark.parametrize("change", [{"epoch": "another"}, {"seq": 10 * FIRST_SEQ}])
async def test_a_position_of_another_memory_has_no_missed_publications(
    redis: Redis, settings: Settings, change: dict[str, str | int]
) -> None:
    now = await publish(redis, settings, Kind.RESET, {})
    fields: dict[str, str | int] = {"epoch": now.epoch, "seq": now.seq, **change}
    assert await read_missed(redis, settings, Position(str(fields["epoch"]), int(fields["seq"]))) is None


async def test_a_redis_that_forgot_begins_a_new_epoch(redis: Redis, settings: Settings) -> None:
    before = await publish(redis, settings, Kind.RESET, {})
    await redis.flushall()
    after = await read_position(redis, settings)
    assert (after.seq, after.epoch != before.epoch) == (FIRST_SEQ, True)


async def test_a_restarted_redis_begins_a_new_epoch_although_it_remembers_the_old(
    redis: Redis, settings: Settings
) -> None:
    before = await publish(redis, settings, Kind.RESET, {})
    forget = redis.register_script("redis.call('HSET', KEYS[1], 'run_id', 'that of the process before')")
    await forget([publication_position(settings)])
    after = await publish(redis, settings, Kind.RESET, {})
    assert (after.seq, after.epoch != before.epoch) == (FIRST_SEQ + 1, True)


async def test_publications_older_than_a_quarter_of_an_hour_leave_the_stream(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(redis, settings, Kind.RESET, {})
    monkeypatch.setattr("dashnet.publication.KEEP_MILLISECONDS", -1)
    await publish(redis, settings, Kind.RESET, {})
    assert await redis.xlen(publication_stream(settings)) == 0


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"e x {}", b"e 1"])
def test_other_bytes_are_no_publication(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"unpack|invalid literal"):
        parse_publication(raw)


async def test_what_led_up_to_a_position_is_read_in_order_and_no_further_than_the_bound(
    redis: Redis, settings: Settings
) -> None:
    positions = [await publish(redis, settings, Kind.SNAPSHOTS, FIELDS) for _ in range(100)]
    all_of_them = await read_recent(redis, settings, positions[-1], 2**20)
    assert [one.position.seq for one in all_of_them] == [one.seq for one in positions]
    size = len(all_of_them[-1].message)
    newest = await read_recent(redis, settings, positions[49], size * 40)
    assert [one.position.seq for one in newest] == [one.seq for one in positions[10:50]]


async def test_nobody_goes_on_across_a_reset_or_a_hole(redis: Redis, settings: Settings) -> None:
    async def read_newest() -> list[int]:
        return [position.seq - one.position.seq for one in await read_recent(redis, settings, position, 2**20)]

    for kind in (Kind.SNAPSHOTS, Kind.RESET, Kind.SNAPSHOTS, Kind.SNAPSHOTS, Kind.SNAPSHOTS):
        position = await publish(redis, settings, kind, FIELDS if kind == Kind.SNAPSHOTS else {})
    assert await read_newest() == [2, 1, 0]
    await redis.xdel(publication_stream(settings), f"{position.seq - 1}-0")
    assert await read_newest() == [0]
    await redis.xdel(publication_stream(settings), f"{position.seq}-0")
    assert await read_newest() == []


async def test_the_time_of_publishing_is_that_of_redis(redis: Redis, settings: Settings) -> None:
    seconds, microseconds = await redis.time()
    position = await publish(redis, settings, Kind.SNAPSHOTS, FIELDS)
    (published,) = await read_recent(redis, settings, position, 2**20)
    assert 0 <= published.published_at - (seconds + microseconds / 1e6) < 5


PART = b"[[7,9]]\nas\0 \nit is"


async def test_a_part_goes_beside_the_message_and_is_not_in_it(redis: Redis, settings: Settings) -> None:
    begin = await read_position(redis, settings)
    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(publication_channel(settings))
        await publish(redis, settings, Kind.SNAPSHOTS, FIELDS, PART)
        heard = [await pubsub.get_message(timeout=2), await pubsub.get_message(timeout=2)]
    assert heard[1] is not None
    publication = parse_publication(heard[1]["data"])
    assert publication.part == PART
    assert orjson.loads(publication.message) == {"type": "snapshots", "seq": begin.seq + 1, **FIELDS}
    assert await read_missed(redis, settings, begin) == [publication]


async def test_who_missed_a_part_that_is_gone_is_told_that_something_is_missing(
    redis: Redis, settings: Settings
) -> None:
    begin = await read_position(redis, settings)
    parted = await publish(redis, settings, Kind.SNAPSHOTS, FIELDS, PART)
    await publish(redis, settings, Kind.SNAPSHOTS, FIELDS)
    key = publication_part(settings, parted.seq)
    assert 0 < await redis.pttl(key) <= KEEP_PART_MILLISECONDS
    await redis.delete(key)
    assert await read_missed(redis, settings, begin) is None
    missed = await read_missed(redis, settings, parted)
    assert [one.part for one in missed or ()] == [b""]


async def test_the_latest_publications_come_without_what_went_beside_them(redis: Redis, settings: Settings) -> None:
    until = await publish(redis, settings, Kind.SNAPSHOTS, FIELDS, PART)
    assert [one.part for one in await read_recent(redis, settings, until, 10_000)] == [b""]
