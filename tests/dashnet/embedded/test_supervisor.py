"""Processes are started in order, kept alive, and stopped in the opposite order."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dashnet import liveness
from dashnet.embedded import keeper, log_files
from dashnet.embedded.folders import StateFolders, create_folders
from dashnet.embedded.supervisor import Supervisor
from dashnet.errors import StackError
from tests.dashnet.embedded.stand_ins import DEADLINE_SECONDS, FAILING, ORDERLY, STUBBORN, eventually, stand_in

pytestmark = pytest.mark.anyio

SILENT = ORDERLY.replace("(folder / name).write_text(str(os.getpid()))", "")

# Long enough to be seen ready.
DYING = ORDERLY.replace("while True: signal.pause()", "signal.alarm(1); signal.pause()")

CHATTY = ORDERLY.replace(
    "while True: signal.pause()", "import time\nwhile True: print('x' * 99, flush=True); time.sleep(0.01)"
)


@pytest.fixture
def said() -> list[str]:
    """What the supervisor says."""
    return []


@pytest.fixture
def folders(state_folder: Path) -> StateFolders:
    return create_folders(state_folder)


@pytest.fixture
async def supervisor(folders: StateFolders, said: list[str]) -> AsyncIterator[Supervisor]:
    """Stopped at the end, whatever the test did."""
    supervisor = Supervisor(folders, said.append)
    yield supervisor
    supervisor.kill()
    await supervisor.stop()


async def test_processes_stop_in_reverse_order(supervisor: Supervisor, folders: StateFolders) -> None:
    for name in ("first", "second", "third"):
        await supervisor.start(stand_in(name, folders.root))
    await supervisor.stop()
    assert (folders.root / "stopped").read_text().split() == ["third", "second", "first"]


async def test_process_starts_only_when_the_one_before_is_ready(
    supervisor: Supervisor, folders: StateFolders, said: list[str]
) -> None:
    await supervisor.start(stand_in("first", folders.root))
    assert (folders.root / "first").exists()
    assert [line.split()[:2] for line in said] == [["first", "ready"]]


async def test_dead_process_is_started_again_and_its_end_is_one_log_line(
    supervisor: Supervisor, folders: StateFolders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "dashnet.embedded")
    await supervisor.start(stand_in("a", folders.root))
    first = supervisor.pids()["a"]
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: supervisor.pids().get("a", first) != first)
    ended = [record.getMessage() for record in caplog.records if "process ended" in record.getMessage()]
    assert len(ended) == 1
    assert "name=a" in ended[0]
    assert "signal=SIGKILL last_log='a began'" in ended[0]


async def test_process_that_dies_again_and_again_after_it_was_ready_is_never_given_up(
    supervisor: Supervisor, folders: StateFolders, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "dashnet.embedded")
    await supervisor.start(stand_in("a", folders.root, DYING))
    await eventually(lambda: sum("process ended" in record.getMessage() for record in caplog.records) >= 3)


async def test_process_that_never_starts_is_an_error_with_its_last_words(
    supervisor: Supervisor, folders: StateFolders
) -> None:
    with pytest.raises(StackError, match=r"a does not start: exit_code=7 last_log='this is why'.*a\.log"):
        await supervisor.start(stand_in("a", folders.root, FAILING))


async def test_process_that_never_becomes_ready_is_an_error_and_is_stopped(
    supervisor: Supervisor, folders: StateFolders
) -> None:
    with pytest.raises(StackError, match=r"a was not ready within 0\.3 s"):
        await supervisor.start(stand_in("a", folders.root, SILENT, ready_timeout_seconds=0.3))
    assert supervisor.pids() == {}


async def test_stop_in_the_middle_of_a_check_that_swallows_the_cancel_still_stops(
    supervisor: Supervisor, folders: StateFolders
) -> None:
    """asyncio.wait_for of Python 3.11 within redis-py did so; the process was then started again after its stop."""
    asked = asyncio.Event()

    async def swallow() -> bool:
        asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(DEADLINE_SECONDS)
        return True

    starting = asyncio.create_task(supervisor.start(replace(stand_in("a", folders.root), is_ready=swallow)))
    await asyncio.wait_for(asked.wait(), DEADLINE_SECONDS)
    await supervisor.stop()
    assert supervisor.pids() == {}
    await asyncio.wait({starting}, timeout=DEADLINE_SECONDS)
    assert starting.done()


async def test_stubborn_process_is_killed_after_its_stop_timeout(
    supervisor: Supervisor, folders: StateFolders, said: list[str]
) -> None:
    await supervisor.start(stand_in("a", folders.root, STUBBORN, stop_timeout_seconds=0.1))
    await supervisor.stop()
    assert said[-1].split()[:2] == ["a", "killed"]


async def test_kill_does_not_wait_for_stop_timeouts(supervisor: Supervisor, folders: StateFolders) -> None:
    await supervisor.start(stand_in("a", folders.root, STUBBORN, stop_timeout_seconds=600))
    supervisor.kill()
    await supervisor.stop()
    assert supervisor.pids() == {}


async def test_a_process_that_hangs_is_killed_and_started_again(
    supervisor: Supervisor, folders: StateFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(liveness, "LEAST_SILENT_SECONDS", 0.2)
    hung: list[int] = []
    spec = replace(stand_in("a", folders.root), look=lambda: supervisor.pids().get("a") not in hung)
    await supervisor.start(spec)
    first = supervisor.pids()["a"]
    os.kill(first, signal.SIGSTOP)
    hung.append(first)
    await eventually(lambda: supervisor.pids().get("a", first) != first)


async def test_the_log_of_a_running_process_is_cut(
    supervisor: Supervisor, folders: StateFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LOOK_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(log_files, "LOG_BYTES_AT_MOST", 1_000)
    await supervisor.start(stand_in("a", folders.root, CHATTY))
    await eventually((folders.logs / "a.log.1").exists)
    await eventually(lambda: 0 < (folders.logs / "a.log").stat().st_size <= 1_000)
