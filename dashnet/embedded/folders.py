"""Where the embedded stack keeps what it has, all under one state folder."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from dashnet.errors import StackError

# A unix socket's address holds this many bytes before its closing zero: 108 on Linux, 104 on macOS and the BSDs.
_SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
# initdb hands its own path to a shell between double quotes; a comma separates hosts in a database address.
_FORBIDDEN_PRINTABLE = ',$`"\\'
_FORBIDDEN = frozenset(_FORBIDDEN_PRINTABLE + "\r\n")


@dataclass(frozen=True, slots=True)
class StateFolders:
    """The places inside one state folder; nothing outside of it is ever written."""

    root: Path

    @property
    def postgres(self) -> Path:
        """Postgres' data."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' append-only file."""
        return self.root / "redis"

    @property
    def run(self) -> Path:
        """The unix sockets; only the account that runs Postgres (and root) may enter."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One log per process."""
        return self.root / "logs"

    @property
    def pids(self) -> Path:
        """Which processes we started, for a start after a crash."""
        return self.root / "pids"

    @property
    def bin(self) -> Path:
        """Copies of Postgres' binaries, used only when the stack is started as root."""
        return self.root / "bin"

    @property
    def metrics(self) -> Path:
        """What the processes of one service count, for whichever of them is asked; begins empty at each start."""
        return self.root / "metrics"

    @property
    def secret_key(self) -> Path:
        """The key that the secrets in Postgres are encrypted with; made once, then only read."""
        return self.root / "secret.key"

    @property
    def lock(self) -> Path:
        """Held by the one supervisor of this folder; holds its process id."""
        return self.root / "supervisor.lock"

    @property
    def stack_env(self) -> Path:
        """The addresses of the running stack, read by every Dashnet process beside it."""
        return self.root / "stack.env"

    @property
    def postgres_socket(self) -> Path:
        """The name is fixed by Postgres and its clients."""
        return self.run / ".s.PGSQL.5432"

    @property
    def redis_socket(self) -> Path:
        """Redis listens only here."""
        return self.run / "redis.sock"


def create_folders(state_folder: Path) -> StateFolders:
    """Make the folders that are missing, closed to others.

    Raises:
        StackError: the path cannot hold a unix socket, or the folders cannot be made or belong to somebody else.
    """
    folders = StateFolders(state_folder.resolve())
    _check_path(folders)
    try:
        folders.root.mkdir(parents=True, exist_ok=True)
        _check_owner(folders)
        for folder in (folders.run, folders.redis, folders.logs, folders.pids, folders.metrics):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StackError(f"The state folder {folders.root} cannot be made: {error.strerror}.") from error
    return folders


def remove_folder(folder: Path) -> None:
    """Remove a folder and all below it; one that is not there is fine."""
    if folder.exists():
        shutil.rmtree(folder)


def empty_folder(folder: Path) -> None:
    """Remove all that is in a folder of files."""
    for path in folder.iterdir():
        path.unlink()


def _check_path(folders: StateFolders) -> None:
    longest = max(len(os.fsencode(path)) for path in (folders.postgres_socket, folders.redis_socket))
    if longest > _SOCKET_PATH_BYTES:
        raise StackError(
            f"The path {folders.root} is too long: a unix socket in it would have {longest} bytes, and the system "
            f"allows {_SOCKET_PATH_BYTES}. Move the checkout to a shorter path, such as one right below your home."
        )
    if not _FORBIDDEN.isdisjoint(str(folders.root)):
        raise StackError(
            f"The path {str(folders.root)!r} holds a line break or one of {_FORBIDDEN_PRINTABLE} which Postgres' "
            "initdb or database addresses cannot take. Move the checkout."
        )


def _check_owner(folders: StateFolders) -> None:
    if os.geteuid() == 0:
        return
    for path in (folders.root, *sorted(folders.root.iterdir())):
        if path.stat().st_uid != os.geteuid():
            raise StackError(
                f"{path} belongs to another user: the stack was started as root here before. Start it as root again, "
                f"or give the folder to yourself: sudo chown -R $(id -u):$(id -g) '{folders.root}'"
            )
