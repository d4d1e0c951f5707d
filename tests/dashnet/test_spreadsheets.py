import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashnet.spreadsheets import BYTE_ORDER_MARK, defuse, restore, to_csv, to_csv_file, write_rows

FORMULA_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
# Texts in which everything that matters is frequent.
TEXTS = st.text(st.sampled_from([*FORMULA_SIGNS, *"';,\t\r\n\"\v\0 \u00a0\u200b1a"]) | st.characters(), max_size=8)


def cells_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_null_is_empty_and_numbers_stay_numbers() -> None:
    assert to_csv([[1, None, 0.5, -2, -1.5, "nas"]]) == b"1,,0.5,-2,-1.5,nas\r\n"


def test_text_with_commas_quotes_and_line_ends_comes_back_as_it_was() -> None:
    row = ['a,"b"', "two\nlines", "größer", "a; b", "a\r\nb"]
    assert cells_of(to_csv([row]).decode()) == [row]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "\n1", "\uff1d1+1", " =1", "\0=1"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert cells_of(to_csv([[text]]).decode()) == [[f"'{text}"]]


@pytest.mark.parametrize("text", ["a;=1+1;b", "a\n=1+1", "a\t@b", "a;\t=1"])
def test_nothing_is_run_where_the_file_is_cut_elsewhere(text: str) -> None:
    """Where a comma separates decimals, a spreadsheet cuts at semicolons and finds no quote that it knows."""
    cut = re.split(r"[;\t\r\n]", to_csv([["nas", text]]).decode())
    assert [part for part in cut if part[:1] in FORMULA_SIGNS and part] == []


@given(text=TEXTS)
def test_every_text_is_restored_and_none_begins_like_a_formula(text: str) -> None:
    defused = defuse(text)
    assert restore(defused) == text
    assert defused[:1] not in [*FORMULA_SIGNS, "\t", "\r", "\n"]


@given(rows=st.lists(st.lists(TEXTS, min_size=2, max_size=3)))
def test_every_row_is_read_back(rows: list[list[str]]) -> None:
    assert [[restore(cell) for cell in row] for row in cells_of(write_rows(rows))] == rows


def test_a_file_for_people_says_that_it_is_utf_8() -> None:
    assert to_csv_file([["größer"]]) == "\ufeffgrößer\r\n".encode() == BYTE_ORDER_MARK.encode() + to_csv([["größer"]])


def test_no_rows_are_no_bytes() -> None:
    assert to_csv([]) == b""
