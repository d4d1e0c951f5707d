"""A device's next sample with its rates since the last one, and the words for what is unknown. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.network.counters.clocks import FIRST, measure_span
from services.network.counters.growth import MISSING, Moment, measure_rates
from services.network.counters.values import NO_DOUBT, SHORTEST_SECONDS, Counters, Doubt, Rates, Sample

STANDS_STILL = "its counters have not moved since the last reading: rates come when they move"
_NEW_INTERFACE = Rates(reason="the first counters")
# Agents keep their counters for so long at the most before they look again.
_LONGEST_CACHE_SECONDS = 150.0
_MOST_NAMED = 3


def follow(
    earlier: Sample | None, later: Sample, shortest_seconds: float = SHORTEST_SECONDS, *, may_cache: bool = False
) -> Sample:
    """Return `later` with its rates since `earlier`; `earlier` itself where too little time went by.

    `may_cache`: the device may keep its counters for a while before it looks again. Where a busy
    device's counters have not moved, `earlier` is held, so that the next rates are means over the
    whole time.
    """
    if earlier is None:
        return replace(later, note=FIRST)
    span = measure_span(earlier, later)
    passed = later.at_seconds - earlier.at_seconds
    if span.is_same_run and passed < shortest_seconds:
        return earlier
    if may_cache and span.is_same_run and passed <= _LONGEST_CACHE_SECONDS and _stands_still(earlier, later):
        return replace(earlier, is_held=True)
    if not span.seconds:
        doubts = earlier.doubts if span.is_same_run else {}
        return replace(later, pace=span.pace, note=span.note, doubts=doubts)
    rates, doubts = _measure(earlier, later, span.seconds)
    return replace(later, rates=rates, doubts=doubts, pace=span.pace, note=span.note)


def _measure(earlier: Sample, later: Sample, seconds: float) -> tuple[Mapping[str, Rates], Mapping[str, Doubt]]:
    moment = Moment(later.at_seconds, seconds)
    rates: dict[str, Rates] = {}
    doubts: dict[str, Doubt] = {}
    for name, counters in later.interfaces.items():
        before = earlier.interfaces.get(name)
        if before is None:
            rates[name] = _NEW_INTERFACE
            continue
        rates[name], doubt = measure_rates(before, counters, moment, earlier.doubts.get(name, NO_DOUBT))
        if doubt is not NO_DOUBT:
            doubts[name] = doubt
    return rates, doubts


def _stands_still(earlier: Sample, later: Sample) -> bool:
    """Return whether a device that carried traffic has counted nothing since, on any interface."""
    if not any(rates.upload_speed or rates.download_speed for rates in earlier.rates.values()):
        return False
    return earlier.interfaces.keys() == later.interfaces.keys() and all(
        _octets(counters) == _octets(later.interfaces[name]) for name, counters in earlier.interfaces.items()
    )


def _octets(counters: Counters) -> tuple[int | None, int | None, int, str]:
    return counters.octets_in, counters.octets_out, counters.octet_bits, counters.epoch


def explain(sample: Sample, names: Iterable[str]) -> str | None:
    """Return why rates of these interfaces are unknown or odd; null where all is well."""
    if sample.is_held:
        return STANDS_STILL
    if sample.note is not None and not sample.rates:
        return sample.note
    names = list(names)
    missing = {name: rates for name in names if (rates := sample.rates_of(name)).is_partial}
    parts = [sample.note] if sample.note is not None else []
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        noun = "interface" if len(names) == 1 else "interfaces"
        parts.append(f"{len(missing)} of {len(names)} {noun} {verb} no rate: {_reasons(missing)}")
    return "; ".join(parts) or None


def _reasons(missing: Mapping[str, Rates]) -> str:
    by_reason: dict[str, list[str]] = {}
    for name, rates in missing.items():
        by_reason.setdefault(rates.reason or MISSING, []).append(name)
    return ", ".join(f"{reason} ({_names(names)})" for reason, names in by_reason.items())


def _names(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
