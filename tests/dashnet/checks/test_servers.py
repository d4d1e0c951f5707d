from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.channels import worker_health_key
from dashnet.checks.check import Check, CheckOutcome
from dashnet.checks.servers import (
    ClockReading,
    check_postgres,
    check_redis,
    judge_clock,
    judge_persistence,
    judge_redis_version,
    judge_workers,
)
from dashnet.settings import Settings
from tests.conftest import make_settings
from tests.ports import free_port

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)


def outcomes(checks: Sequence[Check]) -> dict[str, str]:
    return {check.name: check.outcome.value for check in checks}


async def test_a_good_postgres_is_fine_in_all(settings: Settings) -> None:
    assert outcomes(await check_postgres(settings)) == {"postgres": "ok", "tables": "ok", "postgres clock": "ok"}


@pytest.mark.parametrize(("schema", "owner"), [("network", "the network service"), ("store", "a worker")])
async def test_missing_tables_are_a_problem_that_names_who_makes_them(
    settings: Settings, engine: AsyncEngine, schema: str, owner: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    (check,) = [check for check in await check_postgres(settings) if check.name == "tables"]
    assert check.outcome is CheckOutcome.PROBLEM
    assert schema in check.detail
    assert owner in check.advice


async def test_a_postgres_out_of_reach_is_one_problem_without_the_password() -> None:
    url = f"postgresql+asyncpg://dashnet:geheim@127.0.0.1:{free_port()}/dashnet"
    (check,) = await check_postgres(make_settings(database_url=url))
    assert check.outcome is CheckOutcome.PROBLEM
    assert "nothing listens there" in check.detail
    assert "make up" in check.advice
    assert "geheim" not in check.detail


async def test_a_database_that_is_not_there_is_told_in_postgres_words(settings: Settings) -> None:
    url = settings.database_url.replace("/test_", "/missing_")
    (check,) = await check_postgres(settings.model_copy(update={"database_url": url}))
    assert "does not exist" in check.detail


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+asyncpg://u:ge/heim@127.0.0.1/x", "mysql://u:heim@127.0.0.1/x"]
)
async def test_a_bad_database_address_is_a_problem_without_the_password(url: str) -> None:
    (check,) = await check_postgres(make_settings(database_url=url))
    assert check.outcome is CheckOutcome.PROBLEM
    assert "DASHNET_DATABASE_URL" in check.advice
    assert "heim" not in check.detail


async def test_a_good_redis_with_a_worker_is_fine_in_all(settings: Settings, redis: Redis) -> None:
    await redis.set(worker_health_key(settings), "alive")
    expected = dict.fromkeys(("redis", "redis memory", "redis clock", "workers"), "ok")
    assert outcomes(await check_redis(settings)) == expected


async def test_without_a_workers_key_no_worker_is_alive(settings: Settings) -> None:
    assert outcomes(await check_redis(settings))["workers"] == "problem"


async def test_a_redis_out_of_reach_is_one_problem_without_the_password() -> None:
    (check,) = await check_redis(make_settings(redis_url=f"redis://:geheim@127.0.0.1:{free_port()}/0"))
    assert check.outcome is CheckOutcome.PROBLEM
    assert "nothing listens there" in check.detail
    assert "geheim" not in check.detail


async def test_a_bad_redis_address_is_a_problem_without_the_password() -> None:
    (check,) = await check_redis(make_settings(redis_url="http://:geheim@127.0.0.1"))
    assert check.outcome is CheckOutcome.PROBLEM
    assert "DASHNET_REDIS_URL" in check.advice
    assert "geheim" not in check.detail


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("6.2.14", "ok"), ("7.4.0", "ok"), ("10.0.0", "ok"), ("6.0.16", "problem"), ("5.0", "problem")],
)
def test_a_redis_before_6_2_is_a_problem(version: str, outcome: str) -> None:
    assert judge_redis_version(version, "redis://127.0.0.1").outcome == outcome


@pytest.mark.parametrize(
    ("appends", "saves", "outcome"),
    [(True, False, "ok"), (True, None, "ok"), (False, True, "note"), (False, False, "note"), (False, None, "note")],
)
def test_a_redis_that_forgets_is_a_note(appends: bool, saves: bool | None, outcome: str) -> None:
    assert judge_persistence(appends=appends, saves=saves).outcome == outcome


@pytest.mark.parametrize(
    ("seconds", "outcome"), [(0, "ok"), (2, "ok"), (-2, "ok"), (2.1, "problem"), (-2.1, "problem")]
)
def test_clocks_more_than_two_seconds_apart_are_a_problem(seconds: float, outcome: str) -> None:
    assert judge_clock("clock", ClockReading(NOW + timedelta(seconds=seconds), NOW, NOW)).outcome == outcome


def test_a_slow_answer_is_no_wrong_clock() -> None:
    reading = ClockReading(NOW + timedelta(seconds=1), NOW, NOW + timedelta(seconds=4))
    assert judge_clock("clock", reading).outcome is CheckOutcome.OK


@pytest.mark.parametrize(("seconds", "words"), [(60, "60.0 s ahead of"), (-60, "60.0 s behind")])
def test_a_wrong_clock_says_by_how_much_and_which_way(seconds: int, words: str) -> None:
    assert words in judge_clock("clock", ClockReading(NOW + timedelta(seconds=seconds), NOW, NOW)).detail


def test_workers_are_counted_and_named() -> None:
    assert judge_workers(["b", "a"]).detail == "2 alive: a, b"
