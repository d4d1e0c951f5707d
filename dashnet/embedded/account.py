"""Decides as whom Postgres runs: it refuses root, so root hands it to `nobody` without touching the system."""

import os
import pwd
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from dashnet.embedded.folders import StateFolders
from dashnet.embedded.launch import CAP_DAC_OVERRIDE, Account
from dashnet.errors import StackError

_CAPABILITIES = {"CHOWN": 0, "KILL": 5, "SETGID": 6, "SETUID": 7}
_CAPABILITIES_TO_PASS = {"DAC_OVERRIDE": CAP_DAC_OVERRIDE, "SETPCAP": 8}
_WHAT_TO_DO = "Run the stack as an ordinary user, or move the checkout to a folder that every user may enter."


def choose_account(folders: StateFolders, programs: Path) -> Account | None:
    """The account for Postgres: None for an ordinary user; for root the owner of the data, or `nobody`.

    Where a folder above the state or the programs is closed to that account (a checkout below /root), the account
    keeps the one capability that passes it; no folder's mode is ever changed.

    Raises:
        StackError: this root may not change the account, or not pass the closed folder.
    """
    if os.geteuid() != 0:
        return None
    user_id, group_id = _postgres_owner(folders)
    closed = _first_closed((folders.root, programs), user_id, group_id)
    if sys.platform == "linux":
        _check_capabilities(closed)
    elif closed is not None:
        raise StackError(f"Postgres does not run as root, and {closed} is closed to other users. {_WHAT_TO_DO}")
    return Account(user_id, group_id, keep_override=closed is not None)


def give_folder(folder: Path, account: Account | None) -> None:
    """Let the account own a folder of ours (not what is below it), closed to all others.

    Raises:
        StackError: the system refused.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if account is not None:
            os.chown(folder, account.user_id, account.group_id)
        folder.chmod(0o700)
    except OSError as error:
        raise StackError(
            f"{folder} cannot be given to the account of Postgres: {error.strerror}. {_WHAT_TO_DO}"
        ) from error


def _postgres_owner(folders: StateFolders) -> tuple[int, int]:
    """Whoever owns the data already goes on owning them, so that a start by sudo does no harm."""
    if folders.postgres.exists():
        owner = folders.postgres.stat()
        if owner.st_uid != 0:
            return owner.st_uid, owner.st_gid
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise StackError(f"Postgres does not run as root, and there is no user `nobody`. {_WHAT_TO_DO}") from error
    return entry.pw_uid, entry.pw_gid


def _first_closed(paths: Iterable[Path], user_id: int, group_id: int) -> Path | None:
    """The first folder at or above one of the paths which the account may not pass."""
    for path in paths:
        for folder in (*reversed(path.parents), path):
            if not _may_pass(folder.stat(), user_id, group_id):
                return folder
    return None


def _may_pass(folder: os.stat_result, user_id: int, group_id: int) -> bool:
    if folder.st_uid == user_id:
        return bool(folder.st_mode & stat.S_IXUSR)
    if folder.st_gid == group_id:
        return bool(folder.st_mode & stat.S_IXGRP)
    return bool(folder.st_mode & stat.S_IXOTH)


def _check_capabilities(closed: Path | None) -> None:
    held = _effective_capabilities()
    missing = [name for name, number in _CAPABILITIES.items() if not held & 1 << number]
    if missing:
        raise StackError(
            f"Postgres does not run as root, and this root may not change the user "
            f"(missing: CAP_{', CAP_'.join(missing)}). Run the stack as an ordinary user."
        )
    missing = [name for name, number in _CAPABILITIES_TO_PASS.items() if not held & 1 << number]
    if closed is not None and missing:
        raise StackError(
            f"Postgres does not run as root, and {closed} is closed to other users "
            f"(missing: CAP_{', CAP_'.join(missing)}). {_WHAT_TO_DO}"
        )


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0
