"""The pages of the PDF."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Literal

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from services.app import report_layout as layout
from services.app.report_pdf_drawing import CHART_WIDTH, Brand, draw_chart
from services.app.report_pdf_fonts import (
    AXIS,
    COLOURS,
    LINE,
    MISSING,
    REGULAR,
    SEMIBOLD,
    SOFT,
    STRIPE,
    TEXT,
    register_fonts,
    to_markup,
    to_printable,
)

MOST_ROWS = 500
_SIDE, _TOP, _FOOT = 17 * mm, 16 * mm, 18 * mm
_WIDTH = A4[0] - 2 * _SIDE
_PADDING = 6  # What reportlab leaves within its margins.


def _style(
    size: float,
    *,
    bold: bool = False,
    soft: bool = False,
    before: float = 0,
    after: float = 0,
    alignment: Literal[0, 2] = 0,
) -> ParagraphStyle:
    return ParagraphStyle(
        "",
        fontName=SEMIBOLD if bold else REGULAR,
        fontSize=size,
        leading=size * 1.32,
        textColor=SOFT if soft else TEXT,
        spaceBefore=before,
        spaceAfter=after,
        alignment=alignment,
    )


_TITLE, _SUBTITLE, _LEAD = _style(24, bold=True), _style(10.5, soft=True), _style(11.5, after=2 * mm)
_HEADING = _style(14, bold=True, before=7 * mm, after=0.8 * mm)
_SENTENCE, _CAPTION = _style(9.5, soft=True, after=2.5 * mm), _style(8, soft=True, before=1.5 * mm)
_CELL = _style(8)
_NUMBER = _style(8, alignment=2)
_NAME = _style(8, bold=True)
_HEAD, _HEAD_RIGHT = _style(7.5, bold=True, soft=True), _style(7.5, bold=True, soft=True, alignment=2)


def set_pages(report: layout.Report) -> bytes:
    """The report as a PDF, with an outline of its headings."""
    register_fonts()
    output = BytesIO()
    document = _Document(
        output,
        pagesize=A4,
        leftMargin=_SIDE - _PADDING,
        rightMargin=_SIDE - _PADDING,
        topMargin=_TOP,
        bottomMargin=_FOOT,
        title=to_printable(report.title),
        author="dashNET",
        lang="en",
        invariant=1,
    )
    document.running_text = to_printable(f"{report.title}  ·  {report.footer}")
    document.build(list(_set_report(report)), onFirstPage=_set_foot, onLaterPages=_set_foot)
    return output.getvalue()


class _Document(SimpleDocTemplate):
    running_text = ""

    def afterFlowable(self, flowable: Flowable) -> None:
        # reportlab calls it after each flowable; headings go into the outline that readers show beside the pages.
        if isinstance(flowable, Paragraph) and flowable.style is _HEADING:
            title = flowable.getPlainText()
            self.canv.bookmarkPage(title)
            self.canv.addOutlineEntry(title, title)


def _set_foot(canvas: Canvas, document: _Document) -> None:
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(SOFT)
    canvas.drawString(_SIDE, 10 * mm, document.running_text)
    canvas.drawRightString(_SIDE + _WIDTH, 10 * mm, str(canvas.getPageNumber()))


def _set_report(report: layout.Report) -> Iterator[Flowable]:
    yield Brand(17)
    yield Paragraph(to_markup(report.title), _TITLE)
    yield Spacer(0, 1 * mm)
    yield Paragraph(to_markup(report.subtitle), _SUBTITLE)
    yield Spacer(0, 6 * mm)
    for sentence in report.lead:
        yield Paragraph(to_markup(sentence), _LEAD)
    if report.cards:
        yield Spacer(0, 2 * mm)
        yield _set_cards(report.cards)
    for section in report.sections:
        yield from _set_section(section)
    yield from _set_notes(report)


def _set_cards(cards: Sequence[layout.Card]) -> Table:
    cells = [_set_card(card) for card in cards]
    rows: list[list[list[Flowable]]] = [cells[begin : begin + 3] for begin in range(0, len(cells), 3)]
    rows[-1] += [[]] * (3 - len(rows[-1]))
    padding = [(f"{side}PADDING", (0, 0), (-1, -1), 3.2 * mm) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    grid = [("BOX", (0, 0), (-1, -1), 0.7, LINE), ("INNERGRID", (0, 0), (-1, -1), 0.7, LINE)]
    return Table(rows, colWidths=[_WIDTH / 3] * 3, style=[*padding, *grid, ("VALIGN", (0, 0), (-1, -1), "TOP")])


def _set_card(card: layout.Card) -> list[Flowable]:
    colour = COLOURS[card.role or "text"]
    value = ParagraphStyle("", fontName=SEMIBOLD, fontSize=19, leading=24, textColor=colour)
    return [
        Paragraph(to_markup(card.title), _style(9, soft=True)),
        Paragraph(to_markup(card.value), value),
        Paragraph(to_markup(card.note), _style(8.5, soft=True)),
    ]


def _set_section(section: layout.Section) -> Iterator[Flowable]:
    heading = [Paragraph(to_markup(section.title), _HEADING), Paragraph(to_markup(section.lead), _SENTENCE)]
    if section.chart is None:
        yield CondPageBreak(50 * mm)
        yield from heading
    else:
        chart = section.chart(CHART_WIDTH)
        caption = [Paragraph(to_markup(chart.caption), _CAPTION)] if chart.caption else []
        yield KeepTogether([*heading, draw_chart(chart, _WIDTH), *caption])
    if section.table is not None:
        yield from _set_table(section.table)


def _set_table(table: layout.Table) -> Iterator[Flowable]:
    count = len(table.rows)
    if count > MOST_ROWS:
        told = f"The first {MOST_ROWS:,} of {count:,} are listed here; the HTML of this report lists all."
        yield Paragraph(told, _style(9.5, bold=True, after=2 * mm))
    yield Spacer(0, 1.5 * mm)
    weights = [column.weight for column in table.columns]
    head = [Paragraph(to_markup(one.title), _HEAD_RIGHT if one.kind == "number" else _HEAD) for one in table.columns]
    yield Table(
        [head, *(_set_row(row, table.columns) for row in table.rows[:MOST_ROWS])],
        colWidths=[_WIDTH * weight / sum(weights) for weight in weights],
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
            ("VALIGN", (0, 1), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.7, AXIS),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [None, STRIPE]),
            *((f"{side}PADDING", (0, 0), (-1, -1), 1.4 * mm) for side in ("LEFT", "RIGHT")),
            *((f"{side}PADDING", (0, 0), (-1, -1), 1 * mm) for side in ("TOP", "BOTTOM")),
        ],
    )


def _set_row(row: Sequence[layout.Cell], columns: Sequence[layout.Column]) -> list[Flowable]:
    styles = {"name": _NAME, "text": _CELL, "time": _CELL, "number": _NUMBER}
    return [_set_cell(cell, styles[column.kind]) for cell, column in zip(row, columns, strict=True)]


def _set_cell(cell: layout.Cell, style: ParagraphStyle) -> Flowable:
    under = f'<br/><font name="{REGULAR}" size="7" color="{SOFT.hexval()}">{to_markup(cell.under)}</font>'
    return Paragraph(to_markup(cell.text) + (under if cell.under else ""), style)


def _set_notes(report: layout.Report) -> Iterator[Flowable]:
    missing = (("The sign ■", "Letters that the font of this PDF lacks. The HTML of this report shows them all."),)
    notes = report.notes + (missing if _lacks_letters(report) else ())
    if not notes:
        return
    rows = [
        [Paragraph(to_markup(term), _style(9, bold=True)), Paragraph(to_markup(text), _style(9, soft=True))]
        for term, text in notes
    ]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
    table = Table(rows, colWidths=[44 * mm, _WIDTH - 44 * mm], style=style)
    yield KeepTogether([Paragraph("How to read this report", _HEADING), Spacer(0, 1 * mm), table])


def _lacks_letters(report: layout.Report) -> bool:
    tables = (section.table for section in report.sections if section.table is not None)
    texts = (text for table in tables for row in table.rows[:MOST_ROWS] for cell in row for text in cell)
    return any(MISSING in to_printable(text) for text in texts)
