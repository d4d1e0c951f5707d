"""What is promised through all faults, each as a function from what was seen to a list of broken promises. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tests.soak.deck import SUPERVISOR, Kind
from tests.soak.seen import Fault, Run, Seen

NOTICED_SECONDS = 30.0
BACK_SECONDS = 60.0
MOST_MEMORY_BYTES = 300 * 1024 * 1024
_MINUTE = timedelta(minutes=1)
# A process is back before whoever uses it has noticed.
_AFTER = timedelta(seconds=8)
_BEFORE = timedelta(seconds=2)
# So long without a fault is enough for an attempt at a tick, on a busy machine too.
ENOUGH = timedelta(seconds=15)
# And so long a process that is back needs until it works.
_RECOVERY = timedelta(seconds=3)
MOST_NOT_DONE_RATIO = 0.2
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Words of the ledger's reasons, and the processes one of which must have had a fault then.
_CAUSES = {
    "Postgres": ("postgres",),
    "database": ("postgres",),
    "Redis": ("redis",),
    "network service": ("network",),
    "orker": ("worker",),
    "came too late": ("worker", "redis", "postgres"),
}
_ALREADY_RUNNING = "an earlier one was still running"


def check_all(seen: Seen) -> Sequence[str]:
    """Every broken promise, in words for people."""
    checks = (check_ticks, check_wishes, check_retries, check_reasons, check_snapshots, check_faults, check_memory)
    return [broken for check in checks for broken in check(seen)]


def check_ticks(seen: Seen) -> Iterator[str]:
    """Every minute is in the ledger exactly once, with an outcome."""
    counts = Counter(run.tick for run in seen.runs if run.job == _scheduled_job(run.tick))
    for tick in list_minutes(seen):
        if counts[tick] != 1:
            yield f"the tick {tick:%H:%M} is {counts[tick]} times in the ledger"
    for run in _list_counting(seen):
        if run.outcome is None:
            yield f"the {run.job} of {run.tick:%H:%M:%S} has no outcome"


def check_reasons(seen: Seen) -> Iterator[str]:
    """What was not done says why, and the reason is one of the faults of that time."""
    for run in _list_counting(seen):
        if run.outcome in (None, "done"):
            continue
        if not run.error:
            yield f"the {run.job} of {run.tick:%H:%M:%S} is {run.outcome} without a reason"
        elif not _is_true(run, seen):
            yield f"the {run.job} of {run.tick:%H:%M:%S} is {run.outcome} for no fault that was: {run.error}"


def check_wishes(seen: Seen) -> Iterator[str]:
    """Every refresh that was wished for by hand is in the ledger, done or with a reason."""
    known = {run.tick for run in seen.runs if run.job == "refresh"}
    for tick in sorted(set(seen.wished) - known):
        yield f"the refresh by hand of {tick:%H:%M:%S} is not in the ledger"


def check_retries(seen: Seen) -> Iterator[str]:
    """A tick of the schedule is done wherever there was time for it; Postgres alone is no excuse."""
    scheduled = [run for run in _list_counting(seen) if run.job == _scheduled_job(run.tick) and _is_minute(run.tick)]
    not_done = [run for run in scheduled if run.outcome not in ("done", "skipped")]
    for run in not_done:
        calm = find_longest_calm(run.tick, run.tick + _MINUTE, seen.faults)
        if calm >= ENOUGH:
            seconds = calm.total_seconds()
            yield f"the {run.job} of {run.tick:%H:%M} is {run.outcome}, and for {seconds:.0f} s of it nothing was wrong"
    if len(not_done) > max(1, MOST_NOT_DONE_RATIO * len(scheduled)):
        yield f"{len(not_done)} of {len(scheduled)} ticks of the schedule are not done"


def find_longest_calm(begin: datetime, end: datetime, faults: Sequence[Fault]) -> timedelta:
    """The longest part of a span in which all that a refresh needs was there."""
    needed = [one for one in faults if one.target != "app" and one.kind in (Kind.KILL, Kind.HANG, Kind.FLUSH)]
    longest, calm_since = timedelta(0), begin
    for fault in sorted(needed, key=lambda one: one.began):
        longest = max(longest, min(fault.began, end) - calm_since)
        calm_since = max(calm_since, find_end(fault) + _RECOVERY)
    return max(longest, end - calm_since)


def find_end(fault: Fault) -> datetime:
    """When a fault was over, as far as that was seen."""
    return fault.ended or fault.began + timedelta(seconds=fault.back_seconds or BACK_SECONDS)


def _is_minute(tick: datetime) -> bool:
    return tick.second == 0


def _is_true(run: Run, seen: Seen) -> bool:
    """Whether the reason names a fault that was, and that was within the run's own time."""
    error = run.error or ""
    if _ALREADY_RUNNING in error:
        return any(_is_earlier_and_running(other, run) for other in seen.runs)
    causes = {target for word, targets in _CAUSES.items() if word in error for target in targets}
    if not causes:
        return False
    faults = [one for one in seen.faults if one.target in causes | {SUPERVISOR}]
    begin, end = _read_time(run)
    named = [datetime.fromisoformat(moment) for moment in _MOMENT.findall(error)]
    if len(named) != 2:
        return any(_overlaps(one, begin, end) for one in faults)
    is_of_run = named[0] <= end and begin <= named[1] + _BEFORE
    return is_of_run and all(any(_overlaps(one, moment, moment) for one in faults) for moment in named)


