"""The arithmetic of the React front end of 2020, as it treats the array that `/` sends. It trusts the array blindly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Devices = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shown:
    """Its tiles, and its chart of totals: a point per snapshot."""

    connections: int
    upload_speed: float
    download_speed: float
    points: Sequence[tuple[str, float, float]]


def show(devices: Devices) -> Shown:
    """What the page shows.

    Raises:
        IndexError, TypeError: the page goes blank.
    """
    count = len(devices[0]["snap_shots"])
    points = []
    for place in range(count):
        column = [device["snap_shots"][place] for device in devices]
        uploads, downloads = (sum(one[name] for one in column) for name in ("upload_speed", "download_speed"))
        points.append((column[0]["time_stamp"], uploads, downloads))
    last = [device["snap_shots"][-1] for device in devices]
    return Shown(
        sum(bool(one["active_connection"]) for one in last),
        sum(one["upload_speed"] for one in last),
        sum(one["download_speed"] for one in last),
        points,
    )
