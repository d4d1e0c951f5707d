"""Tables as spreadsheets save them: in which characters, cut at what, with which columns."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dashnet.fleet.entries import WrongLine
from dashnet.spreadsheets import BYTE_ORDER_MARK

_HEADER_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 60
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Excel's own word on how a file is cut, in its first line.
_SEPARATOR_LINE = re.compile(r'\A"?sep=([^\w\s"]|\t)"?[;,\t ]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_FIRST_WORDS = re.compile(r"^[^\r\n]*\w[^\r\n]*", re.MULTILINE)
_IN_QUOTES = re.compile('"[^"]*"')


@dataclass(frozen=True, slots=True)
class Table:
    """The names of the columns as they are written, the line they stand in, and the rows below with theirs."""

    line: int
    header: Sequence[str]
    rows: Iterator[tuple[int, Sequence[str]]]


def decode_table(content: bytes) -> tuple[str, str | None]:
    """Return a table's text, and a note where its characters had to be guessed.

    Taken are UTF-8, UTF-16 with a byte order mark, and Windows-1252 as Excel writes it in Europe.

    Raises:
        WrongLine: it is none of these.
    """
    if content.startswith(_UTF_16):
        return _decode(content, "utf-16"), None
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        if b"\0" in content or not content[: error.start].isascii():
            line = content.count(b"\n", 0, error.start) + 1
            raise WrongLine(line, "this is no UTF-8 text; save it as “CSV UTF-8”") from None
    text = _decode(content, "cp1252")
    return text, _describe_guess(text)


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongLine(line, "this is neither UTF-8 nor Windows-1252 text; save it as “CSV UTF-8”") from None


def _describe_guess(text: str) -> str:
    line, words = next((number, one) for number, one in enumerate(text.split("\n"), 1) if not one.isascii())
    first = next(place for place, letter in enumerate(words) if not letter.isascii())
    shown = words[max(0, first - _SHOWN_CHARACTERS // 2) :][:_SHOWN_CHARACTERS].strip()
    return (
        f"read as Windows-1252, because it is no UTF-8 text; line {line} reads “{shown}”: where letters are wrong, "
        "save it as “CSV UTF-8”"
    )


def read_header(content: bytes) -> Sequence[str]:
    """Return the names of a table's columns, as far as they can be read."""
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        return read_table(content[:_HEADER_BYTES].decode(encoding, "replace")).header
    except WrongLine:
        return []


def read_table(text: str) -> Table:
    """Return a table whose rows have a cell for every column that has a name; empty rows are left out.

    Missing cells at the end of a row are empty: spreadsheets leave them out.

    Raises:
        WrongLine: this is no CSV, there and while rows are read; or a row has cells without a column.
    """
    rows = _read_rows(text.removeprefix(BYTE_ORDER_MARK))
    line, cells = next(rows, (1, []))
    named = [place for place, cell in enumerate(cells) if cell.strip()]
    return Table(line, [cells[place] for place in named], _pick_cells(rows, named))


def normalize_name(name: str) -> str:
    """Return a column's name in lower case, with one underscore between words: `Host Name ` is `host_name`."""
    return re.sub(r"[\s_-]+", "_", name.strip(" \t\xa0\"'").lower())


def _pick_cells(rows: Iterator[tuple[int, Sequence[str]]], named: Sequence[int]) -> Iterator[tuple[int, Sequence[str]]]:
    width = named[-1] + 1 if named else 0
    for line, row in rows:
        filled = [place for place, cell in enumerate(row) if cell.strip()]
        if filled[-1] >= width:
            raise WrongLine(line, f"{filled[-1] + 1} cells, where the header has {width}")
        nameless = sorted({*filled} - {*named})
        if nameless:
            raise WrongLine(line, f"cell {nameless[0] + 1} is filled, but its column has no name in the header")
        yield line, [row[place] if place < len(row) else "" for place in named]


def _read_rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows with the lines where they begin, empty ones left out."""
    told = _SEPARATOR_LINE.match(text)
    body, above = (text[told.end() :], 1) if told else (text, 0)
    # Old Macs end lines with a carriage return alone, which an empty `newline` lets through.
    source = io.StringIO(body, newline="")
    reader = csv.reader(source, delimiter=told.group(1) if told else _guess_delimiter(body), strict=True)
    line = 1 + above
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1 + above
    except csv.Error as error:
        raise WrongLine(max(reader.line_num, 1) + above, f"no CSV: {error}") from None


def _guess_delimiter(text: str) -> str:
    """The separator that cuts the header into most parts."""
    first = _FIRST_WORDS.search(text)
    header = _IN_QUOTES.sub("", first.group() if first else "")
    return max((",", ";", "\t"), key=header.count)
