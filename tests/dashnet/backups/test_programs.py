"""Which of Postgres' client programs are taken, and how they reach the database."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dashnet.backups import programs
from dashnet.backups.programs import Programs, check_can_load, environment_for, find_programs
from dashnet.errors import BackupError

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a folder with stand-ins of a version; only such folders are looked into, in this order."""
    folders: list[Path] = []

    def install(version: str, names: Sequence[str] = ("pg_dump", "pg_restore", "psql")) -> Path:
        folder = tmp_path / version
        folder.mkdir()
        folders.append(folder)
        for name in names:
            (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            (folder / name).chmod(0o755)
        return folder

    monkeypatch.setattr(programs, "client_folders", lambda: iter(folders))
    return install


def test_the_wheel_brings_programs_that_fit_the_embedded_server() -> None:
    assert find_programs(18).major == 18


def test_those_of_the_servers_own_version_come_first(install: Install) -> None:
    install("18.4")
    install("15.3")
    fitting = install("16.2")
    assert find_programs(16) == Programs(fitting, 16)


def test_newer_ones_will_do(install: Install) -> None:
    newer = install("18.4")
    assert find_programs(16) == Programs(newer, 18)


def test_older_ones_are_refused_with_what_to_install(install: Install) -> None:
    folder = install("15.3")
    with pytest.raises(BackupError, match=rf"18 or newer are needed \(found: 15 in {folder}\).*Install"):
        find_programs(18)


def test_a_folder_without_all_of_them_is_passed_over(install: Install) -> None:
    install("18.4", ["pg_dump"])
    with pytest.raises(BackupError, match=r"\(found: none\)"):
        find_programs(18)


def test_a_server_that_is_too_old_for_what_would_be_loaded_is_refused(install: Install) -> None:
    with pytest.raises(BackupError, match=r"Postgres 16 runs, which cannot load what pg_restore 18 writes"):
        check_can_load(Programs(install("18.4"), 18), 16)


def test_the_address_reaches_libpq_without_a_password_among_the_arguments() -> None:
    environment = environment_for("postgresql+asyncpg://dash:s%40cret@db.example:6432/net?ssl=require", "dashnet-test")
    wanted = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSSLMODE", "PGAPPNAME")
    assert [environment[name] for name in wanted] == [
        *("db.example", "6432", "dash", "s@cret", "net", "require", "dashnet-test")
    ]


def test_an_address_of_a_unix_socket_reaches_libpq() -> None:
    environment = environment_for("postgresql+asyncpg://dashnet@/dashnet?host=/run/a%20b", "dashnet-test")
    assert (environment["PGHOST"], environment["PGDATABASE"]) == ("/run/a b", "dashnet")
