"""The pieces of charts keep within their bounds."""

from services.app.report_shapes import Rect, find_runs, hatch, lay_legend, measure_text, shorten


def test_hatching_stays_within_its_area() -> None:
    lines = list(hatch(Rect(10, 20, 40, 100, "unobserved"), "hatch"))
    points = [point for line in lines for point in ((line.x1, line.y1), (line.x2, line.y2))]
    assert all(10 <= x <= 50 and 20 <= y <= 120 for x, y in points)


def test_runs_are_found_at_both_ends() -> None:
    assert list(find_runs([True, True, False, True])) == [(0, 2), (3, 4)]


def test_a_legend_breaks_into_rows_that_fit() -> None:
    swatches, _, texts, height = lay_legend([("up", "as it was")] * 3, 120, 0)
    assert [swatch.y for swatch in swatches] == [0, 18, 36]
    assert (texts[0].x, height) == (16, 54)


def test_a_text_is_shortened_only_if_it_must_be() -> None:
    assert shorten("router-1", 100) == "router-1"
    assert measure_text(shorten("router-1" * 40, 100)) <= 100
    assert shorten("router-1" * 40, 100).endswith("…")
