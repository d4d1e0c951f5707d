"""What stands on the pages of a report, in order, with every word and number as it is shown; HTML and PDF set it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.app.report_shapes import Chart

Draw = Callable[[float], Chart]


class Cell(NamedTuple):
    """A cell of a table, and what stands beneath in small."""

    text: str
    under: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: a `name` heads its row, a `number` stands to the right, a `time` is never broken.

    `weight` is its share of a page's width.
    """

    title: str
    kind: Literal["name", "text", "time", "number"]
    weight: float


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `caption` says what it holds."""

    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Card:
    """One figure to be seen first; the role `upload` or `download` gives it that colour."""

    title: str
    value: str
    note: str
    role: Literal["", "upload", "download"] = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under a heading; `anchor` is its name in the address."""

    anchor: str
    title: str
    lead: str
    chart: Draw | None = None
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The whole of it; `notes` are terms with what they mean."""

    title: str
    subtitle: str
    lead: tuple[str, ...]
    cards: tuple[Card, ...]
    sections: tuple[Section, ...]
    notes: tuple[tuple[str, str], ...]
    footer: str
