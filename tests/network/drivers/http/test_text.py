"""Pages in any encoding (services/network/drivers/http/text.py)."""

import codecs

import pytest

from dashnet.reading import State
from services.network.drivers.http.text import decode_page, explain_missing, find_codec
from tests.network.drivers.http.reads import make_answer, read_page, serve_page

NOT_THERE = "the expected text does not stand in the page"

UNKNOWN = [
    "utf8mb4",
    "none",
    "utf-8,gbk",
    "undefined",
    "ANSI",
    "x-unknown",
    "hex",
    "rot13",
    "idna",
    "\0",
    "",
    "a" * 999,
]


@pytest.mark.parametrize("label", [*UNKNOWN, "unicode_escape", "base64", "../../x", "mbcs", "ümlaut", '"utf-8'])
async def test_an_encoding_that_nobody_knows_costs_no_reading(label: str) -> None:
    header = f"Content-Type: text/html; charset={label}"
    async with serve_page(make_answer(b"Druckerei", header)) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", expected_text="Druckerei")
    assert (reading.state, reading.error) == (State.UP, None)


@pytest.mark.parametrize(
    ("page", "content_type"),
    [
        ("Büro".encode(), None),
        ("Büro".encode(), "text/html; charset=utf8mb4"),
        ("Büro".encode(), "text/html; charset=none"),
        ("Büro".encode("cp1252"), None),
        ("Büro".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        ("Büro".encode("cp1252"), 'text/html; CHARSET = "latin1"'),
        ("Büro".encode("utf-16-le"), "text/html; charset=utf-16"),
        (codecs.BOM_UTF16_LE + "Büro".encode("utf-16-le"), None),
        (codecs.BOM_UTF16_BE + "Büro".encode("utf-16-be"), None),
        (codecs.BOM_UTF8 + "<meta charset=iso-8859-1>Büro".encode(), None),
        (b'<html><head><META Charset="ISO-8859-1">' + "Büro".encode("cp1252"), None),
        (b"<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-15'>" + "Büro".encode("cp1252"), None),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + "Büro".encode("cp1252"), "text/xml"),
        (b"<meta charset=iso-8859-1>" + "Büro".encode(), "text/html; charset=utf-8"),
        (b"<meta charset=utf-16>" + "Büro".encode(), None),
        (b"<meta charset=x-unknown>" + "Büro".encode("cp1252"), "text/html"),
        ("Büro".encode() + b"\xc3", None),
        (codecs.BOM_UTF16_BE + "Büro".encode("utf-16-be"), "text/html; charset=utf-16"),
        (codecs.BOM_UTF16_LE + "Büro".encode("utf-16-le"), "text/html; charset=UTF-16"),
    ],
)
def test_header_then_mark_then_page_then_utf_8_then_windows_1252(page: bytes, content_type: str | None) -> None:
    assert "Büro" in decode_page(page, content_type)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("windows-1251", "Принтер"),
        ("x-sjis", "プリンタ"),
        ("Shift_JIS", "プリンタ"),
        ("GB2312", "打印机"),
        ("iso-8859-8-i", "מדפסת"),
        ("koi8-r", "Принтер"),
        ("euc-kr", "프린터"),
    ],
)
async def test_a_page_that_names_its_encoding_only_in_itself_is_read(label: str, text: str) -> None:
    body = f'<meta charset="{label}"><p>{text}'.encode(find_codec(label) or "ascii")
    async with serve_page(make_answer(body, "Content-Type: text/html")) as page:
        reading = await read_page(f"http://127.0.0.1:{page.port}/", expected_text=text)
    assert (reading.state, reading.error) == (State.UP, None)


@pytest.mark.parametrize("page", ["B&uuml;ro S&#252;d", "Bu\u0308ro Su\u0308d", "Büro\u00a0Süd", "Büro\n  Süd"])
def test_a_text_that_is_written_otherwise_is_not_found_and_the_words_say_so(page: str) -> None:
    said = explain_missing(page.encode(), "text/html", "Büro Süd")
    assert said is not None
    assert said.startswith(f"{NOT_THERE}: it is looked for letter by letter")


def test_a_text_that_is_not_there_at_all_is_only_missed() -> None:
    assert explain_missing(b"Ready", None, "Error") == NOT_THERE
