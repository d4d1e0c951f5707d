"""Rates of one interface from its counters at two moments, believed only where a line can carry them. Pure."""

from dataclasses import dataclass

from services.network.counters.values import LONGEST_SECONDS, NO_DOUBT, Counters, Doubt, Rates

RENUMBERED = "the interface changed its number, or its counters were interrupted"
MISSING = "no counters"
NEW = "the first counters"
WENT_BACK = "counters went back"
CAME_BACK = "counters are back after they had been away"
READ_ZERO = "counters fell to 0 and stay there"
TOO_FAST = "counted more than its line can carry"

# Agents look at their counters some time before they answer, so a mean may be above the line speed.
TOLERANCE = 1.25
# No line that counts in one series is faster, in Mbit/s.
FASTEST_SPEED = 1_000_000.0
# A 32-bit counter of unknown line speed may have wrapped up to this; faster lines have 64 bits.
_FASTEST_32_BIT_SPEED = 1000.0
# Agents report a line speed up to this where they do not know it: of tunnels, of virtual machines.
# It is believed until the counters have contradicted it so many times in a row.
_NOMINAL_SPEED = 10.0
_MOST_EXCESSES = 3
_BYTES_PER_MEGABIT = 125_000
_SMALLEST_FRAME_BYTES = 64


@dataclass(frozen=True, slots=True)
class Moment:
    """When the later counters were seen, by our clock, and how long after the earlier ones."""

    at_seconds: float
    seconds: float


def is_line_speed_wrong(doubt: Doubt) -> bool:
    """Return whether an interface has long been faster than the line speed that it reports."""
    return doubt.excesses >= _MOST_EXCESSES


def measure_rates(before: Counters, after: Counters, moment: Moment, doubt: Doubt) -> tuple[Rates, Doubt]:
    """Return the mean rates between two moments, and what is to be remembered for the next time."""
    if before.epoch != after.epoch or before.octet_bits != after.octet_bits:
        return Rates(reason=RENUMBERED), NO_DOUBT
    sent = _octet_growth((before.octets_out, after.octets_out, doubt.octets_out), after, moment, doubt)
    received = _octet_growth((before.octets_in, after.octets_in, doubt.octets_in), after, moment, doubt)
    next_doubt = NO_DOUBT
    if doubt is not NO_DOUBT or isinstance(sent, str) or isinstance(received, str):
        next_doubt = _remember((sent, received), (before, after), moment, doubt)
    for growth in (sent, received):
        if isinstance(growth, str) and growth is not MISSING:
            # One counter was reset, so the others were too, even those past their old value again.
            return Rates(reason=growth), next_doubt
    most_packets = _most_packets(after, moment, doubt)
    rates = Rates(
        _megabits_per_second(sent, moment.seconds),
        _megabits_per_second(received, moment.seconds),
        _packets_per_second(before.errors_in, after.errors_in, moment.seconds, most_packets),
        _packets_per_second(before.errors_out, after.errors_out, moment.seconds, most_packets),
        _packets_per_second(before.discards_in, after.discards_in, moment.seconds, most_packets),
        _packets_per_second(before.discards_out, after.discards_out, moment.seconds, most_packets),
        MISSING if isinstance(sent, str) or isinstance(received, str) else None,
    )
    return rates, next_doubt


def _octet_growth(
    counts: tuple[int | None, int | None, int | None], counters: Counters, moment: Moment, doubt: Doubt
) -> int | str:
    """Return the bytes counted from one value to the next, or why they are not believed.

    `counts` are the earlier value, the later one, and the one that it once went back from. A value
    that went back is a wrap of a 32-bit counter if the line could carry that, else a reset. A value
    that returns to where it was before a reset was only away.
    """
    before, after, old = counts
    if after is None:
        return MISSING
    if before is None:
        return NEW
    if old is not None:
        if before < old <= after and 2 * (after - before) > old:
            return CAME_BACK
        if before == after == 0 and moment.at_seconds - doubt.since_seconds <= LONGEST_SECONDS:
            return READ_ZERO
    if after >= before:
        growth = after - before
        return growth if growth <= _most_octets(counters, moment, doubt, FASTEST_SPEED) else TOO_FAST
    wrapped = after + 2**32 - before
    if counters.octet_bits != 32 or after == 0 or wrapped < 0:
        return WENT_BACK
    return wrapped if wrapped <= _most_octets(counters, moment, doubt, _FASTEST_32_BIT_SPEED) else WENT_BACK


def _most_octets(counters: Counters, moment: Moment, doubt: Doubt, fastest: float) -> float:
    if counters.line_speed is not None and counters.line_speed > 0:
        is_believed = counters.line_speed > _NOMINAL_SPEED or not is_line_speed_wrong(doubt)
        fastest = min(counters.line_speed * TOLERANCE, FASTEST_SPEED) if is_believed else fastest
    return fastest * _BYTES_PER_MEGABIT * moment.seconds


def _most_packets(counters: Counters, moment: Moment, doubt: Doubt) -> float:
    return _most_octets(counters, moment, doubt, FASTEST_SPEED) / _SMALLEST_FRAME_BYTES + 1


def _remember(
    growths: tuple[int | str, int | str], counters: tuple[Counters, Counters], moment: Moment, doubt: Doubt
) -> Doubt:
    """Return the doubt for the next time; none where all counters are past their old values again."""
    before, after = counters
    (sent, received), went_back = growths, WENT_BACK in growths
    is_over = not went_back and moment.at_seconds - doubt.since_seconds > LONGEST_SECONDS
    octets_out = _old_octets(sent, before.octets_out, after.octets_out, doubt.octets_out, is_over=is_over)
    octets_in = _old_octets(received, before.octets_in, after.octets_in, doubt.octets_in, is_over=is_over)
    excesses = min(doubt.excesses + 1, _MOST_EXCESSES) if TOO_FAST in growths else doubt.excesses
    if excesses < _MOST_EXCESSES and not any(isinstance(growth, str) for growth in growths):
        excesses = 0
    remembered = Doubt(moment.at_seconds if went_back else doubt.since_seconds, octets_in, octets_out, excesses)
    return NO_DOUBT if octets_in is octets_out is None and not excesses else remembered


def _old_octets(
    growth: int | str, before: int | None, after: int | None, old: int | None, *, is_over: bool
) -> int | None:
    """Return the value to which this counter may yet return."""
    if growth is WENT_BACK:
        return max(before or 0, old or 0)
    if old is None or after is None:
        return old
    # A counter that still reads 0 may come back at any time.
    return None if after >= old or (is_over and after > 0) else old


def _megabits_per_second(octets: int | str, seconds: float) -> float | None:
    return None if isinstance(octets, str) else round(octets / _BYTES_PER_MEGABIT / seconds, 6)


def _packets_per_second(before: int | None, after: int | None, seconds: float, most: float) -> float | None:
    """Return null where the counter went back: a wrap takes four thousand million errors, a reset is likelier."""
    if before is None or after is None or not 0 <= after - before <= most:
        return None
    return round((after - before) / seconds, 6)
