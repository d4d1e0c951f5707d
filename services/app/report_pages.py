"""A report laid out from its figures: which parts it has, and the sentences that tell what they show."""

from functools import partial
from zoneinfo import ZoneInfo

from dashnet.history.report import DayFigures, DayTraffic, DeviceFigures, ReportFigures, TrafficFigures
from services.app.report_charts import draw_availability, draw_busiest, draw_time, draw_traffic
from services.app.report_layout import Report, Section
from services.app.report_summary import make_cards, make_lead, make_notes, tell_footer, tell_kind, tell_span
from services.app.report_tables import (
    make_busiest_table,
    make_day_table,
    make_device_table,
    make_outage_table,
    make_tag_table,
    make_worst_table,
)
from services.app.report_units import format_bytes, format_count, format_month, format_share

MOST_LISTED, MOST_OUTAGES = 10, 25


def make_report(figures: ReportFigures) -> Report:
    """The pages of the month; parts for which there is nothing to say say so, or are left out."""
    zone = ZoneInfo(figures["zone"])
    return Report(
        title=f"Network report, {format_month(figures['month'])}",
        subtitle=tell_span(figures, zone),
        lead=make_lead(figures),
        cards=make_cards(figures),
        sections=_make_sections(figures, zone),
        notes=make_notes(figures),
        footer=tell_footer(figures, zone),
    )


def _make_sections(figures: ReportFigures, zone: ZoneInfo) -> tuple[Section, ...]:
    if not figures["devices"]:
        return ()
    everything = Section(
        "devices",
        "All devices",
        "The 95th percentile of its speed stands beneath each device's traffic.",
        table=make_device_table(figures["devices"]),
    )
    if figures["network"]["up_ratio"] is None:
        return (everything,)
    return (
        _time_section(figures),
        *_traffic_sections(figures),
        _availability_section(figures),
        _outage_section(figures, zone),
        _worst_section(figures),
        _busiest_section(figures),
        *_tag_sections(figures),
        Section(
            "days",
            "Day by day",
            _tell_days(figures),
            table=make_day_table(figures, zone),
        ),
        everything,
    )


def _tell_days(figures: ReportFigures) -> str:
    whose = tell_kind(figures["traffic"][0]["kind"], figures) if figures["traffic"] else ""
    return f"The numbers behind the charts: availability of all devices, traffic of {whose or 'the network'}."


def _time_section(figures: ReportFigures) -> Section:
    lead = (
        "Shares of all time of all devices. Time in which nobody looked is neither up nor down; "
        "it is left out of every availability in this report."
    )
    return Section("time", "Where the time went", lead, partial(draw_time, figures["network"]))


def _traffic_sections(figures: ReportFigures) -> tuple[Section, ...]:
    """One for each kind of devices, whose traffic is never added up."""
    if not any(_is_measured(one) for one in figures["traffic"]):
        return (Section("traffic", "Traffic by day", "No traffic was measured in this month."),)
    return tuple(_traffic_section(figures, one) for one in figures["traffic"] if _is_measured(one))


def _is_measured(traffic: DayTraffic) -> bool:
    return traffic["uploaded_bytes"] is not None or traffic["downloaded_bytes"] is not None


def _traffic_section(figures: ReportFigures, traffic: TrafficFigures) -> Section:
    whose = tell_kind(traffic["kind"], figures)
    sent, received = (format_bytes(traffic[name]) for name in ("uploaded_bytes", "downloaded_bytes"))
    lead = (
        f"{sent} went out and {received} came in, {whose or 'all devices together'}, counted at the network's edge. "
        "A hatched day was not measured, or no speed was known on it: its traffic is unknown, not zero."
    )
    days = [
        DayFigures(
            date=day["date"],
            up_ratio=day["up_ratio"],
            unobserved_seconds=day["unobserved_seconds"],
            uploaded_bytes=its["uploaded_bytes"],
            downloaded_bytes=its["downloaded_bytes"],
        )
        for day, its in zip(figures["days"], traffic["days"], strict=True)
    ]
    title = f"Traffic by day, {whose}" if whose else "Traffic by day"
    anchor = "traffic" if traffic is figures["traffic"][0] else f"traffic-{traffic['kind']}"
    return Section(anchor, title, lead, partial(draw_traffic, days))


def _availability_section(figures: ReportFigures) -> Section:
    lead = (
        "Look at the scale: it begins just beneath the worst day, so that small losses can be seen. "
        "The line breaks where nobody looked."
    )
    return Section("availability", "Availability by day", lead, partial(draw_availability, figures["days"]))


def _outage_section(figures: ReportFigures, zone: ZoneInfo) -> Section:
    shown, count = figures["outages"][:MOST_OUTAGES], figures["outage_count"]
    if not shown:
        return Section("outages", "Outages", "Not one outage was seen in this month.")
    lead = f"All {count:,} are listed." if len(shown) == count else f"The {len(shown)} longest of {count:,} are listed."
    lead = "There was one outage." if count == 1 else lead
    return Section(
        "outages", "The longest outages", f"{lead} Times are in {zone.key}.", table=make_outage_table(shown, zone)
    )


def _worst_section(figures: ReportFigures) -> Section:
    watched = [device for device in figures["devices"] if device["up_ratio"] is not None and device["up_ratio"] < 1]
    worst = sorted(watched, key=lambda device: (device["up_ratio"] or 0.0, -device["down_seconds"]))[:MOST_LISTED]
    if not worst:
        lead = "Every device was up whenever somebody looked."
        return Section("worst", "The worst availability", lead)
    unscathed = sum(device["up_ratio"] == 1 for device in figures["devices"])
    lead = f"{format_count(unscathed, 'device was', 'devices were')} up all the time that was watched."
    return Section("worst", "The worst availability", _capitalise(lead), table=make_worst_table(worst))


def _busiest_section(figures: ReportFigures) -> Section:
    busy = sorted((device for device in figures["devices"] if _total(device)), key=lambda device: -_total(device))
    if not busy:
        return Section("busiest", "The busiest devices", "No device had any traffic that was measured.")
    shown, total = busy[:MOST_LISTED], sum(map(_total, busy))
    carried = f"These {len(shown)} carried {format_share(sum(map(_total, shown)) / total)} of all traffic."
    lead = carried if len(busy) > len(shown) else "All devices that carried traffic."
    return Section(
        "busiest",
        "The busiest devices",
        lead,
        partial(draw_busiest, shown),
        make_busiest_table(shown, total),
    )


def _total(device: DeviceFigures) -> int:
    return (device["uploaded_bytes"] or 0) + (device["downloaded_bytes"] or 0)


def _tag_sections(figures: ReportFigures) -> tuple[Section, ...]:
    if not figures["tags"]:
        return ()
    lead = "The devices of a tag together; a device with several tags counts under each."
    return (Section("tags", "Tags", lead, table=make_tag_table(figures["tags"])),)


def _capitalise(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
