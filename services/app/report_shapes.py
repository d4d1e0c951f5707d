"""What a chart is made of; the HTML report and the PDF draw it, each with colours of its own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

_WIDTHS = dict.fromkeys("fijlrtI.,:;'|! ()\N{NO-BREAK SPACE}", 3.6) | dict.fromkeys("mwMW%▲▼…", 9.6)
_HATCH_STEP = 7.0


@dataclass(frozen=True, slots=True)
class Rect:
    """An area; `role` says what it means, and so its colour. `hint` is what pointing at it tells."""

    x: float
    y: float
    width: float
    height: float
    role: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line; `role` says what it means."""

    x1: float
    y1: float
    x2: float
    y2: float
    role: str


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text of 11 units' height, standing on `y`; roles are `label`, soft, and `name`."""

    x: float
    y: float
    text: str
    role: str
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its origin at the upper left.

    `title` and `description` say in words what it shows, `caption` what is worth reading beneath it, empty if nothing.
    """

    title: str
    description: str
    caption: str
    width: float
    height: float
    rects: tuple[Rect, ...]
    lines: tuple[Line, ...]
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of a chart in which values are drawn, with one column for each of `columns`."""

    left: float
    top: float
    width: float
    height: float
    columns: int

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def column(self) -> float:
        return self.width / max(self.columns, 1)

    def x_of(self, column: float) -> float:
        return self.left + column * self.column


def hatch(area: Rect, role: str) -> Iterator[Line]:
    """Slanted lines that fill an area: what nobody saw is told from what is nothing without a colour."""
    for number in range(1, math.ceil((area.width + area.height) / _HATCH_STEP)):
        reach = number * _HATCH_STEP
        begin, end = max(0.0, reach - area.height), min(area.width, reach)
        yield Line(area.x + begin, area.y + reach - begin, area.x + end, area.y + reach - end, role)


def find_runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first and the last index and one of each run of true ones."""
    begin: int | None = None
    for index, flag in enumerate([*flags, False]):
        if flag and begin is None:
            begin = index
        elif not flag and begin is not None:
            yield begin, index
            begin = None


def lay_legend(
    entries: Sequence[tuple[str, str]], width: float, top: float
) -> tuple[list[Rect], list[Line], list[Text], float]:
    """A swatch and a text for each (role, text), in rows no wider than `width`; with the height that they take."""
    rects, texts, lines = list[Rect](), list[Text](), list[Line]()
    x, y = 0.0, top
    for role, text in entries:
        taken = 16 + measure_text(text)
        if x and x + taken > width:
            x, y = 0.0, y + 18
        swatch = Rect(x, y, 11, 11, role)
        rects.append(swatch)
        lines.extend(hatch(swatch, "hatch") if role == "unobserved" else ())
        texts.append(Text(x + 16, y + 9.5, text, "label", "start"))
        x += taken + 18
    return rects, lines, texts, y - top + 18


def measure_text(text: str) -> float:
    """About how wide a text is; on the wide side, since nobody knows the reader's fonts."""
    return sum(_WIDTHS.get(letter, 6.6 if letter < "\u2e80" else 11.5) for letter in text)


def shorten(text: str, width: float) -> str:
    """The text, or as much of it as fits into `width` and an ellipsis."""
    if measure_text(text) <= width:
        return text
    ends = accumulate(measure_text(letter) for letter in text)
    return f"{text[: sum(end <= width - _WIDTHS['…'] for end in ends)]}…"
