from collections import Counter

import pytest

from tests.soak.deck import SETTLE_SECONDS, SUPERVISOR, Card, Kind, make_deck

LENGTHS = pytest.mark.parametrize("minutes", [3, 10, 60])
SEEDS = pytest.mark.parametrize("seed", range(20))


def within_outage(seed: int, minutes: float) -> list[Card]:
    deck = make_deck(seed, minutes)
    kinds = [card.kind for card in deck]
    return list(deck[kinds.index(Kind.OUTAGE_BEGINS) + 1 : kinds.index(Kind.OUTAGE_ENDS)])


def test_the_same_seed_gives_the_same_deck_and_another_one_another() -> None:
    assert make_deck(1, 10) == make_deck(1, 10)
    assert make_deck(1, 10) != make_deck(2, 10)


@SEEDS
def test_ten_minutes_have_the_faults_that_were_played_by_hand(seed: int) -> None:
    counts = Counter(card.kind for card in make_deck(seed, 10))
    kills = counts.pop(Kind.KILL)
    assert kills + counts[Kind.REFRESH] == 97
    assert counts == {Kind.REFRESH: 8, Kind.HANG: 3, Kind.FLUSH: 1, Kind.OUTAGE_BEGINS: 1, Kind.OUTAGE_ENDS: 1}


@LENGTHS
@SEEDS
def test_the_deck_leaves_time_to_settle(seed: int, minutes: float) -> None:
    seconds = sum(card.pause_seconds for card in make_deck(seed, minutes))
    assert seconds == pytest.approx(minutes * 60 - SETTLE_SECONDS)


@LENGTHS
@SEEDS
def test_while_postgres_is_away_only_others_that_survive_it_are_killed(seed: int, minutes: float) -> None:
    cards = within_outage(seed, minutes)
    assert {card.kind for card in cards} == {Kind.KILL}
    assert not {card.target for card in cards} & {"postgres", SUPERVISOR}


@SEEDS
def test_the_outage_spans_at_least_two_ticks(seed: int) -> None:
    deck = make_deck(seed, 10)
    begin = next(card for card in deck if card.kind is Kind.OUTAGE_BEGINS)
    assert begin.pause_seconds + sum(card.pause_seconds for card in within_outage(seed, 10)) >= 120


@SEEDS
def test_every_process_is_killed(seed: int) -> None:
    killed = {card.target for card in make_deck(seed, 10) if card.kind is Kind.KILL}
    assert killed == {"worker", "network", "app", "redis", "postgres", SUPERVISOR}
