"""Postgres' own pg_dump, pg_restore and psql: where they are, and how they reach our database."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from dashnet.embedded.binaries import client_folders, read_version
from dashnet.errors import BackupError

NAMES = ("pg_dump", "pg_restore", "psql")
# From this version on they begin with a setting that older servers do not know.
_SET_TRANSACTION_TIMEOUT_MAJOR = 17


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder with all three, and their major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        """One of them."""
        return str(self.folder / name)


def find_programs(server_major: int) -> Programs:
    """Those that fit the server best: of its own version, else of the next newer one.

    Raises:
        BackupError: there are none, or only older ones; says what to install.
    """
    found = [programs for folder in dict.fromkeys(client_folders()) if (programs := look_into(folder))]
    usable = [programs for programs in found if programs.major >= server_major]
    if not usable:
        there = ", ".join(f"{programs.major} in {programs.folder}" for programs in found) or "none"
        raise BackupError(
            f"Postgres {server_major} runs, and pg_dump, pg_restore and psql {server_major} or newer are needed "
            f"(found: {there}). {_hint(server_major)}"
        )
    return min(usable, key=lambda programs: programs.major)


def check_can_load(programs: Programs, server_major: int) -> None:
    """Make sure that what pg_restore writes is understood by the server.

    Raises:
        BackupError: it is too new for so old a server; says what to install.
    """
    if programs.major >= _SET_TRANSACTION_TIMEOUT_MAJOR > server_major:
        raise BackupError(
            f"Postgres {server_major} runs, which cannot load what pg_restore {programs.major} writes; nothing was "
            f"changed. {_hint(server_major)}"
        )


def look_into(folder: Path) -> Programs | None:
    """The programs of a folder; None unless all are there and run on this platform."""
    version = read_version(folder / "pg_dump") if all((folder / name).exists() for name in NAMES) else None
    return Programs(folder, version[0]) if version else None


def _hint(major: int) -> str:
    if sys.platform == "darwin":
        return f"Install them: brew install postgresql@{major}, and put its bin folder on PATH"
    return (
        f"Install them: Debian, Ubuntu: apt-get install postgresql-client-{major} (older releases: from "
        f"apt.postgresql.org). Fedora: dnf install postgresql. Alpine: apk add postgresql{major}-client"
    )


def environment_for(database_url: str, process_name: str) -> dict[str, str]:
    """The environment in which libpq's programs reach the database; no password is seen among their arguments."""
    url = make_url(database_url)
    query = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    values = {
        "PGHOST": query.get("host", url.host),
        "PGPORT": query.get("port", str(url.port) if url.port else None),
        "PGUSER": query.get("user", url.username),
        "PGPASSWORD": query.get("password", url.password),
        "PGDATABASE": query.get("database", url.database),
        "PGSSLMODE": query.get("ssl"),
        "PGAPPNAME": process_name,
        "PGCLIENTENCODING": "UTF8",
        "PGCONNECT_TIMEOUT": "10",
    }
    return {**os.environ, **{name: value for name, value in values.items() if value}}
