"""The figures of a month for tests of reports: a small office that was not watched for two days."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from dashnet.history.report import (
    DayFigures,
    DayTraffic,
    DeviceFigures,
    Figures,
    OutageFigures,
    ReportFigures,
    TagFigures,
    TrafficFigures,
)

DAY = 86_400
GAP = ("2026-10-17", "2026-10-18")
OFFICE = (
    ("router-1", "Router", ["core"], 60.0),
    ("switch-1", "Switch", ["core"], 52.0),
    ("nas", "NAS", ["core", "storage"], 24.0),
    ("printer", "Printer", ["office"], 0.05),
    *((f"pc-{number}", "Desktop PC", ["office"], 4.0 + number) for number in range(1, 5)),
    *((f"laptop-{number}", "Laptop", ["office", "wifi"], 2.0 + number) for number in range(1, 5)),
    ("phone-1", "Phone", ["wifi"], 0.8),
)


def make_measures(
    *, up: int, down: int, unknown: int, unobserved: int, sent: int | None, received: int | None
) -> Figures:
    """Figures with ratios that fit the seconds; speeds are unknown where bytes are."""
    observed = up + down + unknown
    return Figures(
        up_ratio=up / observed if observed else None,
        down_ratio=down / observed if observed else None,
        unknown_ratio=unknown / observed if observed else None,
        up_seconds=up,
        down_seconds=down,
        unknown_seconds=unknown,
        unobserved_seconds=unobserved,
        uploaded_bytes=sent,
        downloaded_bytes=received,
        upload_speed_95th=_speed_of(sent, up),
        download_speed_95th=_speed_of(received, up),
    )


def _speed_of(count: int | None, seconds: int) -> float | None:
    return round(count * 8 / 1e6 / seconds * 2.4, 3) if seconds and count is not None else None


def make_device_figures(number: int, host_name: str, **fields: object) -> DeviceFigures:
    """One device: up in all of the month but 40 minutes in two outages, and two days in which nobody looked."""
    down = 2_400
    made = {
        **make_measures(
            up=29 * DAY - down, down=down, unknown=0, unobserved=2 * DAY, sent=number * 10**9, received=number * 10**10
        ),
        "device_id": number,
        "host_name": host_name,
        "device_type": "Laptop",
        "ip_address": f"10.0.{number >> 8 & 255}.{number & 255}",
        "tags": [],
        "outages": 2,
        "mean_seconds_between_failures": 1_251_600.0,
        "mean_seconds_to_repair": 1_200.0,
        **fields,
    }
    return cast(DeviceFigures, made)


def make_traffic(kind: str, network: Mapping[str, Any], days: Sequence[DayFigures]) -> TrafficFigures:
    """The network's traffic of a kind, the same as these figures have it."""
    names = ("uploaded_bytes", "downloaded_bytes", "upload_speed_95th", "download_speed_95th")
    its = [DayTraffic(uploaded_bytes=one["uploaded_bytes"], downloaded_bytes=one["downloaded_bytes"]) for one in days]
    return cast(TrafficFigures, {"kind": kind, "days": its, **{name: network[name] for name in names}})


def make_figures(**fields: object) -> ReportFigures:
    """October 2026 in Berlin for 13 devices, as an office would have it, and whatever is given instead."""
    random = Random(2026)
    devices = sorted(
        (_office_device(number, row, random) for number, row in enumerate(OFFICE, 1)), key=lambda one: one["host_name"]
    )
    outages = sorted(
        (one for device in devices for one in _outages_of(device, random)), key=lambda one: -one["seconds"]
    )
    network = {**_add_up(devices), "upload_speed_95th": 41.7, "download_speed_95th": 186.4}
    days = _days(devices, random)
    made: dict[str, Any] = {
        "month": "2026-10",
        "zone": "Europe/Berlin",
        "begin": "2026-09-30T22:00:00Z",
        "end": "2026-10-31T23:00:00Z",
        "made_at": "2026-11-02T07:15:00Z",
        "exact": True,
        "device_count": len(devices),
        "ticks": {"done": 40_863, "skipped": 12, "missed": 3_033, "failed": 4},
        "network": network,
        "days": days,
        "devices": devices,
        "tags": [_tag(tag, devices) for tag in ("core", "office", "storage", "wifi")],
        "outage_count": len(outages),
        "outages": outages[:200],
        **fields,
    }
    made.setdefault("traffic", [make_traffic("real", made["network"], made["days"])])
    made.setdefault("traffic_kind", "real")
    return cast(ReportFigures, made)


