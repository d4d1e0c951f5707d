"""The drawings of the PDF: the charts' shapes as vector graphics, and dashNET's name."""

from reportlab.graphics.shapes import Drawing, Group, Line, Rect, String
from reportlab.lib.colors import Color
from reportlab.platypus import Flowable

from services.app import report_shapes as shapes
from services.app.report_pdf_fonts import BOLD, COLOURS, PURPLE, RED, REGULAR, SEMIBOLD, to_printable

CHART_WIDTH, _TEXT_SIZE = 720.0, 11.0


def draw_chart(chart: shapes.Chart, width: float) -> Drawing:
    """The chart in points, scaled to the width."""
    scale = width / chart.width
    drawing = Drawing(width, chart.height * scale)
    group = Group(transform=(scale, 0, 0, -scale, 0, chart.height * scale))
    for line in chart.lines:
        if line.role == "grid":
            group.add(_draw_line(line))
    for rect in chart.rects:
        if rect.role != "hit":
            group.add(_draw_rect(rect))
    for line in chart.lines:
        if line.role != "grid":
            group.add(_draw_line(line))
    for text in chart.texts:
        group.add(_draw_text(text))
    drawing.add(group)
    return drawing


def _draw_rect(rect: shapes.Rect) -> Rect:
    drawn = Rect(rect.x, rect.y, rect.width, rect.height)
    drawn.fillColor, drawn.strokeColor = COLOURS[rect.role], None
    return drawn


def _draw_line(line: shapes.Line) -> Line:
    width = {"availability": 2.5, "hatch": 1.2}.get(line.role, 1)
    return Line(line.x1, line.y1, line.x2, line.y2, strokeColor=COLOURS[line.role], strokeWidth=width, strokeLineCap=1)


def _draw_text(text: shapes.Text) -> Group:
    # The charts' y grows downwards, as in SVG; letters are turned back, or they would stand on their heads.
    string = String(
        0,
        0,
        to_printable(text.text),
        fontName=SEMIBOLD if text.role == "name" else REGULAR,
        fontSize=_TEXT_SIZE,
        fillColor=COLOURS[text.role],
        textAnchor=text.anchor,
    )
    return Group(string, transform=(1, 0, 0, -1, text.x, text.y))


class Brand(Flowable):
    """dashNET's name from red to purple."""

    def __init__(self, size: float) -> None:
        super().__init__()
        self.size = size
        self.width, self.height = size * 4, size * 1.15

    def draw(self) -> None:
        """Fills the letters with the gradient by clipping it to them."""
        canvas = self.canv
        width = canvas.stringWidth("dashNET", BOLD, self.size)
        canvas.saveState()
        text = canvas.beginText(0, self.size * 0.25)
        text.setFont(BOLD, self.size)
        text.setTextRenderMode(7)
        text.textOut("dashNET")
        canvas.drawText(text)
        colours: list[Color] = [RED, PURPLE]
        canvas.linearGradient(0, 0, width, 0, colours)
        canvas.restoreState()
