"""The places inside a state folder."""

import os
import stat
from pathlib import Path

import pytest

from dashnet.embedded.folders import create_folders
from dashnet.embedded.stack import claim_folders
from dashnet.errors import StackError


def test_path_too_long_for_a_unix_socket_is_refused_with_what_to_do(open_folder: Path) -> None:
    with pytest.raises(StackError, match=r"too long.*Move the checkout"):
        create_folders(open_folder / ("x" * 100))


def test_path_that_fits_exactly_is_taken(open_folder: Path) -> None:
    rest = 107 - len(str(open_folder.resolve()) + "/" + "/run/.s.PGSQL.5432")
    assert create_folders(open_folder / ("x" * (rest - 4))).root.exists()


@pytest.mark.parametrize("name", ["a,b", "$HOME", 'a"b', "a`b", "a\\b", "a\nb"])
def test_path_that_initdb_or_addresses_cannot_take_is_refused(open_folder: Path, name: str) -> None:
    with pytest.raises(StackError, match="Move the checkout"):
        create_folders(open_folder / name)


def test_folder_that_cannot_be_made_is_a_clear_error(open_folder: Path) -> None:
    (open_folder / "file").touch()
    with pytest.raises(StackError, match="cannot be made: Not a directory"):
        create_folders(open_folder / "file" / "state")


def test_folder_of_another_user_is_refused_with_what_to_do(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create_folders(state_folder)
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(StackError, match=r"belongs to another user.*sudo chown"):
        create_folders(state_folder)


def test_sockets_are_closed_to_others(state_folder: Path) -> None:
    assert stat.S_IMODE(create_folders(state_folder).run.stat().st_mode) == 0o700


def test_metrics_of_an_earlier_start_are_gone(state_folder: Path) -> None:
    (create_folders(state_folder).metrics / "counter_4711.db").write_bytes(b"old")
    with claim_folders(state_folder) as folders:
        assert list(folders.metrics.iterdir()) == []
