"""One supervisor per state folder, held by a file lock that ends with its process, however it ends."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashnet.errors import StackError

# Longer than a look of `lock_holder`, which holds the lock for an instant.
_PATIENCE_SECONDS = 0.5


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock, with our process id in it, until the block ends.

    Raises:
        StackError: another supervisor holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _try_lock(descriptor):
            if time.monotonic() > deadline:
                raise StackError(
                    f"The stack of {path.parent} already runs (process {_read_pid(path)}). `make down` stops it."
                )
            time.sleep(0.02)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def lock_holder(path: Path) -> int | None:
    """The process id of the supervisor that runs, None where none does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _try_lock(descriptor) else _read_pid(path)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(path: Path) -> int | None:
    """The holder writes its id right after it took the lock, so an empty file is an instant old."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        text = path.read_text().strip()
        if text.isdigit():
            return int(text)
        time.sleep(0.02)
    return None
