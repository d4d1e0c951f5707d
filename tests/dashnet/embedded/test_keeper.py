"""How soon a process that died is started again."""

import pytest

from dashnet.embedded.keeper import restart_delay_seconds


def test_first_restart_comes_within_a_third_of_a_second() -> None:
    assert restart_delay_seconds(1, luck=1.0) <= 0.3


def test_delay_doubles_with_each_death() -> None:
    assert [restart_delay_seconds(deaths, luck=1.0) for deaths in (1, 2, 3, 4)] == [0.25, 0.5, 1.0, 2.0]


@pytest.mark.parametrize("deaths", [7, 100, 100_000])
def test_delay_has_a_cap(deaths: int) -> None:
    assert restart_delay_seconds(deaths, luck=1.0) == 10.0


def test_luck_takes_off_up_to_a_half() -> None:
    assert restart_delay_seconds(3, luck=0.0) == 0.5
