"""Reports that earlier versions stored are still shown, without zeros that nobody measured."""

from typing import Any

from services.app.older_reports import renew
from services.app.report_csv import to_csv_report
from services.app.report_html import to_html
from tests.figures import make_empty_figures, make_figures

ZERO = {"uploaded_bytes": 0, "downloaded_bytes": 0}


def make_stored(figures: Any, *without: str) -> dict[str, Any]:
    """Figures as they were stored: without these keys, and with zeros in the network and its days."""
    days = [{**day, **ZERO} if day["up_ratio"] is None else day for day in figures["days"]]
    network = figures["network"] if figures["network"]["up_ratio"] else {**figures["network"], **ZERO}
    return {name: value for name, value in {**figures, "days": days, "network": network}.items() if name not in without}


def test_one_with_traffic_of_each_kind_is_as_if_it_were_made_today() -> None:
    figures = make_figures()
    assert renew(make_stored(figures, "traffic_kind")) == figures


def test_one_from_before_kinds_were_kept_apart_has_the_traffic_of_all() -> None:
    figures = make_figures()
    renewed = renew(make_stored(figures, "traffic_kind", "traffic"))
    assert (renewed["traffic_kind"], renewed["traffic"][0]["days"]) == ("all", figures["traffic"][0]["days"])
    assert renewed["days"] == figures["days"]


def test_one_in_which_nobody_looked_has_no_traffic() -> None:
    figures = make_empty_figures(devices=1)
    stored = make_stored(figures, "traffic_kind") | {"traffic": []}
    stored["devices"] = [{**device, **ZERO} for device in stored["devices"]]
    renewed = renew(stored)
    assert (renewed["network"], renewed["days"], renewed["devices"]) == (
        figures["network"],
        figures["days"],
        figures["devices"],
    )


def test_a_zero_behind_which_a_speed_stands_is_kept() -> None:
    stored = make_stored(make_figures(), "traffic_kind")
    stored["devices"] = [{**stored["devices"][0], **ZERO, "upload_speed_95th": 0.0, "download_speed_95th": None}]
    (device,) = renew(stored)["devices"]
    assert (device["uploaded_bytes"], device["downloaded_bytes"]) == (0, None)


def test_each_can_be_shown() -> None:
    renewed = renew(make_stored(make_figures(), "traffic_kind", "traffic"))
    assert b"all devices added up" in to_html(renewed)
    assert to_csv_report(renewed).count(b"\r\n") == 14
