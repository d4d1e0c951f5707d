"""The deck of faults that a soak plays: what is done to which process, in which order, and how long until the next.

Pure: the same seed and length give the same deck, so that a soak that found something can be run again.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

# What the first soak did by hand: 97 kills in ten minutes.
KILLS_A_MINUTE = 9.7
REFRESHES_A_MINUTE = 0.8
HANGS_A_MINUTE = 0.3
SUPERVISOR_KILLS_A_MINUTE = 0.2
# How much of the time Postgres is held down, and how many kills fall into that.
OUTAGE_SHARE = 0.25
KILLS_IN_OUTAGE_SHARE = 0.06
# Time at the end for the last readings to be stored.
SETTLE_SECONDS = 60.0
LEAST_MINUTES = 3

SERVICES = ("worker", "network", "app")
SERVERS = ("redis", "postgres")
SUPERVISOR = "supervisor"
# Nominal: a hang lasts until it is noticed.
_HANG_SECONDS, _START_SECONDS = 30.0, 15.0


class Kind(StrEnum):
    """What is done."""

    KILL = "kill"
    REFRESH = "refresh"
    HANG = "hang"
    FLUSH = "flush"
    OUTAGE_BEGINS = "outage begins"
    OUTAGE_ENDS = "outage ends"


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that is done; a refresh is asked for `delay_seconds` before its `target` is killed."""

    kind: Kind
    target: str
    pause_seconds: float = 0.0
    delay_seconds: float = 0.0


def make_deck(seed: int, minutes: float) -> Sequence[Card]:
    """The cards in their order, their pauses together as long as the soak without the time to settle."""
    rng = random.Random(seed)
    refreshes, hangs = _count(REFRESHES_A_MINUTE, minutes), _count(HANGS_A_MINUTE, minutes)
    kills = _count(KILLS_A_MINUTE, minutes) - refreshes
    supervisor_kills, outage_kills = _count(SUPERVISOR_KILLS_A_MINUTE, minutes), _count(KILLS_IN_OUTAGE_SHARE, kills)
    loose = [
        Card(Kind.FLUSH, "redis"),
        *(Card(Kind.KILL, SUPERVISOR, _START_SECONDS) for _ in range(supervisor_kills)),
        *(Card(Kind.HANG, target, _HANG_SECONDS) for target in rng.sample(SERVICES + SERVERS, min(hangs, 5))),
        *(Card(Kind.REFRESH, rng.choice(_REFRESHING), 0, rng.uniform(0.15, 0.4)) for _ in range(refreshes)),
        *_deal_kills(rng, kills - supervisor_kills - outage_kills, SERVICES + SERVERS),
    ]
    rng.shuffle(loose)
    outage_seconds = OUTAGE_SHARE * minutes * 60
    outage = [
        Card(Kind.OUTAGE_BEGINS, "postgres"),
        *_deal_kills(rng, outage_kills, (*SERVICES, "redis")),
        Card(Kind.OUTAGE_ENDS, "postgres"),
    ]
    place = rng.randint(len(loose) // 4, len(loose) * 3 // 4)
    rest_seconds = minutes * 60 - SETTLE_SECONDS - outage_seconds
    timed = _spread(rng, loose, rest_seconds)
    return [*timed[:place], *_spread(rng, outage, outage_seconds), *timed[place:]]


# Whoever takes part in a refresh.
_REFRESHING = ("worker", "redis", "postgres", "network")


def _count(a_minute: float, minutes: float) -> int:
    return max(1, round(a_minute * minutes))


def _deal_kills(rng: random.Random, count: int, targets: Sequence[str]) -> Iterator[Card]:
    """Kills in random order, each target as often as the others."""
    dealt = [targets[number % len(targets)] for number in range(count)]
    rng.shuffle(dealt)
    yield from (Card(Kind.KILL, target) for target in dealt)


def _spread(rng: random.Random, cards: Sequence[Card], seconds: float) -> Sequence[Card]:
    """Give each card a random pause after it, so that all take `seconds`; a pause that a card has comes on top."""
    weights = [rng.uniform(0.2, 1.8) for _ in cards[:-1]] + [0.0 if cards[-1].kind is Kind.OUTAGE_ENDS else 1.0]
    free = max(0.0, seconds - sum(card.pause_seconds for card in cards)) / sum(weights)
    return [
        replace(card, pause_seconds=card.pause_seconds + free * weight)
        for card, weight in zip(cards, weights, strict=True)
    ]
