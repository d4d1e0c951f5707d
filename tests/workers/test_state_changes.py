from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from dashnet.publication import read_missed, read_position
from tests.factories import make_device
from tests.oracle import MINUTE
from tests.snapshots import steady, store_rows
from workers.context import WorkerContext
from workers.network_client import Readings
from workers.refresh import refresh
from workers.state_changes import LONGEST_REASON, insert_past_changes, insert_state_changes, join_past_changes
from workers.sync import sync

SECOND = timedelta(seconds=1)


@pytest.fixture
async def stored_ids(context: WorkerContext, device_ids: list[int]) -> list[int]:
    """Three devices that the store knows and nobody read yet."""
    await sync(context, 1)
    return device_ids


def read_as(states: dict[int, bool | None], errors: dict[int, str] | None = None) -> Readings:
    """What a refresh read: these states, with these errors."""
    nothing = [0.0] * len(states)
    told = [(errors or {}).get(device_id) for device_id in states]
    return Readings(list(states), list(states.values()), nothing, nothing, [None] * len(states), told)


async def turn(
    context: WorkerContext, tick: datetime, states: dict[int, bool | None], errors: dict[int, str] | None = None
) -> Sequence[dict[str, Any]]:
    """What a refresh of this tick tells of these states."""
    async with context.engine.begin() as connection:
        return await insert_state_changes(connection, tick, read_as(states, errors), set(states))


async def select_changes(context: WorkerContext) -> list[tuple[Any, ...]]:
    query = text("SELECT device_id, at, from_state, to_state FROM store.state_change ORDER BY at, device_id")
    async with context.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def test_a_first_reading_turns_from_unknown(context: WorkerContext, stored_ids: list[int], now: datetime) -> None:
    up, down, _ = stored_ids
    await turn(context, now, {up: True, down: False})
    assert await select_changes(context) == [(up, now, "unknown", "up"), (down, now, "unknown", "down")]


