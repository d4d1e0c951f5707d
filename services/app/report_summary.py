"""The summary of a report: its first sentences, its first figures, and how to read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dashnet.history.report import Figures, ReportFigures, TrafficFigures
from services.app.report_layout import Card
from services.app.report_units import (
    NOT_KNOWN,
    format_availability,
    format_bytes,
    format_count,
    format_duration,
    format_month,
    format_share,
    format_speed,
    format_time,
    parse_time,
)


def tell_span(figures: ReportFigures, zone: ZoneInfo) -> str:
    """The days that the report tells of, and up to when if the month is not over."""
    year, month = map(int, figures["month"].split("-"))
    over = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    if parse_time(figures["end"]) < over:
        return f"The month so far, up to {format_time(figures['end'], zone)} ({zone.key})"
    return f"The whole month, in the time of {zone.key}"


def tell_footer(figures: ReportFigures, zone: ZoneInfo) -> str:
    """When the figures were taken."""
    return f"Made by dashNET on {format_time(figures['made_at'], zone)} ({zone.key})"


def make_lead(figures: ReportFigures) -> tuple[str, ...]:
    """What a manager has to know, in sentences."""
    network, month, count = figures["network"], format_month(figures["month"]), figures["device_count"]
    if not count:
        return (f"There were no devices in {month}. Once there is one, the next report will tell of it.",)
    if network["up_ratio"] is None:
        return (
            f"Nobody looked at the network in {month}: there is no reading of its "
            f"{format_count(count, 'device', 'devices')}, so nothing can be said of their availability and traffic. "
            "As soon as dashNET runs, the next report will have figures.",
        )
    return (
        f"In {month} the {format_count(count, 'device was', 'devices were')} up for "
        f"{format_availability(network['up_ratio'])} of the time that was watched. {_tell_outages(figures)}",
        _tell_unobserved(figures),
    )


def _tell_outages(figures: ReportFigures) -> str:
    count = figures["outage_count"]
    if not count:
        return "Not one outage was seen."
    down = format_duration(figures["network"]["down_seconds"])
    told = format_count(count, "outage was", "outages were")
    return f"{told} seen, with {down} of down time over all devices."


def _tell_unobserved(figures: ReportFigures) -> str:
    share = unobserved_ratio(figures)
    if not share:
        return "Somebody looked all the time."
    return (
        f"Nobody looked for {format_share(share)} of the time ({_each(figures, share)}); "
        "that time counts neither as up nor as down."
    )


def _each(figures: ReportFigures, share: float) -> str:
    length = (parse_time(figures["end"]) - parse_time(figures["begin"])).total_seconds()
    mean = format_duration(length * share)
    return mean if figures["device_count"] == 1 else f"on average {mean} for each device"


def unobserved_ratio(figures: ReportFigures) -> float:
    """The share of all time of all devices in which nobody looked."""
    network = figures["network"]
    observed = network["up_seconds"] + network["down_seconds"] + network["unknown_seconds"]
    unobserved = network["unobserved_seconds"]
    return unobserved / (observed + unobserved) if unobserved else 0.0


def make_cards(figures: ReportFigures) -> tuple[Card, ...]:
    """The figures to be seen first; none where there is no reading."""
    network = figures["network"]
    if network["up_ratio"] is None:
        return ()
    share = unobserved_ratio(figures)
    count = figures["device_count"]
    return (
        Card("Availability", format_availability(network["up_ratio"]), "of the time that was watched"),
        Card("Outages", f"{figures['outage_count']:,}", f"{format_duration(network['down_seconds'])} down in all"),
        Card("Watched", format_share(1 - share), f"of the time; nobody looked for {format_share(share)}"),
        *_make_traffic_cards(figures),
        Card(
            "Devices", f"{count:,}", f"{sum(device['outages'] > 0 for device in figures['devices']):,} with an outage"
        ),
    )


def _make_traffic_cards(figures: ReportFigures) -> tuple[Card, Card]:
    """The traffic of the first kind; which one stands beneath it where there are others."""
    of = tell_kind(figures["traffic"][0]["kind"], figures) if figures["traffic"] else ""
    first: TrafficFigures | Figures = figures["traffic"][0] if figures["traffic"] else figures["network"]
    up, down = (_tell_95th(first["upload_speed_95th"]), _tell_95th(first["download_speed_95th"]))
    return (
        Card("▲ Uploaded", format_bytes(first["uploaded_bytes"]), ", ".join(filter(None, (of, up))), "upload"),
        Card("▼ Downloaded", format_bytes(first["downloaded_bytes"]), ", ".join(filter(None, (of, down))), "download"),
    )


def tell_kind(kind: str, figures: ReportFigures) -> str:
    """Whose traffic it is, such as "real devices"; nothing where the report knows of one kind alone."""
    return _KINDS[kind] if len(figures["traffic"]) > 1 or kind == "all" else ""


_KINDS = {
    "real": "real devices",
    "simulated": "simulated devices",
    "all": "all devices added up, before real and simulated ones were kept apart",
}


def _tell_95th(speed: float | None) -> str:
    return "95th percentile not known" if speed is None else f"95th percentile {format_speed(speed)}"


def make_notes(figures: ReportFigures) -> tuple[tuple[str, str], ...]:
    """The terms of the report and what they mean, with what its makers could not know; none without devices."""
    network, ticks = figures["network"], figures["ticks"]
    if not figures["devices"]:
        return ()
    known = network["upload_speed_95th"] is not None and network["download_speed_95th"] is not None
    missing = "" if known else f" A “{NOT_KNOWN}” stands where the five-minute means of the month are not all kept."
    rough = "Some of the month's minutes are no longer kept; its first and last hours are told by coarser means."
    return (
        ("Availability", "The share of the watched time in which a device was up, rounded down."),
        ("Nobody looked", "Time without a reading, because dashNET did not run or was late. It is not down time."),
        ("Unknown", "Somebody looked, but the fault was on our side: a bad option, say, or no permission."),
        (
            "Between failures, to repair",
            "The mean time up from one outage to the next, and the mean length of outages.",
        ),
        (
            "Traffic of the network",
            "Counted at its edge: at the devices tagged uplink, else at those with no other above them that counts "
            "traffic. Real and simulated devices are never added up.",
        ),
        ("95th percentile", f"Of five-minute means, as bandwidth is billed: the busiest 5 % are left out.{missing}"),
        ("Units", "Decimal: 1 TB is 1,000 GB, 1 Mbit/s is 1,000,000 bits a second."),
        (
            "Refreshes",
            f"{ticks['done']:,} done, {ticks['skipped']:,} skipped, {ticks['missed']:,} missed and "
            f"{ticks['failed']:,} failed, as far back as the ledger reaches.",
        ),
        *(() if figures["exact"] else (("Precision", rough),)),
    )
