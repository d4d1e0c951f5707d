"""What a killed supervisor left running."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashnet.embedded.folders import create_folders
from dashnet.embedded.leftovers import forget_dead_postmaster, remember_pid, stop_leftovers


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that sleeps."""
    with subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(60)"]) as sleeping:
        yield sleeping
        sleeping.kill()


def test_leftover_is_stopped(state_folder: Path, process: "subprocess.Popen[bytes]") -> None:
    folders = create_folders(state_folder)
    remember_pid(folders, "app", process.pid)
    assert stop_leftovers(folders) == ["app"]
    assert process.wait(5) == -15


def test_stranger_with_the_same_id_is_left_alone(state_folder: Path, process: "subprocess.Popen[bytes]") -> None:
    folders = create_folders(state_folder)
    (folders.pids / "app").write_text(f"{process.pid} 1000.0\n")
    assert stop_leftovers(folders) == []
    assert process.poll() is None


@pytest.mark.parametrize("text", ["", "no number", "1"])
def test_damaged_note_is_forgotten(state_folder: Path, text: str) -> None:
    folders = create_folders(state_folder)
    (folders.pids / "app").write_text(text)
    assert stop_leftovers(folders) == []
    assert list(folders.pids.iterdir()) == []


def test_postmaster_file_with_the_id_of_a_stranger_is_removed(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = create_folders(state_folder)
    folders.postgres.mkdir()
    (folders.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
    monkeypatch.setattr("dashnet.embedded.leftovers._any_postgres_of", lambda _: False)
    assert forget_dead_postmaster(folders)
    assert not (folders.postgres / "postmaster.pid").exists()


def test_postmaster_file_stays_while_any_postgres_of_the_owner_runs(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = create_folders(state_folder)
    folders.postgres.mkdir()
    (folders.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n/somewhere\n")
    monkeypatch.setattr("dashnet.embedded.leftovers._any_postgres_of", lambda _: True)
    assert not forget_dead_postmaster(folders)
