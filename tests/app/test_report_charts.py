"""The charts show the figures to scale, and what nobody saw as a gap."""

from collections.abc import Callable, Sequence

import pytest

from dashnet.history.report import DayFigures
from services.app.report_charts import draw_availability, draw_busiest, draw_time, draw_traffic, nice_step
from services.app.report_shapes import Chart, Rect
from tests.figures import make_device_figures, make_figures, make_measures

WIDTHS = (900.0, 330.0)


def make_day(number: int, up_ratio: float | None, sent: int | None = 0, received: int | None = 0) -> DayFigures:
    return DayFigures(
        date=f"2026-10-{number:02}",
        up_ratio=up_ratio,
        unobserved_seconds=0 if up_ratio is not None else 86_400,
        uploaded_bytes=sent if up_ratio is not None else None,
        downloaded_bytes=received if up_ratio is not None else None,
    )


def areas(chart: Chart, role: str) -> list[Rect]:
    """The areas of a role, without the swatch of the legend."""
    return [rect for rect in chart.rects if rect.role == role and (rect.width, rect.height) != (11, 11)]


def test_columns_are_as_high_as_the_bytes_are_many() -> None:
    chart = draw_traffic([make_day(1, 1.0, 100, 400), make_day(2, 1.0, 50, 200)], 900)
    heights = [rect.height for role in ("upload", "download") for rect in areas(chart, role)]
    assert [height / heights[0] for height in heights] == pytest.approx([1, 0.5, 4, 2])


def test_uploads_rise_from_the_line_from_which_downloads_hang() -> None:
    chart = draw_traffic([make_day(1, 1.0, 100, 400)], 900)
    upload, download = areas(chart, "upload")[0], areas(chart, "download")[0]
    assert upload.y + upload.height == pytest.approx(download.y)


@pytest.mark.parametrize("draw", [draw_traffic, draw_availability])
def test_days_in_which_nobody_looked_are_one_hatched_gap(draw: Callable[[Sequence[DayFigures], float], Chart]) -> None:
    chart = draw([make_day(1, 1.0, 9, 9), make_day(2, None), make_day(3, None), make_day(4, 0.5, 9, 9)], 862)
    (gap,) = areas(chart, "unobserved")
    assert (gap.x, gap.width) == (262, 400)
    assert sum(line.role == "hatch" and gap.x <= line.x1 <= gap.x + gap.width for line in chart.lines) > 20


def test_a_day_of_which_no_speed_is_known_is_a_gap_that_is_not_called_unwatched() -> None:
    chart = draw_traffic([make_day(1, 1.0, 9, 9), make_day(2, 1.0, None, None), make_day(3, 1.0, 0, 0)], 862)
    (gap,) = areas(chart, "unobserved")
    hints = [rect.hint.split(": ")[1] for rect in areas(chart, "hit")]
    assert hints[1:] == ["not measured", "0\N{NO-BREAK SPACE}B uploaded, 0\N{NO-BREAK SPACE}B downloaded"]
    assert (gap.hint, "Not measured on Fri 2" in chart.caption) == ("", True)


def test_what_is_known_of_one_direction_alone_is_shown_without_the_other() -> None:
    chart = draw_traffic([make_day(1, 1.0, None, 9)], 862)
    assert (areas(chart, "upload"), len(areas(chart, "download"))) == ([], 1)
    assert "Most uploaded: not known." in chart.caption


def test_the_line_of_availability_breaks_at_a_gap() -> None:
    chart = draw_availability([make_day(1, 1.0), make_day(2, None), make_day(3, 0.5), make_day(4, 0.5)], 862)
    steps = [(line.x1, line.x2) for line in chart.lines if line.role == "availability" and line.x1 != line.x2]
    assert steps == [(62, 262), (462, 662), (662, 862)]


@pytest.mark.parametrize(("worst", "floor"), [(1.0, "99.9 %"), (0.9995, "99.9 %"), (0.999, "99.5 %"), (0.4, "0 %")])
def test_the_scale_of_availability_begins_just_beneath_the_worst_and_says_so(worst: float, floor: str) -> None:
    chart = draw_availability([make_day(1, worst), make_day(2, 1.0)], 900)
    assert f"The scale begins at {floor}." in chart.caption.replace("\N{NO-BREAK SPACE}", " ")


def test_the_bar_of_time_is_to_scale_and_shows_even_a_second() -> None:
    network = make_measures(up=600_000, down=1, unknown=0, unobserved=400_000, sent=0, received=0)
    chart = draw_time(network, 1_000)
    assert [(rect.role, round(rect.width)) for rect in chart.rects[:3]] == [
        ("up", 599),
        ("down", 2),
        ("unobserved", 399),
    ]


def test_nothing_in_particular_is_drawn_for_no_time_at_all() -> None:
    network = make_measures(up=0, down=0, unknown=0, unobserved=0, sent=0, received=0)
    assert [rect for rect in draw_time(network, 900).rects if rect.width != 11] == []


def test_bars_of_devices_are_as_long_as_their_bytes_are_many() -> None:
    devices = [
        make_device_figures(1, "a", uploaded_bytes=500, downloaded_bytes=500),
        make_device_figures(2, "b", uploaded_bytes=250, downloaded_bytes=0),
    ]
    assert [rect.width for rect in areas(draw_busiest(devices, 900), "upload")] == [450, 225]


@pytest.mark.parametrize("width", WIDTHS)
def test_everything_lies_within_the_chart(width: float) -> None:
    figures = make_figures()
    figures["devices"][0]["host_name"] = "W" * 300
    charts = [
        draw_time(figures["network"], width),
        draw_traffic(figures["days"], width),
        draw_availability(figures["days"], width),
        draw_busiest(figures["devices"], width),
    ]
    edges = [
        (x, y, chart)
        for chart in charts
        for x, y in [
            *((rect.x + rect.width, rect.y + rect.height) for rect in chart.rects),
            *((line.x2, max(line.y1, line.y2)) for line in chart.lines),
            *((text.x, text.y) for text in chart.texts),
        ]
    ]
    assert all(0 <= x <= chart.width + 0.51 and 0 <= y <= chart.height for x, y, chart in edges)


@pytest.mark.parametrize(("least", "step"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (7, 10), (10, 10), (2.1e11, 5e11)])
def test_steps_are_one_two_or_five_with_zeros(least: float, step: float) -> None:
    assert nice_step(least) == step
