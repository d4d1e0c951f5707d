"""The network's traffic in a report: a set of figures for real devices and one for simulated ones. Pure."""

from collections.abc import Mapping

from dashnet.edge import NetworkKind
from dashnet.history.counts import SummaryCounts, merge_counts
from dashnet.history.report import DayTraffic, TrafficFigures
from dashnet.history.traffic import Percentiles, known_bytes

Found = Mapping[NetworkKind, Mapping[int, SummaryCounts]]
_NO_RATES = Percentiles()


def make_traffic(found: Found, rates: Mapping[NetworkKind, Percentiles], day_count: int) -> list[TrafficFigures]:
    """Return the figures of each kind that was read, the real devices first.

    All devices together come last, and only where their traffic was counted so.
    """
    made = [_make_figures(kind, found[kind], rates.get(kind, _NO_RATES), day_count) for kind in NetworkKind]
    return [one for one in made if found[NetworkKind(one["kind"])] and (one["kind"] != "all" or _is_known(one))]


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
