"""A report as a PDF for A4."""

from dashnet.history.report import ReportFigures
from services.app.report_pages import make_report


def to_pdf(figures: ReportFigures) -> bytes:
    """The report as a PDF; of very many devices it lists the first by name and says so.

    The same figures make the same bytes. Letters that the font lacks (it has Latin, Greek and Cyrillic) are shown as ■.
    """
    # Imported here, because a service that nobody asks for a PDF should not load the library.
    from services.app.report_pdf_pages import set_pages

    return set_pages(make_report(figures))
