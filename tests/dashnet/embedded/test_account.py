"""As whom Postgres runs."""

import os
import pwd
from pathlib import Path

import pytest

from dashnet.embedded import account
from dashnet.embedded.folders import create_folders
from dashnet.embedded.launch import Account
from dashnet.errors import StackError

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the account")


def test_ordinary_user_stays_the_same(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = create_folders(state_folder)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert account.choose_account(folders, folders.root) is None


@needs_root
def test_root_becomes_nobody_without_any_capability_where_folders_are_open(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    nobody = pwd.getpwnam("nobody")
    assert account.choose_account(folders, folders.root) == Account(nobody.pw_uid, nobody.pw_gid)


@needs_root
def test_closed_folder_above_is_passed_by_a_capability(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    state_folder.parent.chmod(0o700)
    chosen = account.choose_account(folders, folders.root)
    assert chosen is not None
    assert chosen.keep_override


@needs_root
def test_owner_of_the_data_goes_on_owning_them(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    folders.postgres.mkdir()
    os.chown(folders.postgres, 12345, 12346)
    assert account.choose_account(folders, folders.root) == Account(12345, 12346)


@needs_root
def test_root_that_may_not_change_the_user_is_told_so(state_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = create_folders(state_folder)
    monkeypatch.setattr(account, "_effective_capabilities", lambda: 0)
    with pytest.raises(StackError, match=r"CAP_SETUID.*ordinary user"):
        account.choose_account(folders, folders.root)


@needs_root
def test_root_that_may_not_pass_the_closed_folder_is_told_which(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = create_folders(state_folder)
    state_folder.parent.chmod(0o700)
    monkeypatch.setattr(account, "_effective_capabilities", lambda: 0b011100001)
    with pytest.raises(StackError, match=rf"{state_folder.parent} is closed.*CAP_DAC_OVERRIDE.*move the checkout"):
        account.choose_account(folders, folders.root)
