"""How much time went by between two samples of a device: by its own uptime, guarded by our clock. Pure."""

from dataclasses import dataclass, replace

from services.network.counters.values import LONGEST_SECONDS, Pace, Sample

FIRST = "first reading: rates come with the next one"
AFTER_A_GAP = "no reading for more than 15 minutes: rates come with the next one"
SET_BACK = "our clock was set back: rates come with the next reading"
RESTARTED = "restarted: rates come with the next reading"
DISAGREE = "its uptime and our clock do not fit together (restarted, or a clock was set): no rates for now"
BY_OUR_CLOCK = "its uptime is no clock that can be used: rates are by ours"

# The uptime may differ so much from our clock before the device counts as restarted.
_JUMP_SECONDS, _JUMP_RATIO = 2.0, 0.1
# Over a longer time they must fit better: delays on the way do not add up, a wrong clock does.
_DRIFT_SECONDS, _DRIFT_RATIO = 1.0, 0.03
_COMPARED_SECONDS = 600.0
# A restart shows once. So many disagreements in a row mean that the uptime is no clock.
_MOST_DISAGREEMENTS = 3
# The uptime of SNMP is a 32-bit counter of hundredths of a second.
UPTIME_WRAP_SECONDS = 2**32 / 100
# An uptime that went back has wrapped if this leaves it near our clock, else it began anew.
_WRAP_RATIO, _WRAP_SECONDS = 20, 60


@dataclass(frozen=True, slots=True)
class Span:
    """The time between two samples; null where the device began anew in between, or nobody knows.

    `is_same_run` is false where the device was restarted for sure, or the clock is another.
    """

    seconds: float | None
    pace: Pace | None = None
    note: str | None = None
    is_same_run: bool = False


def measure_span(earlier: Sample, later: Sample) -> Span:
    """Compare two samples of a device.

    The device's uptime is read in one answer with its counters, so it is nearer to the truth than
    our clock, which does not see delays on the way. Ours guards it: where they disagree, the
    device was restarted or a clock was set. Where they disagree several times in a row, the uptime
    stands still, counts in another unit or drifts, and ours is taken.
    """
    if earlier.clock != later.clock:
        return Span(None, note=FIRST)
    ours = later.at_seconds - earlier.at_seconds
    if ours < 0:
        return Span(None, note=SET_BACK)
    if ours > LONGEST_SECONDS:
        return Span(None, note=AFTER_A_GAP)
    if earlier.uptime_seconds is None and later.uptime_seconds is None:
        return Span(ours, is_same_run=True)
    return _compare(earlier, later, ours)


def _compare(earlier: Sample, later: Sample, ours: float) -> Span:
    before, after = earlier.uptime_seconds, later.uptime_seconds
    disagreements = earlier.pace.disagreements if earlier.pace else 0
    if before is None or after is None:
        return _doubt(Pace(later.at_seconds, after or 0.0, disagreements + 1), ours)
    theirs = (after - before) % UPTIME_WRAP_SECONDS
    if after < before and theirs > _WRAP_RATIO * ours + _WRAP_SECONDS:
        return Span(None, Pace(later.at_seconds, after), RESTARTED)
    if abs(theirs - ours) > _JUMP_SECONDS + _JUMP_RATIO * ours:
        return _doubt(Pace(later.at_seconds, after, disagreements + 1), ours)
    pace = earlier.pace or Pace(earlier.at_seconds, before)
    compared = later.at_seconds - pace.at_seconds
    if abs(_drift(pace, later.at_seconds, after)) > _DRIFT_SECONDS + _DRIFT_RATIO * compared:
        return _doubt(replace(pace, disagreements=disagreements + 1), ours)
    if compared > _COMPARED_SECONDS:
        pace = Pace(later.at_seconds, after)
    return Span(theirs, replace(pace, disagreements=0), is_same_run=True)


def _drift(pace: Pace, at_seconds: float, uptime_seconds: float) -> float:
    drift = (uptime_seconds - pace.uptime_seconds) - (at_seconds - pace.at_seconds)
    half = UPTIME_WRAP_SECONDS / 2
    return (drift + half) % UPTIME_WRAP_SECONDS - half


def _doubt(pace: Pace, ours: float) -> Span:
    if pace.disagreements < _MOST_DISAGREEMENTS:
        return Span(None, pace, DISAGREE, is_same_run=True)
    return Span(ours, pace, BY_OUR_CLOCK, is_same_run=True)
