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
_AFTER = timedelta(seconds=20)
_BEFORE = timedelta(seconds=2)
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
    checks = (check_ticks, check_reasons, check_snapshots, check_faults, check_memory)
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


def _is_true(run: Run, seen: Seen) -> bool:
    error = run.error or ""
    if _ALREADY_RUNNING in error:
        return any(_is_earlier_and_running(other, run) for other in seen.runs)
    causes = {target for word, targets in _CAUSES.items() if word in error for target in targets}
    begin, end = _read_span(run)
    return bool(causes) and any(
        fault.target in causes | {SUPERVISOR} and _overlaps(fault, begin, end) for fault in seen.faults
    )


def _is_earlier_and_running(other: Run, run: Run) -> bool:
    """Whether another run of the job began before this tick and ended in it."""
    is_other = other.job == run.job and other.tick < run.tick
    return is_other and other.started is not None and (other.finished is None or other.finished >= run.tick)


def _read_span(run: Run) -> tuple[datetime, datetime]:
    """From when to when something was wrong, as the reason says; else the minute of the tick."""
    moments = [datetime.fromisoformat(moment) for moment in _MOMENT.findall(run.error or "")]
    return (moments[0], moments[1]) if len(moments) == 2 else (run.tick, run.tick + _MINUTE)


def _overlaps(fault: Fault, begin: datetime, end: datetime) -> bool:
    fault_end = fault.ended or fault.began + timedelta(seconds=fault.back_seconds or BACK_SECONDS)
    return fault.began - _BEFORE <= end and begin <= fault_end + _AFTER


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
