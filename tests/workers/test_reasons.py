from datetime import UTC, datetime, timedelta

import pytest

from workers.outages import Outage, Past, Session
from workers.reasons import NOT_KNOWN, NOTHING_WRONG, explain_abandoned, explain_span, explain_ticks

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS_UP = [Session(NOON - timedelta(days=1), NOON + timedelta(days=1))]
POSTGRES = "Postgres was out of reach"


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def explain(past: Past, minute: int = 5) -> str:
    return explain_ticks([at(minute)], past)[0]


@pytest.mark.parametrize(
    "what",
    [
        POSTGRES,
        "Redis was out of reach",
        "the worker was silent",
        "the clock was set forward",
        "the machine was asleep",
    ],
)
def test_a_tick_within_an_outage_is_explained_by_it(what: str) -> None:
    reason = explain(Past([Outage(what, at(1.5), at(11))], ALWAYS_UP))
    assert reason == f"{what} from 2026-11-29T12:01:30Z to 2026-11-29T12:11:00Z"


def test_the_cause_that_takes_up_most_of_the_minute_is_the_reason() -> None:
    outages = [Outage(POSTGRES, at(5), at(5.2)), Outage("the worker was silent", at(5.2), at(7))]
    assert explain(Past(outages, ALWAYS_UP)).startswith("the worker was silent")


def test_a_tick_between_two_workers_had_none() -> None:
    sessions = [Session(at(0), at(3)), Session(at(9), at(20))]
    assert explain(Past([], sessions)) == "no worker was up from 2026-11-29T12:03:00Z to 2026-11-29T12:09:00Z"


def test_of_a_worker_that_ended_in_an_outage_the_outage_is_the_reason() -> None:
    sessions = [Session(at(0), at(3)), Session(at(9), at(20))]
    assert explain(Past([Outage(POSTGRES, at(3), at(9))], sessions)).startswith(POSTGRES)


def test_one_of_two_workers_that_was_up_is_enough() -> None:
    sessions = [Session(at(0), at(20)), Session(at(0), at(3)), Session(at(9), at(20))]
    assert explain(Past([], sessions)) == NOTHING_WRONG


def test_before_the_first_worker_that_is_known_of_nothing_is_certain() -> None:
    assert explain(Past([], [Session(at(9), at(20))])) == NOT_KNOWN
    assert explain(Past([], [])) == NOT_KNOWN


def test_an_outage_that_is_over_explains_no_later_tick() -> None:
    past = Past([Outage(POSTGRES, at(1), at(4))], ALWAYS_UP)
    assert explain_ticks([at(2), at(3), at(4)], past)[2] == NOTHING_WRONG


def test_a_span_without_an_outage_has_no_reason() -> None:
    past = Past([Outage(POSTGRES, at(1), at(4))], [])
    assert (explain_span(at(2), at(6), past) or "").startswith(POSTGRES)
    assert explain_span(at(5), at(6), past) is None


def explain_left_open(outages: list[Outage], worker_until: float, now: float = 10) -> str:
    """Of a run that began at minute 1 and could be taken up until minute 2."""
    past = Past(outages, [Session(at(0), at(worker_until), "w"), Session(at(0), at(now), "another")])
    return explain_abandoned("w", at(1), at(2), past, at(now))


def test_a_run_left_open_before_an_outage_began_is_not_explained_by_it() -> None:
    assert explain_left_open([Outage(POSTGRES, at(1.5), at(9))], worker_until=1.1) == "its worker died"
    assert explain_left_open([Outage(POSTGRES, at(2.5), at(9))], worker_until=1.1) == "its worker died"


def test_a_run_left_open_is_not_explained_by_an_outage_after_its_time() -> None:
    reason = explain_left_open([Outage(POSTGRES, at(2), at(9))], worker_until=10)
    assert reason == "Postgres dropped its worker's connection"


def test_a_run_left_open_in_an_outage_is_explained_by_it_whether_its_worker_lived_or_ended() -> None:
    outage = Outage(POSTGRES, at(1.05), at(9))
    assert explain_left_open([outage], worker_until=10) == str(outage)
    assert explain_left_open([outage], worker_until=1.2) == str(outage)


def test_a_run_left_open_by_a_worker_that_nobody_knows_had_one_that_died() -> None:
    assert explain_abandoned("w", at(1), at(2), Past([], []), at(9)) == "its worker died"
