import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from dashnet.panel_table import Link, Screen, draw, to_plain_lines
from dashnet.panel_view import PanelView
from tests.dashnet.test_panel_view import EARLIER, make_device, make_view

NOW = datetime.fromisoformat(EARLIER) + timedelta(seconds=42)
LINK = Link("http://127.0.0.1:5001")


def render(view: PanelView, *, width: int = 100, height: int = 30, link: Link = LINK, now: datetime = NOW) -> list[str]:
    """The lines on a screen of this size, as a terminal would show them."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(draw(view, link, now, Screen(width, height)))
    return capture.get().splitlines()


def line_of(lines: Sequence[str], word: str) -> str:
    return next(line for line in lines if word in line)


def test_a_device_is_a_line_with_name_type_state_speeds_and_age() -> None:
    line = line_of(render(make_view(make_device(1, "up", 4.25, host_name="nas"))), "nas")
    assert line.split() == ["nas", "Laptop", "up", "4.25", "0.00", "42", "s"]


@pytest.mark.parametrize("state", ["up", "down", "unknown"])
def test_the_state_is_a_word_and_not_a_colour_alone(state: str) -> None:
    assert f" {state} " in line_of(render(make_view(make_device(1, state, host_name="nas"))), "nas")


def test_markup_in_a_name_is_shown_as_it_is() -> None:
    view = make_view(make_device(1, host_name="[red]nas[/red]", device_type="[/nonsense]"))
    assert line_of(render(view), "nas").split()[:2] == ["[red]nas[/red]", "[/nonsense]"]


def test_the_head_counts_devices_and_adds_up_traffic() -> None:
    lines = render(make_view(make_device(1, "up", 4), make_device(2, "up", 6), make_device(3, "down")))
    assert "2 up, 1 down, 0 unknown of 3" in lines[1]
    assert "10.0 Mbit/s up, 0.0 down" in lines[1]
    assert "newest snapshot 42 s old" in lines[1]


def test_the_head_says_that_it_is_connected() -> None:
    assert render(make_view())[0].split() == ["dashNET", "http://127.0.0.1:5001", "connected"]


def test_the_head_says_what_is_wrong_with_the_link() -> None:
    link = Link("http://127.0.0.1:5001", "link lost, trying again in 3 s")
    assert "link lost, trying again in 3 s" in render(make_view(), link=link)[0]


def test_an_empty_inventory_is_told_in_words() -> None:
    assert "There are no such devices yet." in render(make_view())


def test_before_the_first_state_it_says_so() -> None:
    assert "waiting for the first state" in render(PanelView())


@pytest.mark.parametrize("height", [6, 10, 40])
def test_it_fits_the_screen_whatever_the_number_of_devices(height: int) -> None:
    view = make_view(*(make_device(number) for number in range(500)))
    assert len(render(view, height=height)) == height


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_screen_and_none_is_wrapped(width: int) -> None:
    view = make_view(make_device(1, host_name="x" * 255, device_type="y z" * 80), make_device(2))
    lines = render(view, width=width)
    assert max(map(len, lines)) <= width
    assert len(lines) == 6


@pytest.mark.parametrize("width", [40, 60, 80])
def test_long_names_give_way_to_numbers(width: int) -> None:
    view = make_view(make_device(1, "up", 1234.5, host_name="x" * 255))
    assert render(view, width=width)[-1].split()[-5:] == ["up", "1,234.50", "0.00", "42", "s"]


def test_a_line_says_how_many_more_there_are() -> None:
    view = make_view(*(make_device(number) for number in range(2000)))
    assert render(view, height=15)[-1] == "and 1,990 more"


def test_one_more_device_is_shown_instead_of_a_line_about_it() -> None:
    view = make_view(*(make_device(number, host_name=f"host-{number}") for number in range(11)))
    lines = render(view, height=15)
    assert (len(lines), lines[-1].split()[0]) == (15, "host-9")


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(-30, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (259_200, "3 d")],
)
def test_an_age_is_told_in_the_largest_unit_that_still_tells_something(seconds: int, age: str) -> None:
    lines = render(make_view(make_device(1)), now=datetime.fromisoformat(EARLIER) + timedelta(seconds=seconds))
    assert lines[-1].endswith(f" {age}")


def test_a_device_without_a_snapshot_shows_dashes() -> None:
    line = line_of(render(make_view(make_device(1, "unknown", snap_shot=None, host_name="nas"))), "nas")
    assert line.split() == ["nas", "Laptop", "unknown", "–", "–", "–"]


def test_plain_lines_hold_every_device_uncut_and_no_control_codes() -> None:
    view = make_view(*(make_device(number, host_name="x" * 255) for number in range(200)))
    lines = list(to_plain_lines(view, LINK, NOW))
    assert sum("x" * 255 in line for line in lines) == 200
    assert all(line.isprintable() for line in lines)


def test_plain_columns_stand_below_their_titles_also_beside_wide_characters() -> None:
    view = make_view(make_device(1, "down", host_name="東京"), make_device(2, "up", host_name="d2"))
    titles, wide, narrow = list(to_plain_lines(view, LINK, datetime.now(UTC)))[2:]
    assert narrow.index("Laptop") == titles.index("type")
    assert wide.index("Laptop") == titles.index("type") - 2
