"""The stack's own Postgres: its data folder, its command line, and when it is ready."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import asyncpg

from dashnet.embedded.account import choose_account, give_folder
from dashnet.embedded.binaries import PostgresBinaries, copy_postgres, find_postgres
from dashnet.embedded.child import launch_command
from dashnet.embedded.folders import StateFolders, remove_folder
from dashnet.embedded.launch import Account
from dashnet.embedded.leftovers import forget_dead_postmaster
from dashnet.embedded.specs import ProcessSpec
from dashnet.errors import StackError
from dashnet.liveness import look_at_postgres

USER = "dashnet"
DATABASE = "dashnet"
_PORT = 5432
_INITDB_TIMEOUT_SECONDS = 120
# A recovery after a crash in the middle of much writing may take its time.
_READY_TIMEOUT_SECONDS = 120
_STOP_TIMEOUT_SECONDS = 30
_CONNECT_TIMEOUT_SECONDS = 3

# Sized for a panel beside other work on the machine. What makes commits durable keeps Postgres' own defaults.
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "1s",
}

# asyncpg has no common base; InternalClientError comes when Postgres ends in the middle of an answer.
_UNREACHABLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def postgres_url(folders: StateFolders) -> str:
    """The SQLAlchemy address of the database."""
    return f"postgresql+asyncpg://{USER}@/{DATABASE}?host={quote(str(folders.run))}"


def prepare_postgres(folders: StateFolders) -> ProcessSpec:
    """Make the data folder where there is none, and say how to run Postgres on it.

    Raises:
        StackError: no binaries, no account to run as, a failed initdb, or data of another major version.
    """
    binaries = find_postgres()
    account = choose_account(folders, folders.root if binaries.wheel_root else binaries.folder)
    if account is not None:
        binaries = _copy(binaries, folders)
    if not folders.postgres.exists():
        _make_data_folder(binaries, folders, account)
    _check_version(binaries, folders)
    give_folder(folders.postgres, account)
    give_folder(folders.run, account)
    forget_dead_postmaster(folders)
    return ProcessSpec(
        name="postgres",
        command=_server_command(binaries, folders),
        environment=_environment(),
        is_ready=_readiness(folders),
        look=look_at_postgres(folders.run / f".s.PGSQL.{_PORT}"),
        ready_timeout_seconds=_READY_TIMEOUT_SECONDS,
        stop_signal=signal.SIGINT,
        stop_timeout_seconds=_STOP_TIMEOUT_SECONDS,
        account=account,
        version=f"Postgres {binaries.major}",
    )


def _server_command(binaries: PostgresBinaries, folders: StateFolders) -> tuple[str, ...]:
    socket_folder = str(folders.run).replace('"', '""')
    settings = {**_SETTINGS, "unix_socket_directories": f'"{socket_folder}"'}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return (str(binaries.postgres), "-D", str(folders.postgres), *options)


def _copy(binaries: PostgresBinaries, folders: StateFolders) -> PostgresBinaries:
    try:
        return copy_postgres(binaries, folders.bin)
    except OSError as error:
        raise StackError(f"Postgres' programs cannot be copied to {folders.bin}: {error}.") from error


def _make_data_folder(binaries: PostgresBinaries, folders: StateFolders, account: Account | None) -> None:
    """Under another name first: a start that was killed leaves nothing behind that looks like data."""
    unfinished = folders.root / "postgres.unfinished"
    remove_folder(unfinished)
    give_folder(unfinished, account)
    initdb = (
        *(str(binaries.initdb), "-D", str(unfinished), "-U", USER, "--encoding=UTF8", "--data-checksums"),
        *("--auth-local=trust", "--auth-host=reject", "--no-instructions", *_locale(binaries.major)),
    )
    try:
        subprocess.run(
            launch_command(initdb, signal.SIGTERM, account),
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_INITDB_TIMEOUT_SECONDS,
            start_new_session=True,
        )
    except subprocess.CalledProcessError as error:
        last_words = error.stderr.decode(errors="replace").strip()
        raise StackError(f"Postgres' initdb failed (exit code {error.returncode}): {last_words}") from error
    except subprocess.TimeoutExpired as error:
        raise StackError(f"Postgres' initdb took longer than {_INITDB_TIMEOUT_SECONDS} s.") from error
    unfinished.rename(folders.postgres)


def _locale(major: int) -> tuple[str, ...]:
    """Sorting that no update of the system can change, which would break indexes."""
    if major >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C",)


def _check_version(binaries: PostgresBinaries, folders: StateFolders) -> None:
    made_by = (folders.postgres / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise StackError(
            f"{folders.postgres} was made by Postgres {made_by}, and Postgres {binaries.major} is what is here now. "
            f"Bring back Postgres {made_by} and make a backup (dashnet backup), or move the folder away to start empty."
        )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _readiness(folders: StateFolders) -> Callable[[], Awaitable[bool]]:
    async def is_ready() -> bool:
        try:
            return await _has_database(folders.run)
        except _UNREACHABLE:
            return False

    return is_ready


async def _has_database(socket_folder: Path) -> bool:
    """True once our database takes connections; makes it where Postgres is up without it."""
    try:
        connection = await _connect(socket_folder, DATABASE)
    except asyncpg.InvalidCatalogNameError:
        await _create_database(socket_folder)
        return False
    await connection.close(timeout=_CONNECT_TIMEOUT_SECONDS)
    return True


async def _create_database(socket_folder: Path) -> None:
    connection = await _connect(socket_folder, "postgres")
    try:
        await connection.execute(f'CREATE DATABASE "{DATABASE}"', timeout=30)
    finally:
        await connection.close(timeout=_CONNECT_TIMEOUT_SECONDS)


async def _connect(socket_folder: Path, database: str) -> asyncpg.Connection:
    async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
        return await asyncpg.connect(
            host=str(socket_folder), port=_PORT, user=USER, database=database, password="", ssl=False
        )
