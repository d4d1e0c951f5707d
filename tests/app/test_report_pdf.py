"""A report as PDF holds what the HTML holds, on pages of A4."""

import subprocess
import sys
from io import BytesIO
from time import process_time

import pytest
from pypdf import PdfReader

from services.app.report_pdf import to_pdf
from tests.figures import make_device_figures, make_empty_figures, make_figures


def read_text(pdf: bytes) -> str:
    pages = (page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return " ".join(" ".join(pages).split())


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return to_pdf(make_figures())


@pytest.mark.parametrize(
    "text",
    [
        "dashNET",
        "Network report, October 2026",
        "up for 99.34 % of the time that was watched",
        "Nobody looked for 6.44 % of the time",
        "95th percentile 41.7 Mbit/s",
        "Most uploaded: 41.0 GB on Fri 2 Oct.",
        "laptop-2 27 Oct, 15:51 27 Oct, 20:07 4 h 17 min parent router-1 is down",
        "Sat 17 Oct – 100 % – –",
        "All devices",
    ],
)
def test_the_pages_tell_what_the_html_tells(pdf: bytes, text: str) -> None:
    assert text in read_text(pdf)


def test_the_pages_are_a4_with_a_title_a_language_and_an_outline(pdf: bytes) -> None:
    document = PdfReader(BytesIO(pdf))
    assert {(round(float(page.mediabox.width)), round(float(page.mediabox.height))) for page in document.pages} == {
        (595, 842)
    }
    assert document.metadata is not None
    assert document.metadata.title == "Network report, October 2026"
    assert str(document.root_object["/Lang"]) == "en"
    assert len(document.outline) == 10


def test_the_same_figures_make_the_same_bytes(pdf: bytes) -> None:
    assert to_pdf(make_figures()) == pdf


def test_latin_greek_and_cyrillic_names_are_shown_and_others_leave_a_sign() -> None:
    figures = make_figures()
    figures["devices"][0]["host_name"] = "drucker-köln сервер αθήνα 新 🖥️"
    text = read_text(to_pdf(figures))
    assert "drucker-köln сервер αθήνα ■ ■" in text
    assert "The sign ■" in text


def test_markup_in_a_name_is_text() -> None:
    figures = make_figures()
    figures["devices"][0]["host_name"] = "<b>&amp;<font color='red'>"
    assert "<b>&amp;<font color='red'>" in read_text(to_pdf(figures))


def test_a_name_and_a_reason_without_end_do_not_break_the_pages() -> None:
    figures = make_figures()
    figures["devices"][0]["host_name"] = "x" * 255
    figures["outages"][0]["reason"] = "no answer " * 200
    assert "no answer no answer" in read_text(to_pdf(figures))


def test_without_devices_it_says_so_kindly() -> None:
    assert "There were no devices in October 2026." in read_text(to_pdf(make_empty_figures(devices=0)))


def test_a_month_without_any_reading_says_so_kindly() -> None:
    assert "Nobody looked at the network in October 2026" in read_text(to_pdf(make_empty_figures(devices=3)))


def test_of_ten_thousand_devices_the_first_are_listed_and_it_says_so() -> None:
    devices = [make_device_figures(number, f"host-{number:05}") for number in range(10_000)]
    begin = process_time()
    pdf = to_pdf(make_figures(devices=devices, device_count=10_000))
    assert process_time() - begin < 15
    assert len(pdf) < 1_000_000
    text = read_text(pdf)
    assert "The first 500 of 10,000 are listed here" in text
    assert "host-00499" in text
    assert "host-00500" not in text


def test_the_library_is_loaded_only_when_a_pdf_is_made() -> None:
    code = "import sys, services.app.report_pdf; print(sorted({'reportlab', 'jinja2', 'PIL'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], check=True, timeout=30, capture_output=True, text=True)
    assert ended.stdout.strip() == "[]"
