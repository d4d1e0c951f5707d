"""`dashnet up` and `dashnet down`."""

import os
from pathlib import Path

import pytest

from dashnet.embedded.commands import down, up
from dashnet.errors import StackError
from tests.dashnet.embedded.stand_ins import DEADLINE_SECONDS, running_stack


def test_down_stops_a_running_stack_and_says_so(state_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_stack(state_folder) as stack:
        down(state_folder)
        assert stack.wait(DEADLINE_SECONDS) == 0
    assert f"(process {stack.pid}) is stopped" in capsys.readouterr().out


def test_down_with_nothing_running_says_so(state_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    down(state_folder)
    assert capsys.readouterr().out == "No embedded stack runs here.\n"


def test_down_makes_no_folder(state_folder: Path) -> None:
    down(state_folder)
    assert not state_folder.exists()


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves pytest's own log handlers alone."""
    monkeypatch.setattr("dashnet.logs.configure_logging", lambda _: None)


@pytest.mark.usefixtures("quiet")
def test_up_refuses_a_path_that_is_too_long(open_folder: Path) -> None:
    with pytest.raises(StackError, match="too long"):
        up(open_folder / ("x" * 100))


@pytest.mark.usefixtures("quiet")
def test_up_names_a_setting_that_is_wrong_without_its_value(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHNET_APP_PORT", "secret")
    with pytest.raises(StackError, match=r"APP_PORT: Input should be a valid integer") as caught:
        up(state_folder)
    assert "secret" not in caught.value.detail


@pytest.mark.usefixtures("quiet")
def test_terminal_that_was_closed_does_not_end_the_stack(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(line: str) -> None:
        raise BrokenPipeError(line)

    monkeypatch.setattr("typer.echo", refuse)
    monkeypatch.setattr("dashnet.embedded.stack.run_stack", lambda _, say: say("said to nobody"))
    up(state_folder)


def test_system_without_unix_sockets_is_told_what_to_use(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(StackError, match="make up-compose"):
        up(state_folder)