def make_empty_figures(*, devices: int, **fields: object) -> ReportFigures:
    """A month in which nobody looked at any of so many devices."""
    length = 31 * DAY + 3_600
    nothing = make_measures(up=0, down=0, unknown=0, unobserved=length, sent=None, received=None)
    unseen = [
        make_device_figures(number, f"device-{number}", outages=0, mean_seconds_between_failures=None, **nothing)
        for number in range(1, devices + 1)
    ]
    days = [
        DayFigures(
            date=f"2026-10-{day:02}",
            up_ratio=None,
            unobserved_seconds=DAY * devices,
            uploaded_bytes=None,
            downloaded_bytes=None,
        )
        for day in range(1, 32)
    ]
    network = make_measures(up=0, down=0, unknown=0, unobserved=length * devices, sent=None, received=None)
    ticks = {"done": 0, "skipped": 0, "missed": 0, "failed": 0}
    made = {"devices": unseen, "device_count": devices, "days": days, "network": network, "ticks": ticks}
    return make_figures(**made, tags=[], outage_count=0, outages=[], **fields)


def _office_device(number: int, row: tuple[str, str, list[str], float], random: Random) -> DeviceFigures:
    host_name, device_type, tags, daily_gigabytes = row
    outages = 0 if device_type in ("NAS", "Printer") else random.randint(1, 5)
    down = sum(random.choice((120, 540, 1_860, 11_520)) for _ in range(outages))
    unknown = 660 if host_name == "printer" else 0
    observed = 29 * DAY + 3_600
    received = int(daily_gigabytes * random.uniform(20, 24) * 1e9)
    measures = make_measures(
        up=observed - down - unknown,
        down=down,
        unknown=unknown,
        unobserved=2 * DAY,
        sent=received * 2 // 9,
        received=received,
    )
    return make_device_figures(
        number,
        host_name,
        device_type=device_type,
        tags=tags,
        outages=outages,
        mean_seconds_between_failures=observed / outages if outages else None,
        mean_seconds_to_repair=down / outages if outages else None,
        **measures,
    )


def _outages_of(device: DeviceFigures, random: Random) -> list[OutageFigures]:
    count = device["outages"]
    return [
        _outage(device, number, device["down_seconds"] * 2 * number // (count * (count + 1)), random)
        for number in range(1, count + 1)
    ]


def _outage(device: DeviceFigures, number: int, seconds: int, random: Random) -> OutageFigures:
    day = 5 * number + device["device_id"] % 4
    # Nobody saw an outage while nobody looked.
    day += 4 if day in (17, 18) else 0
    begin = datetime(2026, 10, day, random.randrange(18), random.randrange(60), tzinfo=UTC)
    return OutageFigures(
        device_id=device["device_id"],
        host_name=device["host_name"],
        begin=begin.isoformat(),
        end=(begin + timedelta(seconds=seconds)).isoformat(),
        seconds=seconds,
        reason=random.choice(("no answer within 2 s", "connection refused", None, "parent router-1 is down")),
    )


def _days(devices: list[DeviceFigures], random: Random) -> list[DayFigures]:
    received = sum(device["downloaded_bytes"] or 0 for device in devices)
    return [_day(f"2026-10-{day:02}", len(devices), received / 25, random) for day in range(1, 32)]


def _day(date: str, devices: int, mean: float, random: Random) -> DayFigures:
    if date in GAP:
        return DayFigures(
            date=date, up_ratio=None, unobserved_seconds=DAY * devices, uploaded_bytes=None, downloaded_bytes=None
        )
    # 1 October 2026 is a Thursday.
    weekend = int(date[-2:]) % 7 in (3, 4)
    received = int(mean * random.uniform(0.85, 1.2) * (0.35 if weekend else 1))
    lost = random.choice((0, 0, 0, 0.0004, 0.001, 0.002, 0.011))
    return DayFigures(
        date=date,
        up_ratio=1 - lost,
        unobserved_seconds=0,
        uploaded_bytes=received * 2 // 9,
        downloaded_bytes=received,
    )


def _tag(tag: str, devices: list[DeviceFigures]) -> TagFigures:
    tagged = [device for device in devices if tag in device["tags"]]
    return TagFigures(tag=tag, devices=len(tagged), **_add_up(tagged))


def _add_up(devices: list[DeviceFigures]) -> Figures:
    return make_measures(
        up=sum(device["up_seconds"] for device in devices),
        down=sum(device["down_seconds"] for device in devices),
        unknown=sum(device["unknown_seconds"] for device in devices),
        unobserved=sum(device["unobserved_seconds"] for device in devices),
        sent=sum(device["uploaded_bytes"] or 0 for device in devices),
        received=sum(device["downloaded_bytes"] or 0 for device in devices),
    )
