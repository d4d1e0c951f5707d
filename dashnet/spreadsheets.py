"""Rows as CSV that a spreadsheet shows and does not run (RFC 4180): every CSV that Dashnet writes is made here."""

import re
from collections.abc import Iterable, Sequence

# Excel takes a file without it for one in the character set of the country.
BYTE_ORDER_MARK = "\ufeff"
# What begins so is run as a formula: also in full width, which East Asian spreadsheets take for the same.
_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# Spreadsheets skip these before a formula.
_BLANK = r"(?:[^\S\t\r\n]|[\x00-\x08\x0e-\x1f\x7f\u200b-\u200f\u2060\ufeff])*"
# Where commas separate decimals, files are cut at semicolons, and quotes within a cell then protect nothing.
_CUT = r"(?<=[;\t\r\n])"
_HARMFUL = re.compile(rf"\A(?={_BLANK}[{_FORMULA}'\t\r\n])|{_CUT}(?={_BLANK}[{_FORMULA}'])")
_DEFUSED = re.compile(rf"\A'(?={_BLANK}[{_FORMULA}'\t\r\n])|{_CUT}'(?={_BLANK}[{_FORMULA}'])")
_QUOTED = re.compile('[",;\t\r\n]')


def to_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows for programs, in UTF-8: null is empty, numbers are plain, and no text is run by a spreadsheet."""
    return write_rows(rows).encode()


def to_csv_file(rows: Iterable[Sequence[object]]) -> bytes:
    """Return the same for people who open it in a spreadsheet: it begins with a byte order mark."""
    return BYTE_ORDER_MARK.encode() + to_csv(rows)


def write_rows(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as text, each ended by a carriage return and a line feed."""
    return "".join(f"{','.join(map(_to_cell, row))}\r\n" for row in rows)


def defuse(text: str) -> str:
    """Put an apostrophe before whatever a spreadsheet could take for a formula: `=1+1` becomes `'=1+1`."""
    return _HARMFUL.sub("'", text)


def restore(text: str) -> str:
    """Return the text that `defuse` was given."""
    return _DEFUSED.sub("", text)


def _to_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    text = defuse(str(value))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
