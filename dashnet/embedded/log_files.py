"""Keeps the logs of the stack's processes short, also while they are written to."""

import shutil
from contextlib import suppress
from pathlib import Path

LOG_BYTES_AT_MOST = 10_000_000


def cut_log(log: Path) -> None:
    """Copy a log that has grown too long to `.log.1`, over the one before, and empty it.

    The file itself stays, because its process holds it open and appends to it; a line written in between is lost. On a
    full disk there is no copy: room is what is needed then.
    """
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_AT_MOST:
            with suppress(OSError):
                shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate()
