"""A report as CSV is what a spreadsheet or a program reads."""

import csv
import io

from services.app.report_csv import COLUMNS, to_csv_report
from tests.figures import make_device_figures, make_empty_figures, make_figures


def read_rows(report: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report.decode("utf-8-sig"), newline="")))


def test_each_device_has_a_row_with_every_figure() -> None:
    figures = make_figures()
    rows = read_rows(to_csv_report(figures))
    assert [row["host_name"] for row in rows] == [device["host_name"] for device in figures["devices"]]
    assert set(rows[0]) == {"month", *figures["devices"][0]}


def test_figures_are_told_to_the_last_digit() -> None:
    device = make_device_figures(7, "nas", up_ratio=0.9990419, tags=["core", "lab, old"])
    row = read_rows(to_csv_report(make_figures(devices=[device])))[0]
    assert (row["month"], row["device_id"], row["up_ratio"]) == ("2026-10", "7", "0.9990419")
    assert (row["uploaded_bytes"], row["tags"]) == ("7000000000", "core; lab, old")


def test_what_is_not_known_is_empty() -> None:
    row = read_rows(to_csv_report(make_empty_figures(devices=1)))[0]
    assert (row["up_ratio"], row["upload_speed_95th"], row["mean_seconds_between_failures"]) == ("", "", "")
    assert (row["uploaded_bytes"], row["downloaded_bytes"]) == ("", "")


def test_a_formula_in_a_name_is_defused() -> None:
    devices = [make_device_figures(1, '=HYPERLINK("http://x","y")', tags=["@SUM(A1)"])]
    row = read_rows(to_csv_report(make_figures(devices=devices)))[0]
    assert (row["host_name"], row["tags"]) == ('\'=HYPERLINK("http://x","y")', "'@SUM(A1)")


def test_without_devices_there_is_the_header_alone() -> None:
    assert to_csv_report(make_empty_figures(devices=0)).decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


def test_a_spreadsheet_is_told_that_it_is_utf_8() -> None:
    assert to_csv_report(make_figures()).startswith("\ufeffmonth,".encode())


def test_ten_thousand_devices_are_ten_thousand_rows() -> None:
    devices = [make_device_figures(number, f"host-{number}") for number in range(10_000)]
    assert len(read_rows(to_csv_report(make_figures(devices=devices)))) == 10_000
