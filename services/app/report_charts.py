"""The charts of a report as shapes: the same for the HTML and the PDF, at any width."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Literal

from dashnet.history.report import DayFigures, DeviceFigures, Figures
from services.app.report_shapes import (
    Chart,
    Frame,
    Line,
    Rect,
    Text,
    find_runs,
    hatch,
    lay_legend,
    measure_text,
    shorten,
)
from services.app.report_units import format_availability, format_bytes, format_day, format_share

NOBODY_LOOKED = "nobody looked"
NOT_MEASURED = "not measured"
_EDGE, _FOOT = 62, 22
_FLOORS = (0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0.0)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """The days of a chart for which there is no number, and why."""

    reason: str
    flags: tuple[bool, ...]


def draw_time(network: Figures, width: float) -> Chart:
    """One bar for all time of all devices: up, down, unknown, and the time in which nobody looked."""
    seconds = {
        "up": network["up_seconds"],
        "down": network["down_seconds"],
        "unknown": network["unknown_seconds"],
        "unobserved": network["unobserved_seconds"],
    }
    total = max(sum(seconds.values()), 1)
    words = {
        role: f"{NOBODY_LOOKED if role == 'unobserved' else role} {format_share(seconds[role] / total)}"
        for role in seconds
    }
    # What is there at all is at least two units wide.
    widths = {role: max(width * count / total, 2) if count else 0.0 for role, count in seconds.items()}
    rects, lines, left = list[Rect](), list[Line](), 0.0
    for role, taken in (
        (role, taken * width / max(sum(widths.values()), 1)) for role, taken in widths.items() if taken
    ):
        rects.append(Rect(left, 0, taken, 26, role, words[role]))
        lines.extend(hatch(rects[-1], "hatch") if role == "unobserved" else ())
        left += taken
    swatches, strokes, texts, height = lay_legend(list(words.items()), width, 36)
    return Chart(
        "The month's time, all devices together",
        f"A bar in {len(rects)} parts: {', '.join(words.values())}.",
        "",
        width,
        36 + height,
        (*rects, *swatches),
        (*lines, *strokes),
        tuple(texts),
    )


def draw_traffic(days: Sequence[DayFigures], width: float) -> Chart:
    """Two columns for each day: what was uploaded rises, what was downloaded hangs; gaps where neither is known."""
    gaps = _find_traffic_gaps(days)
    upmost = max((day["uploaded_bytes"] or 0 for day in days), default=0)
    downmost = max((day["downloaded_bytes"] or 0 for day in days), default=0)
    step = nice_step((upmost + downmost) / 4)
    above, below = max(math.ceil(upmost / step), 1), max(math.ceil(downmost / step), 1)
    rects, lines, texts, top = _legend_with_gaps([("upload", "▲ uploaded"), ("download", "▼ downloaded")], gaps, width)
    frame = Frame(_EDGE, top, width - _EDGE, 190, len(days))
    scale = frame.height / ((above + below) * step)
    zero = frame.top + above * step * scale
    for number in range(-below, above + 1):
        y = zero - number * step * scale
        lines.append(Line(frame.left, y, frame.right, y, "grid" if number else "axis"))
        texts.append(Text(frame.left - 8, y + 4, format_bytes(abs(number) * step), "label", "end"))
    for index, day in enumerate(days):
        left, bar = frame.x_of(index + 0.16), frame.column * 0.68
        up, down = (day["uploaded_bytes"] or 0) * scale, (day["downloaded_bytes"] or 0) * scale
        rects += [Rect(left, zero - up, bar, up, "upload")] if up else []
        rects += [Rect(left, zero, bar, down, "download")] if down else []
    _add_days(frame, days, gaps, [_tell_traffic(day) for day in days], (rects, lines, texts))
    caption = (
        f"Most uploaded: {_greatest(days, 'uploaded_bytes')}. "
        f"Most downloaded: {_greatest(days, 'downloaded_bytes')}. {_tell_gaps(days, gaps)}"
    )
    description = f"A pair of columns for each day. {caption}"
    height = frame.bottom + _FOOT
    return Chart("Traffic by day", description, caption, width, height, tuple(rects), tuple(lines), tuple(texts))


def draw_availability(days: Sequence[DayFigures], width: float) -> Chart:
    """A line that steps from day to day and breaks where nobody looked; its axis begins just beneath the worst."""
    ratios = [day["up_ratio"] for day in days]
    gaps = _Gaps(NOBODY_LOOKED, tuple(ratio is None for ratio in ratios))
    worst = min((ratio for ratio in ratios if ratio is not None), default=0.0)
    floor = next((floor for floor in _FLOORS if floor < worst), 0.0)
    rects, lines, texts, top = _legend_with_gaps([("up", "time up, as a share of the time watched")], gaps, width)
    frame = Frame(_EDGE, top, width - _EDGE, 130, len(days))
    for half in (0, 0.5, 1):
        y = frame.bottom - half * frame.height
        lines.append(Line(frame.left, y, frame.right, y, "grid" if half else "axis"))
        texts.append(Text(frame.left - 8, y + 4, _tell_tick(floor + half * (1 - floor)), "label", "end"))
    before: float | None = None
    for index, ratio in enumerate(ratios):
        level = None if ratio is None else frame.bottom - (ratio - floor) / (1 - floor) * frame.height
        if level is not None:
            left, right = frame.x_of(index), frame.x_of(index + 1)
            # A little over the next day's, or the page shines through between them.
            seam = 0.5 if index + 1 < len(ratios) and ratios[index + 1] is not None else 0
            rects.append(Rect(left, level, right - left + seam, frame.bottom - level, "area"))
            lines += [] if before is None else [Line(left, before, left, level, "availability")]
            lines.append(Line(left, level, right, level, "availability"))
        before = level
    _add_days(frame, days, gaps, [_tell_availability(day) for day in days], (rects, lines, texts))
    caption = f"The scale begins at {_tell_tick(floor)}. Worst: {_worst_day(days)}. {_tell_gaps(days, gaps)}"
    description = f"A line with a step for each day. {caption}"
    height = frame.bottom + _FOOT
    return Chart("Availability by day", description, caption, width, height, tuple(rects), tuple(lines), tuple(texts))


def draw_busiest(devices: Sequence[DeviceFigures], width: float) -> Chart:
    """A bar for each device, in the order given: what it uploaded, then what it downloaded."""
    totals = [(device["uploaded_bytes"] or 0) + (device["downloaded_bytes"] or 0) for device in devices]
    scale = width / max(*totals, 1)
    rects, lines, texts, top = lay_legend([("upload", "▲ uploaded"), ("download", "▼ downloaded")], width, 0)
    for number, (device, total) in enumerate(zip(devices, totals, strict=True)):
        y = top + 8 + number * 34
        told = format_bytes(total)
        room = width - measure_text(told) - 18
        texts.append(Text(0, y + 9, shorten(device["host_name"], room), "name", "start"))
        texts.append(Text(width, y + 9, told, "label", "end"))
        up, down = (device["uploaded_bytes"] or 0) * scale, (device["downloaded_bytes"] or 0) * scale
        rects += [Rect(0, y + 14, up, 10, "upload")] if up else []
        rects += [Rect(up + 1, y + 14, max(down - 1, 0.5), 10, "download")] if down else []
    description = f"{len(devices)} devices by their traffic; the table beneath holds the numbers."
    height = top + 8 + len(devices) * 34
    return Chart("The busiest devices", description, "", width, height, tuple(rects), tuple(lines), tuple(texts))


def nice_step(least: float) -> float:
    """The least of 1, 2, 5, 10, 20, ... that is not less than what is given; at least 1."""
    if least <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _legend_with_gaps(
    entries: list[tuple[str, str]], gaps: _Gaps, width: float
) -> tuple[list[Rect], list[Line], list[Text], float]:
    explained = [("unobserved", gaps.reason)] if any(gaps.flags) else []
    rects, lines, texts, height = lay_legend([*entries, *explained], width, 0)
    return rects, lines, texts, height + 8


def _add_days(
    frame: Frame,
    days: Sequence[DayFigures],
    gaps: _Gaps,
    hints: Sequence[str],
    shapes: tuple[list[Rect], list[Line], list[Text]],
) -> None:
    """The days' numbers beneath, the gaps, and over each day what pointing at it tells."""
    rects, lines, texts = shapes
    for begin, end in find_runs(gaps.flags):
        gap = Rect(frame.x_of(begin), frame.top, frame.column * (end - begin), frame.height, "unobserved")
        rects.append(gap)
        lines.extend(hatch(gap, "hatch"))
    for index, (day, hint) in enumerate(zip(days, hints, strict=True)):
        number = date.fromisoformat(day["date"]).day
        rects.append(Rect(frame.x_of(index), frame.top, frame.column, frame.height, "hit", hint))
        if frame.column >= 17 or number % 5 == 0 or number == 1:
            texts.append(Text(frame.x_of(index + 0.5), frame.bottom + 16, str(number), "label", "middle"))


