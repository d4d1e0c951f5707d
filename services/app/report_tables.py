"""The tables of a report."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dashnet.history.report import DayFigures, DeviceFigures, OutageFigures, ReportFigures, TagFigures
from services.app.report_layout import Cell, Column, Table
from services.app.report_units import (
    NOT_KNOWN,
    format_availability,
    format_bytes,
    format_day,
    format_duration,
    format_share,
    format_speed,
    format_time,
    parse_time,
)

_DEVICE = Column("Device", "name", 2.4)
_AVAILABILITY = Column("Availability", "number", 1.15)
_DOWN = Column("Down", "number", 1.2)
_OUTAGES = Column("Outages", "number", 0.9)
_BETWEEN = Column("Between failures", "number", 1.05)
_REPAIR = Column("To repair", "number", 1.1)
_UNOBSERVED = Column("Nobody looked", "number", 1.05)
_UPLOADED = Column("▲\N{NO-BREAK SPACE}Uploaded", "number", 1.3)
_DOWNLOADED = Column("▼\N{NO-BREAK SPACE}Downloaded", "number", 1.4)


def make_device_table(devices: Sequence[DeviceFigures]) -> Table:
    """Every device with everything that is known of it; 95th percentiles stand beneath the bytes."""
    columns = (_DEVICE, _AVAILABILITY, _DOWN, _OUTAGES, _BETWEEN, _REPAIR, _UNOBSERVED, _UPLOADED, _DOWNLOADED)
    return Table("All devices, by name", columns, [_device_row(device) for device in devices])


def _device_row(device: DeviceFigures) -> tuple[Cell, ...]:
    if device["up_ratio"] is None:
        # Nothing is known of it, which is not the same as nothing.
        unknown, unobserved = Cell(NOT_KNOWN), Cell(format_duration(device["unobserved_seconds"]))
        return (_name(device), *[unknown] * 5, unobserved, unknown, unknown)
    return (
        _name(device),
        Cell(format_availability(device["up_ratio"])),
        Cell(format_duration(device["down_seconds"])),
        Cell(f"{device['outages']:,}"),
        Cell(format_duration(device["mean_seconds_between_failures"])),
        Cell(format_duration(device["mean_seconds_to_repair"])),
        Cell(format_duration(device["unobserved_seconds"])),
        Cell(format_bytes(device["uploaded_bytes"]), format_speed(device["upload_speed_95th"])),
        Cell(format_bytes(device["downloaded_bytes"]), format_speed(device["download_speed_95th"])),
    )


def _name(device: DeviceFigures) -> Cell:
    return Cell(device["host_name"], " · ".join(filter(None, (device["device_type"], device["ip_address"]))))


def make_worst_table(devices: Sequence[DeviceFigures]) -> Table:
    """The devices given, with what tells of their failures."""
    columns = (_DEVICE, _AVAILABILITY, _DOWN, _OUTAGES, _BETWEEN, _REPAIR, _UNOBSERVED)
    return Table("The worst availability first", columns, [_device_row(device)[:7] for device in devices])


def make_busiest_table(devices: Sequence[DeviceFigures], total_bytes: int) -> Table:
    """The devices given, with their bytes and their share of all bytes."""
    columns = (_DEVICE, _UPLOADED, _DOWNLOADED, Column("Together", "number", 1.2), Column("Of all", "number", 1))
    return Table("The busiest first", columns, [_busiest_row(device, total_bytes) for device in devices])


def _busiest_row(device: DeviceFigures, total_bytes: int) -> tuple[Cell, ...]:
    together = (device["uploaded_bytes"] or 0) + (device["downloaded_bytes"] or 0)
    return (
        _name(device),
        Cell(format_bytes(device["uploaded_bytes"]), format_speed(device["upload_speed_95th"])),
        Cell(format_bytes(device["downloaded_bytes"]), format_speed(device["download_speed_95th"])),
        Cell(format_bytes(together)),
        Cell(format_share(together / total_bytes if total_bytes else None)),
    )


def make_tag_table(tags: Sequence[TagFigures]) -> Table:
    """Every tag with the figures of its devices together."""
    columns = (
        Column("Tag", "name", 1.8),
        Column("Devices", "number", 0.9),
        *(_AVAILABILITY, _DOWN, _UNOBSERVED, _UPLOADED, _DOWNLOADED),
    )
    return Table("Tags, by name", columns, [_tag_row(tag) for tag in tags])


def _tag_row(tag: TagFigures) -> tuple[Cell, ...]:
    total = tag["up_seconds"] + tag["down_seconds"] + tag["unknown_seconds"] + tag["unobserved_seconds"]
    return (
        Cell(tag["tag"]),
        Cell(f"{tag['devices']:,}"),
        Cell(format_availability(tag["up_ratio"])),
        Cell(format_duration(tag["down_seconds"])),
        Cell(format_share(tag["unobserved_seconds"] / total if total else None)),
        Cell(format_bytes(tag["uploaded_bytes"]), format_speed(tag["upload_speed_95th"])),
        Cell(format_bytes(tag["downloaded_bytes"]), format_speed(tag["download_speed_95th"])),
    )


def make_outage_table(outages: Sequence[OutageFigures], zone: ZoneInfo) -> Table:
    """The outages given, their times in the zone."""
    columns = (
        Column("Device", "name", 2),
        Column("Began", "time", 1.2),
        Column("Ended", "time", 1.2),
        Column("Length", "number", 0.9),
        Column("Reason", "text", 2.4),
    )
    return Table("The longest first", columns, [_outage_row(outage, zone) for outage in outages])


def _outage_row(outage: OutageFigures, zone: ZoneInfo) -> tuple[Cell, ...]:
    return (
        Cell(outage["host_name"]),
        Cell(format_time(outage["begin"], zone, with_year=False)),
        Cell("went on" if outage["end"] is None else format_time(outage["end"], zone, with_year=False)),
        Cell(format_duration(outage["seconds"])),
        Cell(outage["reason"] or NOT_KNOWN),
    )


def make_day_table(figures: ReportFigures, zone: ZoneInfo) -> Table:
    """The numbers of both charts: every day with its share of time in which nobody looked."""
    columns = (Column("Day", "name", 1.4), _AVAILABILITY, _UNOBSERVED, _UPLOADED, _DOWNLOADED)
    return Table("Day by day", columns, [_day_row(day, figures, zone) for day in figures["days"]])


def _day_row(day: DayFigures, figures: ReportFigures, zone: ZoneInfo) -> tuple[Cell, ...]:
    watched = day["up_ratio"] is not None
    whole = _day_seconds(day["date"], zone, parse_time(figures["end"])) * figures["device_count"]
    return (
        Cell(format_day(day["date"])),
        Cell(format_availability(day["up_ratio"])),
        Cell(format_share(min(day["unobserved_seconds"] / whole, 1) if watched and whole else 1)),
        Cell(format_bytes(day["uploaded_bytes"])),
        Cell(format_bytes(day["downloaded_bytes"])),
    )


def _day_seconds(day: str, zone: ZoneInfo, end: datetime) -> float:
    # Days have 23 or 25 hours when the clocks change, and the last one ends where the report does.
    midnight = datetime.combine(datetime.fromisoformat(day), time(), zone)
    next_midnight = (midnight + timedelta(days=1)).astimezone(UTC)
    return max((min(next_midnight, end) - midnight.astimezone(UTC)).total_seconds(), 0)
