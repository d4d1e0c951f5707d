"""One supervisor per state folder."""

import os
from pathlib import Path

import pytest

from dashnet.embedded.lock import hold_lock, lock_holder
from dashnet.errors import StackError


def test_holder_is_known_by_its_process_id(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock"):
        assert lock_holder(tmp_path / "lock") == os.getpid()


def test_second_holder_is_refused_with_the_process_id_and_what_to_do(tmp_path: Path) -> None:
    second = hold_lock(tmp_path / "lock")
    with (
        hold_lock(tmp_path / "lock"),
        pytest.raises(StackError, match=rf"already runs \(process {os.getpid()}\).*make down"),
    ):
        second.__enter__()


def test_lock_is_free_after_its_block_although_the_file_stays(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock"):
        pass
    assert lock_holder(tmp_path / "lock") is None


def test_lock_that_was_never_held_has_no_holder(tmp_path: Path) -> None:
    assert lock_holder(tmp_path / "lock") is None
