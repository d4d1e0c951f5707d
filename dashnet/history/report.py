"""The figures of a month: a worker makes them, the app service turns them into pages. What JSON holds, nothing else."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict


class Ticks(TypedDict):
    """What the ledger says of the month's refreshes, as far as it reaches back: how many ended how."""

    done: int
    skipped: int
    missed: int
    failed: int


class Figures(TypedDict):
    """Seconds, bytes and Mbit/s; ratios are shares of the observed time, null where nobody looked.

    Of a tag or the network, seconds are those of all its devices added up. `unobserved_seconds` is time in which nobody
    looked. Bytes are null where no speed was known, 0 only where it was measured as 0. The 95th percentiles are of
    five-minute means, null where those of the month are not all kept.
    """

    up_ratio: float | None
    down_ratio: float | None
    unknown_ratio: float | None
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    unobserved_seconds: int
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    upload_speed_95th: float | None
    download_speed_95th: float | None


class DayTraffic(TypedDict):
    """What the network sent and received on a day; null where no speed was known."""

    uploaded_bytes: int | None
    downloaded_bytes: int | None


class DayFigures(DayTraffic):
    """States of all devices together on one day of the zone, `date` as 2026-10-25; traffic of the first kind alone."""

    date: str
    up_ratio: float | None
    unobserved_seconds: int


class TrafficFigures(DayTraffic):
    """The network's traffic in the month, counted at its edge, of the `kind` real or simulated.

    Of the kind all it is of every device added up, from before the two were kept apart. `days` are those of the report.
    """

    kind: str
    upload_speed_95th: float | None
    download_speed_95th: float | None
    days: list[DayTraffic]


class DeviceFigures(Figures):
    """One device; means are null where there was no outage."""

    device_id: int
    host_name: str
    device_type: str
    ip_address: str
    tags: list[str]
    outages: int
    mean_seconds_between_failures: float | None
    mean_seconds_to_repair: float | None


class TagFigures(Figures):
    """All devices of a tag together; their seconds are added up."""

    tag: str
    devices: int


class OutageFigures(TypedDict):
    """One outage; `end` is null where it went on at the end of the month. Times are ISO 8601 in UTC."""

    device_id: int
    host_name: str
    begin: str
    end: str | None
    seconds: int
    reason: str | None


class ReportFigures(TypedDict):
    """A month (2026-10) in a time zone, told up to `end`, which lies before the month's end while that is to come.

    States of `network` and `days` are those of all devices. Traffic is in `traffic`, for each kind that there was; that
    of the first, which `traffic_kind` names, stands in `network` and `days` too, and all of it is null where no kind
    was read. Devices are sorted by name; `outages` are the longest first, at most 200; of `outage_count` in all.
    """

    month: str
    zone: str
    begin: str
    end: str
    made_at: str
    exact: bool
    device_count: int
    ticks: Ticks
    network: Figures
    traffic_kind: str | None
    traffic: list[TrafficFigures]
    days: list[DayFigures]
    devices: list[DeviceFigures]
    tags: list[TagFigures]
    outage_count: int
    outages: list[OutageFigures]


def parse_month(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a month such as 2026-10 in a zone, and that of the month after, in UTC.

    Raises:
        ValueError: it is no month from 2000 to 9998.
    """
    match = re.fullmatch(r"([2-9][0-9]{3})-(0[1-9]|1[0-2])", month)
    if match is None or match[1] == "9999":
        raise ValueError("not a month such as 2026-10")
    year, number = int(match[1]), int(match[2])
    following = (year, number + 1) if number < 12 else (year + 1, 1)
    return (
        datetime(year, number, 1, tzinfo=zone).astimezone(UTC),
        datetime(*following, 1, tzinfo=zone).astimezone(UTC),
    )
