"""How `dashnet watch` shows a panel view: as a table that fits the screen, or as plain lines for a pipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dashnet.panel_view import DeviceRow, PanelView, Traffic
from dashnet.reading import State

_STYLES = {State.UP: "green", State.DOWN: "bold red", State.UNKNOWN: "yellow"}
_TITLES = ("host name", "type", "state", "up Mbit/s", "down Mbit/s", "age")
_RIGHT = frozenset(_TITLES[3:])
# The two lines of the head, an empty one, the titles, and the line that says how many more there are.
_OTHER_LINES = 5
_NARROW = 60
_NARROW_TITLES = {"host name": "name", "up Mbit/s": "up", "down Mbit/s": "down"}


@dataclass(frozen=True, slots=True)
class Link:
    """The connection: `address` of the app service, and the `fault` in words while there is none."""

    address: str
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Screen:
    """How much room there is, in characters; no `height` means as many lines as there are devices."""

    width: int
    height: int | None = None


def draw(view: PanelView, link: Link, now: datetime, screen: Screen) -> RenderableType:
    """Everything that is on the screen."""
    rows = view.worst_first()
    shown = len(rows) if screen.height is None else max(1, screen.height - _OTHER_LINES)
    shown += shown == len(rows) - 1  # One more device takes no more room than the line about it.
    parts: list[RenderableType] = [*_head(view, link, now), Text()]
    if rows:
        parts.append(_to_table(rows[:shown], now, is_narrow=screen.width < _NARROW))
    elif view.has_state:
        parts.append(Text("There are no such devices yet.", style="dim"))
    if len(rows) > shown:
        parts.append(Text(f"and {len(rows) - shown:,} more", style="dim"))
    return Group(*parts)


def to_plain_lines(view: PanelView, link: Link, now: datetime) -> Iterator[str]:
    """The head and every device as lines without colour or cut, in columns."""
    for line in _head(view, link, now):
        yield line.plain
    cells = [_TITLES, *(_to_cells(row, now) for row in view.worst_first())]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(map(_pad, _TITLES, row, widths)).rstrip()


def _pad(title: str, cell: str, width: int) -> str:
    padding = " " * (width - cell_len(cell))
    return padding + cell if title in _RIGHT else cell + padding


def _head(view: PanelView, link: Link, now: datetime) -> Sequence[Text]:
    connection = ("connected", "green") if link.fault is None else (link.fault, "bold red")
    first = Text.assemble(
        ("dashNET", "bold magenta"), f" {link.address}  ", connection, no_wrap=True, overflow="ellipsis"
    )
    if not view.has_state:
        return [first, Text("waiting for the first state", style="dim")]
    newest = f"newest snapshot {_age(view.newest_at, now)} old" if view.newest_at else "no snapshot yet"
    totals = view.totals()
    count = f"{totals.up:,} up, {totals.down:,} down, {totals.unknown:,} unknown of {totals.devices:,}"
    traffic = [_tell_traffic(one, is_alone=len(totals.traffic) == 1) for one in totals.traffic]
    return [first, Text(" · ".join([count, newest, *traffic]), no_wrap=True, overflow="ellipsis")]


def _tell_traffic(one: Traffic, *, is_alone: bool) -> str:
    told = f"{_total(one.upload_speed)} Mbit/s up, {_total(one.download_speed)} down"
    return told if is_alone else f"{one.kind} {told}"


def _to_table(rows: Sequence[DeviceRow], now: datetime, *, is_narrow: bool) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=is_narrow, header_style="bold")
    shown = [title for title in _TITLES if not (is_narrow and title == "type")]
    for title in shown:
        header = Text(_NARROW_TITLES.get(title, title) if is_narrow else title, no_wrap=True, overflow="ellipsis")
        # Where room is short, names give way and numbers do not.
        gives_way = title in ("host name", "type")
        table.add_column(header, justify="right" if title in _RIGHT else "left", no_wrap=not gives_way)
    for row in rows:
        cells = dict(zip(_TITLES, _to_cells(row, now), strict=True))
        # Text, not str: in a str rich would follow the markup of a device's name.
        texts = {title: Text(cell, no_wrap=True, overflow="ellipsis") for title, cell in cells.items()}
        texts["state"].stylize(_STYLES[row.state])
        table.add_row(*(texts[title] for title in shown))
    return table


def _to_cells(row: DeviceRow, now: datetime) -> tuple[str, ...]:
    speeds = (_speed(row.upload_speed), _speed(row.download_speed))
    return (row.host_name, row.device_type, row.state.value, *speeds, _age(row.snap_shot_at, now))


def _speed(speed: float | None) -> str:
    return "–" if speed is None else f"{speed:,.2f}"


def _total(speed: float | None) -> str:
    return "–" if speed is None else f"{speed:,.1f}"


def _age(moment: datetime | None, now: datetime) -> str:
    """In the largest unit that still tells something; a clock that is behind ours makes no negative age."""
    if moment is None:
        return "–"
    seconds = max(0, (now - moment) // timedelta(seconds=1))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
