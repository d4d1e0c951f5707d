"""Fleets as CSV: a line per device, with the columns of an export."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from dashnet.fleet.entries import FIELDS, Entry, Fleet, WrongLine

# A spreadsheet would take a cell that begins so for a formula; an apostrophe before it makes it a text.
_FORMULA = ("=", "+", "-", "@", "'")
# Empty, they are left out; any other field that is empty is given as empty.
_NEVER_EMPTY = ("device_type", "driver")


def read_rows(text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows with the lines where they begin, the header first; empty lines are left out.

    Raises:
        WrongLine: this is no CSV, or a row has not as many cells as the header.
    """
    header_line = text.partition("\n")[0]
    delimiter = ";" if ";" in header_line and "," not in header_line else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    width = 0
    line = 1
    try:
        for row in reader:
            if any(row):
                width = width or len(row)
                if len(row) != width:
                    raise WrongLine(line, f"{len(row)} cells, where the header has {width}")
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise WrongLine(reader.line_num or 1, f"no CSV: {error}") from None


def read_csv(text: str) -> Fleet:
    """The devices of a CSV text with the columns of an export, any of which may be left out.

    Raises:
        WrongLine: as `read_rows`, a column is unknown or there twice, or the options of a driver are no JSON.
    """
    rows = read_rows(text)
    line, header = next(rows, (1, []))
    _check_header(line, header)
    return Fleet([_to_entry(line, dict(zip(header, row, strict=True))) for line, row in rows])


def _check_header(line: int, header: Sequence[str]) -> None:
    unknown = [name for name in header if name not in FIELDS]
    if unknown or not header:
        raise WrongLine(line, f"there is no column {', '.join(map(repr, unknown))}; there are: {', '.join(FIELDS)}")
    repeated = [name for name in FIELDS if header.count(name) > 1]
    if repeated:
        raise WrongLine(line, f"the column {repeated[0]} is there twice")


def _to_entry(line: int, row: Mapping[str, str]) -> Entry:
    fields: dict[str, Any] = {}
    for name, cell in row.items():
        text = cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA and cell[1:] else cell
        if name == "driver_options":
            fields[name] = _read_options(line, text)
        elif name == "tags":
            fields[name] = read_list(line, text)
        elif name == "parent":
            fields[name] = text or None
        elif text or name not in _NEVER_EMPTY:
            fields[name] = text
    return Entry(fields, line)


def _read_options(line: int, text: str) -> Any:  # any JSON value
    if not text.strip():
        return {}
    try:
        return orjson.loads(text)
    except ValueError:
        # The error could quote a secret.
        raise WrongLine(line, 'driver_options is no JSON object such as {"profile": "classic"}') from None


def read_list(line: int, text: str) -> list[str]:
    """The words of a cell, separated by commas; one that holds a comma is quoted.

    Raises:
        WrongLine: a quote is not closed.
    """
    try:
        words = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error as error:
        raise WrongLine(line, f"tags are words separated by commas: {error}") from None
    return [word for word in words if word.strip()]


def write_csv(devices: Sequence[Mapping[str, Any]]) -> str:
    """Devices in the fields of an export as CSV that `read_csv` reads as the same."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(FIELDS)
    writer.writerows([_to_cell(name, device[name]) for name in FIELDS] for device in devices)
    return lines.getvalue()


def _to_cell(name: str, value: Any) -> str:  # what JSON can hold
    if name == "driver_options":
        text = orjson.dumps(value).decode() if value else ""
    elif name == "tags":
        cell = io.StringIO()
        csv.writer(cell, lineterminator="").writerow(value)
        text = cell.getvalue()
    else:
        text = value or ""
    return f"'{text}" if text.startswith(_FORMULA) else text
