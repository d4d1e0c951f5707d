"""The figures of a report, made of counts. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dashnet.history.availability import Outage
from dashnet.history.counts import DeviceCounts, SummaryCounts
from dashnet.history.report import DeviceFigures, Figures, OutageFigures
from dashnet.history.traffic import Percentiles, known_bytes
from dashnet.reading import to_wire

MOST_OUTAGES = 200


def to_figures(counts: DeviceCounts | SummaryCounts, unobserved_seconds: int, rates: Percentiles) -> Figures:
    """Return the figures that counts and rates come to."""
    observed = counts.up_seconds + counts.down_seconds + counts.unknown_seconds
    return {
        "up_ratio": _ratio(counts.up_seconds, observed),
        "down_ratio": _ratio(counts.down_seconds, observed),
        "unknown_ratio": _ratio(counts.unknown_seconds, observed),
        "up_seconds": counts.up_seconds,
        "down_seconds": counts.down_seconds,
        "unknown_seconds": counts.unknown_seconds,
        "unobserved_seconds": max(0, unobserved_seconds),
        "uploaded_bytes": known_bytes(counts.upload_megabits, counts.upload_known_seconds),
        "downloaded_bytes": known_bytes(counts.download_megabits, counts.download_known_seconds),
        "upload_speed_95th": rates.upload,
        "download_speed_95th": rates.download,
    }


def _ratio(seconds: float, observed: float) -> float | None:
    return round(seconds / observed, 6) if observed else None


def to_device(device: Mapping[str, Any], figures: Figures, outages: Sequence[int]) -> DeviceFigures:
    """The figures of a device with these outages, in seconds."""
    return {
        **figures,
        "device_id": device["id"],
        "host_name": device["host_name"],
        "device_type": device["device_type"],
        "ip_address": device["ip_address"],
        "tags": device["tags"],
        "outages": len(outages),
        "mean_seconds_between_failures": round(figures["up_seconds"] / len(outages), 1) if outages else None,
        "mean_seconds_to_repair": round(sum(outages) / len(outages), 1) if outages else None,
    }


def to_outages(
    devices: Mapping[int, Any], outages: Sequence[Outage], begin: datetime, end: datetime
) -> list[OutageFigures]:
    """The longest of a range, the longest first."""
    ordered = sorted(outages, key=lambda outage: -outage.seconds_within(begin, end))
    return [
        {
            "device_id": outage.device_id,
            "host_name": devices[outage.device_id]["host_name"],
            "begin": to_wire(outage.begin),
            "end": to_wire(outage.end) if outage.end and outage.end < end else None,
            "seconds": outage.seconds_within(begin, end),
            "reason": outage.reason,
        }
        for outage in ordered[:MOST_OUTAGES]
    ]