def _is_earlier_and_running(other: Run, run: Run) -> bool:
    """Whether another run of the job, of an earlier tick, had not ended when this one was skipped.

    That may be before its own tick: those by hand are up to some seconds ahead.
    """
    is_other = other.job == run.job and other.tick < run.tick and other.started is not None
    return is_other and (other.finished is None or other.finished >= (run.finished or run.tick) - _BEFORE)


def _read_time(run: Run) -> tuple[datetime, datetime]:
    """When a run could have been harmed: from its begin to its end, at the most to the end of its minute."""
    latest = run.tick + _MINUTE
    return (run.started or run.tick, min(run.finished or latest, latest) if run.started else latest)


def _overlaps(fault: Fault, begin: datetime, end: datetime) -> bool:
    return fault.began - _BEFORE <= end and begin <= find_end(fault) + _AFTER


def check_snapshots(seen: Seen) -> Iterator[str]:
    """Every tick that is done has one snapshot of each device, and nothing else is stored."""
    stored = {one.tick: one for one in seen.stored}
    done = {run.tick for run in _list_counting(seen) if run.job == "refresh" and run.outcome == "done"}
    for tick in sorted(done):
        counts = (stored[tick].snapshots, stored[tick].devices) if tick in stored else (0, 0)
        if counts != (seen.devices, seen.devices):
            yield f"the tick {tick:%H:%M:%S} has {counts[0]} snapshots of {counts[1]} devices, not of {seen.devices}"
    for one in seen.stored:
        if one.tick not in done and _counts(seen, one.tick):
            yield f"{one.snapshots} snapshots are stored under {one.tick:%H:%M:%S}, which is not done"
        if one.false_states:
            yield f"{one.false_states} devices have a false state at {one.tick:%H:%M:%S}"


def check_faults(seen: Seen) -> Iterator[str]:
    """Every process is back in time, and one that hangs is noticed in time; readings go on while Postgres is away."""
    for fault in seen.faults:
        if fault.kind is Kind.HANG and (fault.noticed_seconds is None or fault.noticed_seconds > NOTICED_SECONDS):
            yield f"{fault}: {_after(fault.noticed_seconds, 'noticed')}, not within {NOTICED_SECONDS:g} s"
        if fault.kind in (Kind.KILL, Kind.HANG) and (fault.back_seconds is None or fault.back_seconds > BACK_SECONDS):
            yield f"{fault}: {_after(fault.back_seconds, 'back')}, not within {BACK_SECONDS:g} s"


def _after(seconds: float | None, what: str) -> str:
    return f"never {what}" if seconds is None else f"{what} after {seconds:.1f} s"


def check_memory(seen: Seen) -> Iterator[str]:
    """No process is large at the end."""
    for name, size in seen.memory_bytes.items():
        if size > MOST_MEMORY_BYTES:
            yield f"{name} has {size >> 20} MiB, more than {MOST_MEMORY_BYTES >> 20}"


def list_minutes(seen: Seen) -> Sequence[datetime]:
    """The scheduled ticks of the time that counts."""
    count = (seen.last_tick - seen.first_tick) // _MINUTE + 1
    return [seen.first_tick + number * _MINUTE for number in range(count)]


def _list_counting(seen: Seen) -> Sequence[Run]:
    return [run for run in seen.runs if run.job in ("refresh", "clean") and _counts(seen, run.tick)]


def _counts(seen: Seen, tick: datetime) -> bool:
    return seen.first_tick <= tick <= seen.last_tick


def _scheduled_job(tick: datetime) -> str:
    """As docs/architecture.md has it: a clean at the full hour, else a refresh."""
    return "clean" if tick.minute == 0 else "refresh"
