"""Each promise of the soak is found broken where it is, and only there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.soak.deck import Kind
from tests.soak.promises import (
    MOST_MEMORY_BYTES,
    check_all,
    check_faults,
    check_memory,
    check_reasons,
    check_retries,
    check_snapshots,
    check_ticks,
    check_wishes,
)
from tests.soak.seen import Fault, Run, Seen, Stored

BEGIN = datetime(2026, 11, 29, 8, 57, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DEVICES = 3


def make_run(tick: datetime, outcome: str | None = "done", error: str | None = None, job: str = "refresh") -> Run:
    return Run(job, tick, outcome, tick, tick + SECOND, DEVICES, error)


def make_seen(*others: Run, faults: Sequence[Fault] = (), leave_out: int | None = None) -> Seen:
    """Five minutes around a full hour in which all went well, but for these runs."""
    ticks = [BEGIN + number * MINUTE for number in range(5) if number != leave_out]
    runs = {(tick, 0): make_run(tick, job="clean" if tick.minute == 0 else "refresh") for tick in ticks}
    runs |= {(run.tick, number): run for number, run in enumerate(others)}
    done = {run.tick for run in runs.values() if run.job == "refresh" and run.outcome == "done"}
    stored = [Stored(tick, DEVICES, DEVICES, 0) for tick in sorted(done)]
    return Seen(BEGIN, BEGIN + 4 * MINUTE, DEVICES, list(runs.values()), stored, faults)


def make_fault(target: str, kind: Kind = Kind.KILL, at: datetime = BEGIN, seconds: float | None = 5) -> Fault:
    ended = None if seconds is None else at + timedelta(seconds=seconds)
    return Fault(kind, target, at, ended, seconds, seconds)


def test_a_soak_in_which_all_went_well_has_no_broken_promise() -> None:
    assert check_all(make_seen(faults=[make_fault("worker"), make_fault("app", Kind.HANG)])) == []


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_a_tick_that_is_not_in_the_ledger_is_found(number: int) -> None:
    assert len(list(check_ticks(make_seen(leave_out=number)))) == 1


def test_a_tick_that_is_twice_in_the_ledger_is_found() -> None:
    seen = make_seen()
    twice = replace(seen, runs=[*seen.runs, make_run(BEGIN)])
    assert list(check_ticks(twice)) == ["the tick 08:57 is 2 times in the ledger"]


def test_a_refresh_at_the_full_hour_is_no_clean() -> None:
    assert len(list(check_ticks(make_seen(make_run(BEGIN + 3 * MINUTE), leave_out=3)))) == 1


def test_a_run_without_an_outcome_is_found() -> None:
    assert len(list(check_ticks(make_seen(make_run(BEGIN + SECOND, None))))) == 1


def test_runs_outside_of_the_time_do_not_count() -> None:
    early, late = make_run(BEGIN - SECOND, None), make_run(BEGIN + 5 * MINUTE, None)
    assert check_all(make_seen(early, late)) == []


@pytest.mark.parametrize(
    ("error", "target"),
    [
        ("Postgres was out of reach", "postgres"),
        ("Redis was out of reach from 2026-11-29T08:57:00Z to 2026-11-29T08:57:09Z", "redis"),
        ("no worker was up from 2026-11-29T08:56:59Z to 2026-11-29T08:57:09Z", "worker"),
        ("the worker was silent", "worker"),
        ("its worker died", "worker"),
        ("the network service is out of reach", "network"),
        ("no worker was up", "supervisor"),
    ],
)
@pytest.mark.parametrize("outcome", ["missed", "failed"])
def test_a_reason_that_was_a_fault_is_true(outcome: str, error: str, target: str) -> None:
    seen = make_seen(make_run(BEGIN, outcome, error), faults=[make_fault(target)])
    assert list(check_reasons(seen)) == []


@pytest.mark.parametrize(
    "error",
    [
        None,
        "",
        "no worker was up",
        "Postgres was out of reach from 2026-11-29T08:50:04Z to 2026-11-29T08:51:09Z",
        "not known: a worker was up, and no outage was noticed",
        "the clock was set back",
        "value out of range",
        "an earlier one was still running",
    ],
)
@pytest.mark.parametrize("outcome", ["missed", "failed", "skipped"])
def test_a_reason_that_is_missing_or_was_no_fault_then_is_found(outcome: str, error: str | None) -> None:
    faults = [make_fault("postgres"), make_fault("worker", at=BEGIN + 4 * MINUTE)]
    assert len(list(check_reasons(make_seen(make_run(BEGIN, outcome, error), faults=faults)))) == 1


@pytest.mark.parametrize(
    "span",
    [
        "2026-11-29T08:57:30Z to 2026-11-29T08:58:30Z",
        "2026-11-29T08:56:01Z to 2026-11-29T08:56:31Z",
        "2026-11-29T08:57:00Z to 2026-11-29T08:58:30Z",
    ],
    ids=["a later one", "an earlier one", "longer than it was"],
)
def test_a_reason_that_names_another_time_than_that_of_run_and_fault_is_found(span: str) -> None:
    run = make_run(BEGIN, "failed", f"Postgres was out of reach from {span}")
    faults = [make_fault("postgres", at=BEGIN + number * 30 * SECOND) for number in (-2, 0, 1)]
    assert len(list(check_reasons(make_seen(run, faults=faults)))) == 1


def test_a_run_that_failed_before_the_fault_is_not_explained_by_it() -> None:
    run = make_run(BEGIN, "failed", "its worker died, attempt 1")
    assert len(list(check_reasons(make_seen(run, faults=[make_fault("worker", at=BEGIN + 20 * SECOND)])))) == 1


def test_a_refresh_by_hand_that_left_no_line_in_the_ledger_is_found() -> None:
    seen = replace(make_seen(make_run(BEGIN + 7 * SECOND)), wished={BEGIN + 7 * SECOND, BEGIN + 8 * SECOND})
    assert list(check_wishes(seen)) == ["the refresh by hand of 08:57:08 is not in the ledger"]


def make_restless(*pauses: int) -> list[Fault]:
    """Kills of the network service, back after a second, with so many seconds between them."""
    moments = [BEGIN + timedelta(seconds=sum(pauses[: number + 1])) for number in range(len(pauses))]
    return [make_fault("network", at=moment, seconds=1) for moment in moments]


@pytest.mark.parametrize("outcome", ["missed", "failed"])
def test_a_tick_that_is_not_done_although_there_was_time_is_found(outcome: str) -> None:
    run = make_run(BEGIN, outcome, "the network service is out of reach")
    assert len(list(check_retries(make_seen(run, faults=make_restless(0, 10, 10))))) == 1
    assert list(check_retries(make_seen(run, faults=make_restless(0, 14, 14, 14, 14)))) == []


def test_postgres_that_is_away_and_an_app_that_is_killed_are_no_excuse_for_a_tick() -> None:
    run = make_run(BEGIN, "missed", "Postgres was out of reach")
    faults = [make_fault("postgres", Kind.OUTAGE_BEGINS, seconds=120), make_fault("app", seconds=60)]
    assert len(list(check_retries(make_seen(run, faults=faults)))) == 1


def test_more_than_a_few_ticks_that_are_not_done_are_found_whatever_there_was() -> None:
    runs = [make_run(BEGIN + number * MINUTE, "failed", "the network service is out of reach") for number in (0, 1)]
    seen = make_seen(*runs, faults=[make_fault("network", seconds=120)])
    without = replace(seen, runs=[*runs, *(run for run in seen.runs if run.tick >= BEGIN + 2 * MINUTE)])
    assert list(check_retries(without)) == ["2 of 5 ticks of the schedule are not done"]


def test_a_tick_may_be_skipped_for_one_that_ran_into_it() -> None:
    before = replace(make_run(BEGIN - SECOND), finished=BEGIN + SECOND)
    skipped = make_run(BEGIN, "skipped", "an earlier one was still running")
    assert list(check_reasons(make_seen(before, skipped))) == []


def test_a_tick_ahead_of_the_clock_may_be_skipped_for_one_that_ended_before_it() -> None:
    before = replace(make_run(BEGIN - SECOND), finished=BEGIN)
    skipped = make_run(BEGIN + 4 * SECOND, "skipped", "an earlier one was still running")
    assert list(check_reasons(make_seen(before, replace(skipped, finished=BEGIN)))) == []


def test_a_tick_that_was_skipped_for_one_that_had_ended_long_before_is_found() -> None:
    before = replace(make_run(BEGIN - 20 * SECOND), finished=BEGIN - 19 * SECOND)
    skipped = make_run(BEGIN, "skipped", "an earlier one was still running")
    assert len(list(check_reasons(make_seen(before, skipped)))) == 1


@pytest.mark.parametrize("counts", [(DEVICES - 1, DEVICES - 1), (DEVICES + 1, DEVICES), (DEVICES + 1, DEVICES + 1)])
def test_a_snapshot_that_is_lost_or_doubled_is_found(counts: tuple[int, int]) -> None:
    seen = make_seen()
    stored = [Stored(BEGIN, *counts, false_states=0), *seen.stored[1:]]
    assert len(list(check_snapshots(replace(seen, stored=stored)))) == 1


def test_a_tick_that_is_done_without_snapshots_is_found() -> None:
    seen = make_seen()
    assert len(list(check_snapshots(replace(seen, stored=seen.stored[1:])))) == 1


def test_a_refresh_by_hand_that_is_done_is_whole_too() -> None:
    seen = make_seen(make_run(BEGIN + SECOND))
    assert len(list(check_snapshots(replace(seen, stored=[one for one in seen.stored if one.tick.second == 0])))) == 1


@pytest.mark.parametrize("outcome", ["missed", "failed", "skipped"])
def test_snapshots_of_a_tick_that_is_not_done_are_found(outcome: str) -> None:
    seen = make_seen(make_run(BEGIN, outcome, "why"))
    stored = [*seen.stored, Stored(BEGIN, DEVICES, DEVICES, 0)]
    assert len(list(check_snapshots(replace(seen, stored=stored)))) == 1


def test_a_device_of_a_false_state_is_found() -> None:
    seen = make_seen()
    assert len(list(check_snapshots(replace(seen, stored=[Stored(BEGIN, DEVICES, DEVICES, 1), *seen.stored[1:]])))) == 1


@pytest.mark.parametrize("seconds", [60.1, None])
def test_a_process_that_is_not_back_in_time_is_found(seconds: float | None) -> None:
    assert len(list(check_faults(make_seen(faults=[make_fault("app", seconds=seconds)])))) == 1


@pytest.mark.parametrize("seconds", [30.1, None])
def test_a_hang_that_is_not_noticed_in_time_is_found(seconds: float | None) -> None:
    fault = replace(make_fault("redis", Kind.HANG), noticed_seconds=seconds)
    assert len(list(check_faults(make_seen(faults=[fault])))) == 1


def test_an_outage_and_a_flush_have_no_process_to_come_back() -> None:
    faults = [make_fault("postgres", Kind.OUTAGE_BEGINS, seconds=None), make_fault("redis", Kind.FLUSH, seconds=None)]
    assert list(check_faults(make_seen(faults=faults))) == []


def test_a_process_that_is_too_large_is_found() -> None:
    seen = replace(make_seen(), memory_bytes={"app": MOST_MEMORY_BYTES, "worker": MOST_MEMORY_BYTES + 1})
    assert [words.split()[0] for words in check_memory(seen)] == ["worker"]
