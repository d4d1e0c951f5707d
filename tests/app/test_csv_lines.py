import csv
import io

import pytest

from services.app.csv_lines import to_csv


def test_null_is_empty_and_numbers_stay_numbers() -> None:
    assert to_csv([[1, None, 0.5, -2, "nas"]]) == b"1,,0.5,-2,nas\r\n"


def test_text_with_commas_quotes_and_line_ends_comes_back_as_it_was() -> None:
    row = ['a,"b"', "two\nlines", "größer"]
    assert list(csv.reader(io.StringIO(to_csv([row]).decode(), newline=""))) == [row]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_text(formula: str) -> None:
    (row,) = csv.reader(io.StringIO(to_csv([[formula]]).decode(), newline=""))
    assert row == [f"'{formula}"]


def test_no_rows_are_no_bytes() -> None:
    assert to_csv([]) == b""
