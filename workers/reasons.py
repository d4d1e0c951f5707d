"""Why a tick was missed, by what is known of outages and workers. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from workers.outages import Outage, Past, Session

NO_WORKER = "no worker was up"
NOT_KNOWN = "no worker was up, as far as is known"
NOTHING_WRONG = "not known: a worker was up, and no outage was noticed; a backup may have been restored since"

# A tick belongs to its minute.
_MINUTE = timedelta(minutes=1)
# A worker says no more often than this that it is up, and a busy machine lets it do so later.
_LONGEST_SILENCE = timedelta(seconds=10)
# So long after it said so last, a worker was up at the most; it says so each two seconds.
_SESSION_PAUSE = timedelta(seconds=3)
_LEAST_OVERLAP = timedelta(seconds=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def explain_ticks(ticks: Sequence[datetime], past: Past) -> Sequence[str]:
    """Why each of these ticks, the oldest first, was missed: the cause that takes up most of its minute."""
    causes = sorted([*past.outages, *_list_gaps(past.sessions, ticks[-1] + _MINUTE)], key=lambda one: one.begin)
    reasons = []
    for tick in ticks:
        causes = [cause for cause in causes if cause.end > tick]
        reasons.append(_explain(tick, causes))
    return reasons


def explain_span(begin: datetime, end: datetime, past: Past) -> str | None:
    """The outage that takes up most of a span; None where there was none."""
    found = _find_longest(begin, end, past.outages)
    return str(found) if found else None


def explain_abandoned(worker: str, started_at: datetime, until: datetime, past: Past, now: datetime) -> str:
    """Why a run that `worker` began, and that nobody could take up after `until`, was left open.

    An outage is the reason only where it came while that worker was up. Later ones kept nobody from anything.
    """
    end, is_dead = min(until, now), True
    for session in past.sessions:
        if session.worker == worker and session.begin <= started_at <= session.end + _SESSION_PAUSE:
            is_dead = now - session.end > _LONGEST_SILENCE
            end = min(end, session.end + _SESSION_PAUSE) if is_dead else end
    # Of a worker that lives, only Postgres can have taken back the lock.
    otherwise = "its worker died" if is_dead else "Postgres dropped its worker's connection"
    return explain_span(started_at, end, past) or otherwise


def _explain(tick: datetime, causes: Sequence[Outage]) -> str:
    found = _find_longest(tick, tick + _MINUTE, causes)
    if found is None:
        return NOTHING_WRONG
    return NOT_KNOWN if found.begin == _LONG_AGO else str(found)


def _find_longest(begin: datetime, end: datetime, causes: Sequence[Outage]) -> Outage | None:
    longest, most = None, _LEAST_OVERLAP
    for cause in causes:
        if cause.begin >= end:
            break
        overlap = min(cause.end, end) - max(cause.begin, begin)
        # Of a worker that did not run because of an outage, the outage is the reason.
        if overlap > most or (overlap == most and longest and longest.what == NO_WORKER):
            longest, most = cause, overlap
    return longest


def _list_gaps(sessions: Sequence[Session], until: datetime) -> Iterator[Outage]:
    """When no worker was up, up to `until`; what was before the first session that is known of begins long ago."""
    covered = _LONG_AGO
    for session in sessions:
        if session.begin - covered > _LONGEST_SILENCE:
            yield Outage(NO_WORKER, covered, session.begin)
        covered = max(covered, session.end)
    if until - covered > _LONGEST_SILENCE:
        yield Outage(NO_WORKER, covered, until)
