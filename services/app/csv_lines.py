"""Rows as lines of CSV (RFC 4180)."""

import csv
import io
from collections.abc import Iterable, Sequence


def to_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows as UTF-8; what is null is empty, and a text that a spreadsheet would take for a formula is quoted so."""
    lines = io.StringIO()
    csv.writer(lines).writerows([_defuse(cell) for cell in row] for row in rows)
    return lines.getvalue().encode()


def _defuse(cell: object) -> object:
    # A device may be named =HYPERLINK(...); whoever opens the file must not run it.
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