def _is_measured(day: DayFigures) -> bool:
    return day["uploaded_bytes"] is not None or day["downloaded_bytes"] is not None


def _find_traffic_gaps(days: Sequence[DayFigures]) -> _Gaps:
    flags = tuple(not _is_measured(day) for day in days)
    was_watched = any(gap and day["up_ratio"] is not None for gap, day in zip(flags, days, strict=True))
    return _Gaps(NOT_MEASURED if was_watched else NOBODY_LOOKED, flags)


def _tell_traffic(day: DayFigures) -> str:
    if day["up_ratio"] is None:
        return f"{format_day(day['date'])}: {NOBODY_LOOKED}"
    if not _is_measured(day):
        return f"{format_day(day['date'])}: {NOT_MEASURED}"
    return (
        f"{format_day(day['date'])}: {format_bytes(day['uploaded_bytes'])} uploaded, "
        f"{format_bytes(day['downloaded_bytes'])} downloaded"
    )


def _tell_availability(day: DayFigures) -> str:
    told = NOBODY_LOOKED if day["up_ratio"] is None else f"{format_availability(day['up_ratio'])} up"
    return f"{format_day(day['date'])}: {told}"


def _tell_tick(ratio: float) -> str:
    return f"{ratio * 100:.6g}\N{NO-BREAK SPACE}%"


def _greatest(days: Sequence[DayFigures], field: Literal["uploaded_bytes", "downloaded_bytes"]) -> str:
    known = [(count, day) for day in days if (count := day[field]) is not None]
    if not known:
        return "not known"
    greatest, day = max(known, key=itemgetter(0))
    return f"{format_bytes(greatest)} on {format_day(day['date'])}"


def _worst_day(days: Sequence[DayFigures]) -> str:
    watched = [(day["up_ratio"], day["date"]) for day in days if day["up_ratio"] is not None]
    if not watched:
        return "not known"
    ratio, day = min(watched)
    return f"{format_availability(ratio)} on {format_day(day)}"


def _tell_gaps(days: Sequence[DayFigures], gaps: _Gaps) -> str:
    told = [format_day(day["date"]) for day, is_gap in zip(days, gaps.flags, strict=True) if is_gap]
    return f"{gaps.reason.capitalize()} on {', '.join(told)}." if told else "Every day was watched."