async def test_a_first_reading_that_is_unknown_is_no_change(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    assert await turn(context, now, {stored_ids[0]: None}) == []


async def test_every_turn_is_written_and_told_once(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    one = stored_ids[0]
    states = (True, True, False, False, None, True)
    told = [await turn(context, now + number * SECOND, {one: active}) for number, active in enumerate(states)]
    assert [len(changes) for changes in told] == [1, 0, 1, 0, 1, 1]
    assert [row[2:] for row in await select_changes(context)] == [
        ("unknown", "up"),
        ("up", "down"),
        ("down", "unknown"),
        ("unknown", "up"),
    ]


async def test_the_same_tick_again_changes_nothing(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    await turn(context, now, {stored_ids[0]: True})
    assert await turn(context, now, {stored_ids[0]: False}) == []
    assert [row[3] for row in await select_changes(context)] == ["up"]


async def test_a_tick_older_than_the_stored_state_is_ignored(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    await turn(context, now, {stored_ids[0]: True})
    assert await turn(context, now - MINUTE, {stored_ids[0]: False}) == []
    assert await turn(context, now + SECOND, {stored_ids[0]: True}) == []


async def test_the_reason_is_the_drivers_error(context: WorkerContext, stored_ids: list[int], now: datetime) -> None:
    (change,) = await turn(context, now, {stored_ids[0]: False}, {stored_ids[0]: "no answer within 10 s"})
    assert change == {
        "device_id": stored_ids[0],
        "from_state": "unknown",
        "to_state": "down",
        "reason": "no answer within 10 s",
    }


async def test_a_reason_that_postgres_would_not_take_or_that_never_ends_is_cut(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    (change,) = await turn(context, now, {stored_ids[0]: False}, {stored_ids[0]: "no\0" + "o" * 9999})
    assert change["reason"] == "no" + "o" * (LONGEST_REASON - 2)


@pytest.fixture
async def child(context: WorkerContext, network: httpx.AsyncClient, stored_ids: list[int]) -> int:
    """A device behind the first one, which is named gateway."""
    await network.patch(f"/devices/{stored_ids[0]}", json={"host_name": "gateway"})
    child = (await network.post("/devices/", json=make_device(parent_id=stored_ids[0]))).json()
    await sync(context, 3)
    return int(child["id"])


async def test_who_goes_down_behind_a_parent_that_is_down_says_so(
    context: WorkerContext, stored_ids: list[int], child: int, now: datetime
) -> None:
    changes = await turn(context, now, {stored_ids[0]: False, child: False})
    assert [change["reason"] for change in changes] == [None, "behind gateway, which is down"]


async def test_what_the_driver_says_goes_before_the_parent(
    context: WorkerContext, stored_ids: list[int], child: int, now: datetime
) -> None:
    *_, change = await turn(context, now, {stored_ids[0]: False, child: False}, {child: "refused"})
    assert change["reason"] == "refused"


async def test_behind_a_parent_that_is_up_there_is_no_reason(
    context: WorkerContext, stored_ids: list[int], child: int, now: datetime
) -> None:
    *_, change = await turn(context, now, {stored_ids[0]: True, child: False})
    assert change["reason"] is None


async def test_a_parent_that_is_read_in_another_page_is_known_from_before(
    context: WorkerContext, stored_ids: list[int], child: int, now: datetime
) -> None:
    await turn(context, now, {stored_ids[0]: False})
    (change,) = await turn(context, now, {child: False})
    assert change["reason"] == "behind gateway, which is down"


async def test_a_device_that_is_removed_turns_no_more(
    context: WorkerContext, network: httpx.AsyncClient, stored_ids: list[int], now: datetime
) -> None:
    await turn(context, now, {stored_ids[0]: True})
    await network.delete(f"/devices/{stored_ids[0]}")
    await sync(context, 2)
    assert await turn(context, now + SECOND, {stored_ids[0]: False}) == []


async def test_a_device_without_a_stored_snapshot_does_not_turn(
    context: WorkerContext, stored_ids: list[int], now: datetime
) -> None:
    async with context.engine.begin() as connection:
        assert await insert_state_changes(connection, now, read_as({stored_ids[0]: True}), set()) == []


async def test_a_refresh_tells_them_with_its_snapshots(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    before = await read_position(context.redis, context.settings)
    await refresh(context, now, "test")
    missed = await read_missed(context.redis, context.settings, before)
    assert missed is not None
    assert missed[-1].message.count(b'"from_state":"unknown"') == len(await select_changes(context)) == 3


async def test_a_refresh_in_which_nobody_turns_says_nothing_of_it(
    context: WorkerContext, device_ids: list[int], now: datetime
) -> None:
    await refresh(context, now, "test")
    before = await read_position(context.redis, context.settings)
    # Within the same minute no simulated link turns, and under an older tick nobody does.
    await refresh(context, now.replace(second=now.second - 1 if now.second else 1), "test")
    missed = await read_missed(context.redis, context.settings, before)
    assert missed is not None
    assert b"state_changes" not in missed[-1].message


async def test_of_the_past_the_changes_are_those_that_refreshes_would_have_found(
    context: WorkerContext, now: datetime
) -> None:
    begin = now.replace(minute=0, second=0) - timedelta(hours=3)
    middle, end = begin + 10 * MINUTE, begin + 20 * MINUTE
    await store_rows(context.engine, [*steady(1, begin, middle), *steady(1, middle, end, active=False)])
    for first, last in ((begin, middle + MINUTE), (middle + MINUTE, end), (begin, end)):
        async with context.engine.begin() as connection:
            await insert_past_changes(connection, first, last, with_first=first == begin)
    assert await select_changes(context) == [(1, begin + MINUTE, "unknown", "up"), (1, middle, "up", "down")]


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [(True, True, []), (False, True, [("down", "up")]), (None, True, [("unknown", "up")])],
)
async def test_where_the_past_meets_what_was_watched_the_first_change_goes_on_from_it(
    context: WorkerContext,
    stored_ids: list[int],
    now: datetime,
    before: bool | None,
    after: bool,
    joined: list[tuple[str, str]],
) -> None:
    border = now.replace(minute=30, second=0) - timedelta(hours=1)
    await store_rows(context.engine, steady(stored_ids[0], border - 10 * MINUTE, border, active=before))
    await turn(context, border, {stored_ids[0]: after})
    async with context.engine.begin() as connection:
        await join_past_changes(connection, border)
    assert [row[2:] for row in await select_changes(context)] == joined
