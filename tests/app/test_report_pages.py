"""A report says what there is to say, and is silent on the rest."""

from zoneinfo import ZoneInfo

from services.app.report_layout import Report, Section
from services.app.report_pages import make_report
from services.app.report_summary import tell_span
from services.app.report_units import NOT_KNOWN
from tests.figures import make_device_figures, make_figures, make_measures, make_traffic

BERLIN = ZoneInfo("Europe/Berlin")


def section_of(report: Report, anchor: str) -> Section:
    return next(section for section in report.sections if section.anchor == anchor)


def spaced(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def names_in(section: Section) -> list[str]:
    return [row[0].text for row in section.table.rows] if section.table else []


def test_a_month_that_is_not_over_is_told_so_far() -> None:
    figures = make_figures(end="2026-10-12T12:00:00Z")
    assert spaced(tell_span(figures, BERLIN)) == "The month so far, up to 12 Oct 2026, 14:00 (Europe/Berlin)"


def test_december_ends_with_the_year() -> None:
    figures = make_figures(month="2026-12", end="2026-12-31T23:00:00Z")
    assert tell_span(figures, BERLIN) == "The whole month, in the time of Europe/Berlin"


def test_the_worst_are_those_that_were_least_up_and_never_those_that_nobody_saw() -> None:
    unseen = make_measures(up=0, down=0, unknown=0, unobserved=9, sent=None, received=None)
    devices = [
        make_device_figures(1, "fine", up_ratio=1.0),
        make_device_figures(2, "bad", up_ratio=0.5),
        make_device_figures(3, "worse", up_ratio=0.1),
        make_device_figures(4, "unseen", **unseen),
    ]
    worst = section_of(make_report(make_figures(devices=devices)), "worst")
    assert names_in(worst) == ["worse", "bad"]
    assert worst.lead == "1 device was up all the time that was watched."


def test_a_month_without_outages_says_so() -> None:
    devices = [make_device_figures(1, "fine", up_ratio=1.0, outages=0)]
    report = make_report(make_figures(devices=devices, outages=[], outage_count=0))
    assert section_of(report, "outages").lead == "Not one outage was seen in this month."
    assert section_of(report, "worst").lead == "Every device was up whenever somebody looked."
    assert "Not one outage was seen." in report.lead[0]


def test_a_month_without_traffic_says_so() -> None:
    network = make_measures(up=9, down=0, unknown=0, unobserved=0, sent=None, received=None)
    devices = [make_device_figures(1, "idle", uploaded_bytes=None, downloaded_bytes=None)]
    report = make_report(make_figures(devices=devices, network=network))
    assert section_of(report, "traffic").chart is None
    assert section_of(report, "busiest").lead == "No device had any traffic that was measured."


def test_the_longest_outages_say_of_how_many() -> None:
    assert section_of(make_report(make_figures(outage_count=812)), "outages").lead.startswith("The 25 longest of 812")


def test_an_outage_that_went_on_has_no_end() -> None:
    figures = make_figures()
    figures["outages"][0]["end"] = None
    table = section_of(make_report(figures), "outages").table
    assert table is not None
    assert table.rows[0][2].text == "went on"


def test_without_tags_there_is_no_part_on_tags() -> None:
    assert "tags" not in [section.anchor for section in make_report(make_figures(tags=[])).sections]


def test_real_and_simulated_traffic_have_a_section_each() -> None:
    figures = make_figures()
    figures["traffic"] += [make_traffic("simulated", figures["network"], figures["days"])]
    report = make_report(figures)
    assert "real devices" in section_of(report, "traffic").title
    assert section_of(report, "traffic-simulated").title == "Traffic by day, simulated devices"
    assert report.cards[3].note == "real devices, 95th percentile 41.7\N{NO-BREAK SPACE}Mbit/s"


def test_traffic_that_is_not_known_is_not_nothing() -> None:
    figures = make_figures()
    figures["traffic"][0]["uploaded_bytes"] = None
    assert make_report(figures).cards[3].value == NOT_KNOWN


def test_traffic_of_nothing_that_was_measured_is_shown_as_nothing() -> None:
    network = make_measures(up=9, down=0, unknown=0, unobserved=0, sent=0, received=0)
    report = make_report(make_figures(network=network))
    assert section_of(report, "traffic").chart is not None
    assert spaced(report.cards[3].value) == "0 B"


def test_a_device_that_was_up_without_a_known_speed_has_no_bytes() -> None:
    report = make_report(make_figures(devices=[make_device_figures(1, "pinged", uploaded_bytes=None)]))
    table = section_of(report, "devices").table
    assert table is not None
    assert (table.rows[0][7].text, spaced(table.rows[0][8].text)) == (NOT_KNOWN, "10.0 GB")


def test_percentiles_that_are_not_known_are_not_nothing() -> None:
    figures = make_figures()
    figures["network"]["upload_speed_95th"] = figures["traffic"][0]["upload_speed_95th"] = None
    report = make_report(figures)
    assert report.cards[3].note == "95th percentile not known"
    assert "not all kept" in dict(report.notes)["95th percentile"]


def test_a_report_that_is_not_exact_says_so() -> None:
    assert "Precision" in dict(make_report(make_figures(exact=False)).notes)
    assert "Precision" not in dict(make_report(make_figures()).notes)


def test_a_month_that_was_watched_throughout_says_so() -> None:
    network = make_measures(up=9, down=1, unknown=0, unobserved=0, sent=1, received=1)
    report = make_report(make_figures(network=network))
    assert report.lead[1] == "Somebody looked all the time."
    assert spaced(report.cards[2].value) == "100 %"


def test_a_day_of_25_hours_is_not_over_after_24() -> None:
    figures = make_figures()
    figures["days"][24] |= {"unobserved_seconds": 13 * 25 * 3_600 // 2, "up_ratio": 1.0}
    table = section_of(make_report(figures), "days").table
    assert table is not None
    assert spaced(table.rows[24][2].text) == "50.00 %"
