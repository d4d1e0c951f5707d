"""Processes of a supervisor that was killed: found by what it wrote down, and stopped before a new start.

On Linux children end with their supervisor and only have to be waited for; elsewhere they live on.
"""

import signal
import time
from pathlib import Path

import psutil

from dashnet.embedded.folders import StateFolders
from dashnet.errors import StackError

# The start of a process is known to a hundredth; clocks that are set may move it a little.
_SAME_START_SECONDS = 2
_STOP_TIMEOUT_SECONDS = 15
_KILL_TIMEOUT_SECONDS = 5


def remember_pid(folders: StateFolders, name: str, pid: int) -> None:
    """Write down that this process is ours."""
    try:
        started_at = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    # Whole or not at all: others read these notes at any time.
    fresh = folders.root / f".{name}.pid"
    fresh.write_text(f"{pid} {started_at}\n")
    fresh.replace(folders.pids / name)


def forget_pid(folders: StateFolders, name: str) -> None:
    """The process has ended."""
    (folders.pids / name).unlink(missing_ok=True)


def stop_leftovers(folders: StateFolders) -> list[str]:
    """Stop what a killed supervisor of this folder left running; the names of what was found.

    Only a process with the remembered id and start time is touched, so a reused id harms nobody.

    Raises:
        StackError: one does not end, even killed, or may not be stopped.
    """
    found = {path.name: process for path in sorted(folders.pids.iterdir()) if (process := _read_process(path))}
    try:
        for name, process in found.items():
            _send(process, signal.SIGINT if name == "postgres" else signal.SIGTERM)
        alive = _wait_for_end(list(found.values()), _STOP_TIMEOUT_SECONDS)
        for process in alive:
            _send(process, signal.SIGKILL)
        alive = _wait_for_end(alive, _KILL_TIMEOUT_SECONDS)
    except psutil.AccessDenied as error:
        raise StackError(f"A process of an earlier start still runs, and belongs to another user: {error}.") from error
    if alive:
        pids = ", ".join(str(process.pid) for process in alive)
        raise StackError(f"Processes of an earlier start do not end: {pids}. End them, then start again.")
    for path in folders.pids.iterdir():
        path.unlink()
    return list(found)


def forget_dead_postmaster(folders: StateFolders) -> bool:
    """Remove a postmaster.pid whose process is long gone and whose id now belongs to a stranger; true where done.

    Postgres itself would refuse to start, as it cannot tell the two apart (after a reboot, or in a new container).
    While any Postgres process of the owner runs the file stays: that may be a backend still writing to these tables.
    """
    path = folders.postgres / "postmaster.pid"
    if not path.exists():
        return False
    owner = folders.postgres.stat().st_uid
    first_line = path.read_text().split("\n", maxsplit=1)[0]
    if not first_line.isdigit() or not psutil.pid_exists(int(first_line)) or _any_postgres_of(owner):
        return False
    path.unlink()
    return True


def _any_postgres_of(owner: int) -> bool:
    """Whether some process is named like Postgres and owned so; ones that end meanwhile are skipped by psutil."""
    for process in psutil.process_iter(["name", "uids", "status"]):
        name, user_ids = process.info["name"], process.info["uids"]
        is_alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if is_alive and name and name.startswith("postgres") and user_ids and user_ids.effective == owner:
            return True
    return False


def _wait_for_end(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until they have ended; those that have not."""
    deadline = time.monotonic() + seconds
    while (alive := [process for process in processes if _is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _is_alive(process: psutil.Process) -> bool:
    """A zombie is dead, though a first process of a container that collects none keeps its id for ever."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _read_process(path: Path) -> psutil.Process | None:
    try:
        pid, started_at = path.read_text().split()
        process = psutil.Process(int(pid))
        is_ours = abs(process.create_time() - float(started_at)) < _SAME_START_SECONDS
    except (ValueError, psutil.NoSuchProcess):
        return None
    return process if is_ours and _is_alive(process) else None


def _send(process: psutil.Process, number: signal.Signals) -> None:
    # A process that ended in between needs no signal.
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
