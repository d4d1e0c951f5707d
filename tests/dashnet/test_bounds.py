import math

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.bounds import MOST, explain, is_believed, select_believed


@pytest.mark.parametrize("name", MOST)
def test_a_number_is_believed_from_0_to_its_bound(name: str) -> None:
    assert [is_believed(name, value) for value in (0, 0.5, MOST[name])] == [True, True, True]
    assert not is_believed(name, math.nextafter(MOST[name], math.inf))


@pytest.mark.parametrize("value", [-0.001, math.nan, math.inf, -math.inf, 10**400, True, "1.5", [], {}, None])
def test_nothing_else_is_a_number_to_believe(value: object) -> None:
    assert not is_believed("upload_speed", value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("download_speed", 2.4769e12, "download_speed 2.4769e+12 is not believed (0 to 1,000,000 Mbit/s)"),
        ("loss_ratio", -1.0, "loss_ratio -1 is not believed (0 to 1)"),
        ("jitter_seconds", "fast", "jitter_seconds 'fast' is not believed (0 to 3,600 s)"),
    ],
)
def test_why_a_value_is_not_believed_is_said_in_words(name: str, value: object, words: str) -> None:
    assert explain(name, value) == words


@pytest.mark.parametrize(
    ("stored", "believed"),
    [(0.0, 0.0), (1e6, 1e6), (1_000_001.0, None), (-1.0, None), (math.nan, None), (math.inf, None)],
)
async def test_postgres_believes_the_same(engine: AsyncEngine, stored: float, believed: float | None) -> None:
    query = text(f"SELECT {select_believed('upload_speed')} FROM (SELECT CAST(:stored AS real) AS upload_speed) AS one")
    async with engine.connect() as connection:
        assert await connection.scalar(query, {"stored": stored}) == believed
