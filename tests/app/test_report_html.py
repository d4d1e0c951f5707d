"""A report as HTML is one file that anybody can read, and nothing in it is taken for more than text."""

import re
from time import process_time

import pytest

from services.app.report_html import to_html
from tests.figures import make_device_figures, make_empty_figures, make_figures
from tests.html_pages import Page, read_html

EVIL = "<script>alert('\"&1')</script>"


@pytest.fixture(scope="module")
def page() -> Page:
    return read_html(to_html(make_figures()))


def test_the_summary_tells_what_is_watched_from_what_is_down(page: Page) -> None:
    assert "In October 2026 the 13 devices were up for 99.34 % of the time that was watched." in page.text
    assert "Nobody looked for 6.44 % of the time (on average 2 d for each device)" in page.text


def test_the_summary_has_outages_traffic_and_95th_percentiles(page: Page) -> None:
    assert "36 outages were seen, with 2 d 11 h of down time over all devices." in page.text
    assert all(
        text in page.text for text in ("868 GB", "3.91 TB", "95th percentile 41.7 Mbit/s", "95th percentile 186")
    )


def test_a_day_in_which_nobody_looked_has_no_numbers(page: Page) -> None:
    assert page.tables["Day by day"][17] == ["Sat 17 Oct", "–", "100 %", "–", "–"]


def test_every_device_stands_in_the_table(page: Page) -> None:
    rows = page.tables["All devices, by name"]
    assert len(rows) == 1 + 13
    assert rows[5][0] == "nas NAS · 10.0.0.3"


def test_the_busiest_are_ten_and_the_first_has_most(page: Page) -> None:
    rows = page.tables["The busiest first"]
    assert (len(rows), rows[1][0], rows[1][3]) == (11, "router-1 Router · 10.0.0.1", "1.61 TB")


def test_the_longest_outage_has_begin_end_length_and_reason_in_the_zone(page: Page) -> None:
    outage = page.tables["The longest first"][1]
    assert outage == ["laptop-2", "27 Oct, 15:51", "27 Oct, 20:07", "4 h 17 min", "parent router-1 is down"]


def test_every_chart_has_a_name_and_a_description(page: Page) -> None:
    named = {attributes["id"] for tag, attributes in page.tags if tag in ("title", "desc") and "id" in attributes}
    charts = page.attributes("svg")
    assert len(charts) == 8
    assert all(set((chart["aria-labelledby"] or "").split()) <= named and chart["role"] == "img" for chart in charts)


def test_tables_have_headers_for_columns_and_rows(page: Page) -> None:
    headers = page.attributes("th")
    assert {header.get("scope") for header in headers} == {"col", "row"}
    assert len(page.attributes("caption")) == len(page.tables)


def test_headings_go_down_by_one_level_and_ids_are_unique(page: Page) -> None:
    assert [tag for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)] == ["h1", *["h2"] * 11]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_link_leads_to_a_part_of_the_report(page: Page) -> None:
    targets = {f"#{attributes['id']}" for _, attributes in page.tags if "id" in attributes}
    assert {attributes["href"] for attributes in page.attributes("a")} <= targets


def test_the_file_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    html = to_html(make_figures()).decode()
    assert not re.search(r"https?://|url\(|@import|<script|<link|<img|<iframe|javascript:| on\w+=", html)


def test_every_tag_is_closed(page: Page) -> None:
    assert page.unclosed == []


def test_dark_print_and_phone_are_cared_for() -> None:
    html = to_html(make_figures()).decode()
    assert all(text in html for text in ("prefers-color-scheme: dark", "@media print", "@page", 'name="viewport"'))


def test_names_reasons_and_tags_are_text_whatever_they_hold() -> None:
    figures = make_figures()
    figures["devices"][0] = make_device_figures(1, EVIL, device_type=EVIL, ip_address=EVIL, uploaded_bytes=10**15)
    figures["outages"][0] |= {"host_name": EVIL, "reason": EVIL}
    figures["tags"][0] |= {"tag": EVIL}
    page = read_html(to_html(figures))
    assert page.attributes("script") == []
    assert page.tables["The longest first"][1][4] == EVIL
    assert page.tables["Tags, by name"][1][0] == EVIL
    assert page.text.count(EVIL) >= 6


def test_without_devices_it_says_so_kindly() -> None:
    page = read_html(to_html(make_empty_figures(devices=0)))
    assert "There were no devices in October 2026." in page.text
    assert page.tables == {}


def test_a_month_without_any_reading_has_no_charts_and_no_zeros() -> None:
    page = read_html(to_html(make_empty_figures(devices=1)))
    assert "Nobody looked at the network in October 2026: there is no reading of its 1 device" in page.text
    assert page.attributes("svg") == []
    assert page.tables["All devices, by name"][1][1:] == ["–", "–", "–", "–", "–", "31 d 1 h", "–", "–"]


def test_ten_thousand_devices_are_all_listed_in_a_few_seconds() -> None:
    figures = make_figures(devices=[make_device_figures(number, f"host-{number}") for number in range(10_000)])
    begin = process_time()
    html = to_html(figures)
    assert process_time() - begin < 10
    assert len(html) < 6_000_000
    assert html.count(b'<th scope="row">host-') > 10_000
