"""The points of a series, as they are answered: one per bucket, null where nobody looked. Pure."""

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from dashnet.edge import NetworkKind
from dashnet.history.counts import DeviceCounts, SummaryCounts
from dashnet.history.plan import Plan
from dashnet.history.rounding import round_measured
from dashnet.reading import to_wire


class DevicePoint(BaseModel):
    """A bucket of one device that begins at `time_stamp`: means with their extremes, in Mbit/s and seconds.

    Each mean is taken over the time in which its value was known, and is null where there was none. A device that is
    down counts as 0 Mbit/s. Time that `up_seconds`, `down_seconds` and `unknown_seconds` leave was not monitored.
    """

    time_stamp: datetime
    upload_speed: float | None
    upload_speed_min: float | None
    upload_speed_max: float | None
    download_speed: float | None
    download_speed_min: float | None
    download_speed_max: float | None
    round_trip_seconds: float | None
    round_trip_seconds_min: float | None
    round_trip_seconds_max: float | None
    loss_ratio: float | None
    loss_ratio_min: float | None
    loss_ratio_max: float | None
    jitter_seconds: float | None
    jitter_seconds_min: float | None
    jitter_seconds_max: float | None
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    snapshots: int


class SummaryPoint(BaseModel):
    """A bucket of the network: the mean of its sums with its extremes, and how many devices were in which state.

    Speeds are sums of what is known at the edge, null where nothing was. `covered_seconds` is the time for which there
    is a tick. `kind` is `all` where every device was added up, before real and simulated ones were kept apart.
    """

    time_stamp: datetime
    upload_speed: float | None
    upload_speed_min: float | None
    upload_speed_max: float | None
    download_speed: float | None
    download_speed_min: float | None
    download_speed_max: float | None
    up: float | None
    up_min: int | None
    up_max: int | None
    down: float | None
    unknown: float | None
    covered_seconds: int
    ticks: int
    kind: NetworkKind


DEVICE_POINT_FIELDS = tuple(DevicePoint.model_fields)
SUMMARY_POINT_FIELDS = tuple(SummaryPoint.model_fields)


def to_device_points(plan: Plan, buckets: Mapping[int, DeviceCounts]) -> list[dict[str, Any]]:
    """One device's points, in the fields of `DevicePoint`."""
    empty = DeviceCounts()
    return [
        _to_device_point(begin, buckets.get(number, empty))
        for number, (begin, end) in enumerate(pairwise(plan.edges))
        if begin < end
    ]


def _to_device_point(begin: datetime, counts: DeviceCounts) -> dict[str, Any]:
    return {
        "time_stamp": to_wire(begin),
        "upload_speed": round_mean(counts.upload_megabits, counts.upload_known_seconds),
        "upload_speed_min": round_or_null(counts.upload_min),
        "upload_speed_max": round_or_null(counts.upload_max),
        "download_speed": round_mean(counts.download_megabits, counts.download_known_seconds),
        "download_speed_min": round_or_null(counts.download_min),
        "download_speed_max": round_or_null(counts.download_max),
        "round_trip_seconds": round_mean(counts.round_trip_area, counts.round_trip_known_seconds),
        "round_trip_seconds_min": round_or_null(counts.round_trip_min),
        "round_trip_seconds_max": round_or_null(counts.round_trip_max),
        "loss_ratio": round_mean(counts.loss_area, counts.loss_known_seconds),
        "loss_ratio_min": round_or_null(counts.loss_min),
        "loss_ratio_max": round_or_null(counts.loss_max),
        "jitter_seconds": round_mean(counts.jitter_area, counts.jitter_known_seconds),
        "jitter_seconds_min": round_or_null(counts.jitter_min),
        "jitter_seconds_max": round_or_null(counts.jitter_max),
        "up_seconds": counts.up_seconds,
        "down_seconds": counts.down_seconds,
        "unknown_seconds": counts.unknown_seconds,
        "snapshots": counts.snapshot_count,
    }


def to_summary_points(
    plan: Plan, found: Mapping[NetworkKind, Mapping[int, SummaryCounts]], kind: NetworkKind, *, with_earlier: bool
) -> list[dict[str, Any]]:
    """The points of the devices of a kind together, in the fields of `SummaryPoint`.

    `with_earlier`: where kinds were not kept apart yet, the point is one of all devices.
    """
    empty, apart = SummaryCounts(), found[NetworkKind.REAL].keys() | found[NetworkKind.SIMULATED].keys()
    points = []
    for number, (begin, end) in enumerate(pairwise(plan.edges)):
        is_earlier = with_earlier and number not in apart and number in found[NetworkKind.ALL]
        its = NetworkKind.ALL if is_earlier else kind
        if begin < end:
            points.append({**_to_summary_point(begin, found[its].get(number, empty)), "kind": its})
    return points


def _to_summary_point(begin: datetime, counts: SummaryCounts) -> dict[str, Any]:
    covered = counts.covered_seconds
    return {
        "time_stamp": to_wire(begin),
        "upload_speed": round_mean(counts.upload_megabits, counts.upload_known_seconds),
        "upload_speed_min": round_or_null(counts.upload_min),
        "upload_speed_max": round_or_null(counts.upload_max),
        "download_speed": round_mean(counts.download_megabits, counts.download_known_seconds),
        "download_speed_min": round_or_null(counts.download_min),
        "download_speed_max": round_or_null(counts.download_max),
        "up": round_mean(counts.up_seconds, covered),
        "up_min": counts.up_min,
        "up_max": counts.up_max,
        "down": round_mean(counts.down_seconds, covered),
        "unknown": round_mean(counts.unknown_seconds, covered),
        "covered_seconds": covered,
        "ticks": counts.tick_count,
    }


def round_mean(total: float, seconds: int) -> float | None:
    """The mean over so many seconds, rounded; null where nothing is known."""
    return round_measured(total / seconds) if seconds else None


def round_or_null(value: float | None) -> float | None:
    """A measured value rounded, or null."""
    return None if value is None else round_measured(value)
