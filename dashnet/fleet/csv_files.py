"""Fleets as CSV: a line per device, with the columns of an export."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from dashnet.fleet.entries import FIELDS, Entry, Fleet, WrongLine
from dashnet.fleet.tables import normalize_name, read_table
from dashnet.spreadsheets import BYTE_ORDER_MARK, restore, write_rows

# Empty, they are left out; any other field that is empty is given as empty.
_NEVER_EMPTY = ("device_type", "driver")


def read_csv(text: str) -> Fleet:
    """The devices of a CSV text with the columns of an export, any of which may be left out.

    Raises:
        WrongLine: as `read_table`, a column is unknown or there twice, or the options of a driver are no JSON.
    """
    table = read_table(text)
    names = [normalize_name(name) for name in table.header]
    _check_header(table.line, table.header, names)
    return Fleet([_to_entry(line, dict(zip(names, row, strict=True))) for line, row in table.rows])


def _check_header(line: int, header: Sequence[str], names: Sequence[str]) -> None:
    unknown = [repr(one.strip()) for one, name in zip(header, names, strict=True) if name not in FIELDS]
    if unknown or not header:
        raise WrongLine(line, f"there is no column {', '.join(unknown)}; there are: {', '.join(FIELDS)}")
    repeated = [name for name in FIELDS if names.count(name) > 1]
    if repeated:
        raise WrongLine(line, f"the column {repeated[0]} is there twice")


def _to_entry(line: int, row: Mapping[str, str]) -> Entry:
    fields: dict[str, Any] = {}
    for name, cell in row.items():
        text = restore(cell)
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
    """Devices in the fields of an export as CSV for a spreadsheet, which `read_csv` reads as the same."""
    rows = ([_to_text(name, device[name]) for name in FIELDS] for device in devices)
    return BYTE_ORDER_MARK + write_rows([FIELDS]) + write_rows(rows)


def _to_text(name: str, value: Any) -> str:  # what JSON can hold
    if name == "driver_options":
        return orjson.dumps(value).decode() if value else ""
    if name == "tags":
        cell = io.StringIO()
        csv.writer(cell, lineterminator="").writerow(value)
        return cell.getvalue()
    return value or ""
