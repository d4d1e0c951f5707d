"""The network's traffic in a report: a set of figures for real devices and one for simulated ones. Pure."""

from collections.abc import Mapping, Sequence

from dashnet.edge import NetworkKind
from dashnet.history.counts import SummaryCounts, merge_counts
from dashnet.history.report import DayFigures, DayTraffic, Figures, TrafficFigures
from dashnet.history.traffic import Percentiles, known_bytes

Found = Mapping[NetworkKind, Mapping[int, SummaryCounts]]
_NO_RATES = Percentiles()
_NOT_KNOWN: DayTraffic = {"uploaded_bytes": None, "downloaded_bytes": None}


def make_traffic(found: Found, rates: Mapping[NetworkKind, Percentiles], day_count: int) -> list[TrafficFigures]:
    """Return the figures of each kind that was read, the real devices first.

    All devices together come last, and only where their traffic was counted so.
    """
    made = [_make_figures(kind, found[kind], rates.get(kind, _NO_RATES), day_count) for kind in NetworkKind]
    return [one for one in made if found[NetworkKind(one["kind"])] and (one["kind"] != "all" or _is_known(one))]


def make_network(figures: Figures, traffic: Sequence[TrafficFigures]) -> Figures:
    """Return the figures of all devices with the traffic of the first kind; null without one."""
    if not traffic:
        return {**figures, **_NOT_KNOWN, "upload_speed_95th": None, "download_speed_95th": None}
    first = traffic[0]
    return {
        **figures,
        "uploaded_bytes": first["uploaded_bytes"],
        "downloaded_bytes": first["downloaded_bytes"],
        "upload_speed_95th": first["upload_speed_95th"],
        "download_speed_95th": first["download_speed_95th"],
    }


def make_day(date: str, figures: Figures, traffic: Sequence[TrafficFigures], number: int) -> DayFigures:
    """Return a day with the states of all devices, and the traffic of the first kind on the day of that number."""
    its = traffic[0]["days"][number] if traffic else _NOT_KNOWN
    return {
        **its,
        "date": date,
        "up_ratio": figures["up_ratio"],
        "unobserved_seconds": figures["unobserved_seconds"],
    }


def _is_known(traffic: DayTraffic) -> bool:
    return traffic["uploaded_bytes"] is not None or traffic["downloaded_bytes"] is not None


def _make_figures(
    kind: NetworkKind, buckets: Mapping[int, SummaryCounts], rates: Percentiles, day_count: int
) -> TrafficFigures:
    total = SummaryCounts()
    for counts in buckets.values():
        total = merge_counts(total, counts)
    return {
        **_count(total),
        "kind": kind.value,
        "upload_speed_95th": rates.upload,
        "download_speed_95th": rates.download,
        "days": [_count(buckets.get(number, SummaryCounts())) for number in range(day_count)],
    }


def _count(counts: SummaryCounts) -> DayTraffic:
    return {
        "uploaded_bytes": known_bytes(counts.upload_megabits, counts.upload_known_seconds),
        "downloaded_bytes": known_bytes(counts.download_megabits, counts.download_known_seconds),
    }
