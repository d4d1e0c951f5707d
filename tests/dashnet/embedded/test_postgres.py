"""The stack's own Postgres, run for real."""

import asyncio
import os
import signal
from pathlib import Path

import asyncpg
import pytest

from dashnet.embedded.binaries import find_postgres
from dashnet.embedded.folders import create_folders
from dashnet.embedded.postgres import postgres_url, prepare_postgres
from dashnet.embedded.servers import embedded_servers
from dashnet.errors import StackError
from tests.dashnet.embedded.stand_ins import DEADLINE_SECONDS, eventually, running_pids

pytestmark = pytest.mark.anyio
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has the trouble this is about")


async def _connect(state_folder: Path) -> asyncpg.Connection:
    return await asyncpg.connect(host=str(state_folder / "run"), user="dashnet", database="dashnet", timeout=5)


async def _fetch_numbers(state_folder: Path) -> list[int]:
    """All numbers, as soon as Postgres takes connections."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                connection = await _connect(state_folder)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)
                continue
            rows = await connection.fetch("SELECT number FROM kept ORDER BY number")
            await connection.close()
            return [row["number"] for row in rows]


async def _write_numbers(state_folder: Path, acknowledged: list[int]) -> None:
    """One commit after the other until the connection breaks."""
    connection = await _connect(state_folder)
    await connection.execute("CREATE TABLE kept (number int)")
    try:
        while True:
            await connection.execute("INSERT INTO kept VALUES ($1)", len(acknowledged))
            acknowledged.append(len(acknowledged))
    finally:
        connection.terminate()


async def _store_one(state_folder: Path) -> None:
    connection = await _connect(state_folder)
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    await connection.close()


def _look_outside(state_folder: Path) -> list[object]:
    watched = [Path("/etc/passwd"), Path("/etc/group"), find_postgres().folder, *state_folder.parents]
    modes = [(path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in watched]
    return [*modes, Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()]


async def test_data_survive_a_restart(state_folder: Path) -> None:
    async with embedded_servers(state_folder):
        await _store_one(state_folder)
    async with embedded_servers(state_folder):
        assert await _fetch_numbers(state_folder) == [42]


async def test_committed_rows_survive_kill_9_of_the_postmaster_which_comes_back_by_itself(state_folder: Path) -> None:
    acknowledged: list[int] = []
    async with embedded_servers(state_folder):
        writing = asyncio.create_task(_write_numbers(state_folder, acknowledged))
        await eventually(lambda: len(acknowledged) >= 50)
        os.kill(running_pids(state_folder)["postgres"], signal.SIGKILL)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
            await writing
        kept = await _fetch_numbers(state_folder)
        assert kept[: len(acknowledged)] == acknowledged


async def test_initdb_that_was_killed_is_done_anew(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    (folders.root / "postgres.unfinished" / "base").mkdir(parents=True)
    async with embedded_servers(state_folder):
        await _store_one(state_folder)
    assert not (folders.root / "postgres.unfinished").exists()


async def test_postmaster_file_of_a_reused_process_id_does_not_stop_the_start(state_folder: Path) -> None:
    async with embedded_servers(state_folder):
        await _store_one(state_folder)
    (state_folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{state_folder / 'postgres'}\n")
    async with embedded_servers(state_folder):
        assert await _fetch_numbers(state_folder) == [42]


async def test_data_of_another_major_version_are_refused(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    folders.postgres.mkdir()
    (folders.postgres / "PG_VERSION").write_text("16\n")
    with pytest.raises(StackError, match=rf"made by Postgres 16, and Postgres {find_postgres().major}.*dashnet backup"):
        prepare_postgres(folders)


async def test_two_state_folders_run_side_by_side(open_folder: Path) -> None:
    async with embedded_servers(open_folder / "a"), embedded_servers(open_folder / "b"):
        await _store_one(open_folder / "a")
        await _store_one(open_folder / "b")
        assert await _fetch_numbers(open_folder / "a") == [42]


@needs_root
async def test_folder_below_one_that_only_root_may_enter_works(state_folder: Path) -> None:
    state_folder.parent.chmod(0o700)
    async with embedded_servers(state_folder):
        await _store_one(state_folder)
    assert state_folder.parent.stat().st_mode & 0o777 == 0o700


@needs_root
async def test_nothing_outside_the_folder_changes(state_folder: Path) -> None:
    before = _look_outside(state_folder)
    async with embedded_servers(state_folder):
        await _store_one(state_folder)
    assert _look_outside(state_folder) == before
    assert list(state_folder.parent.iterdir()) == [state_folder]


async def test_address_holds_any_path(open_folder: Path) -> None:
    folders = create_folders(open_folder / "it's here")
    assert postgres_url(folders).endswith("/it%27s%20here/run")
