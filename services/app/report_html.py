"""A report as one HTML file that can be mailed, opened anywhere and printed."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dashnet.history.report import ReportFigures
from services.app.report_pages import make_report

if TYPE_CHECKING:
    from jinja2 import Template

# Each chart is drawn twice, so that its letters stay legible on a phone; the style sheet shows one of them.
WIDE, NARROW = 900.0, 330.0


def to_html(figures: ReportFigures) -> bytes:
    """The report as UTF-8, with its style and charts in it, no script, and no address of anything elsewhere."""
    return _load_template().render(report=make_report(figures), wide=WIDE, narrow=NARROW).encode()


@cache
def _load_template() -> "Template":
    # Imported here, because a service that nobody asks for a report should not load it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("report.html.jinja")
