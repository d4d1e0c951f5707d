"""One process: its log and its end."""

import asyncio
import signal
from pathlib import Path

import pytest

from dashnet.embedded.child import Child, start_child
from dashnet.embedded.folders import create_folders
from tests.dashnet.embedded.stand_ins import FAILING, STUBBORN, eventually, is_running, running_pids, stand_in

pytestmark = pytest.mark.anyio


async def test_end_is_described_by_exit_code_and_last_words(state_folder: Path) -> None:
    child = await start_child(stand_in("a", state_folder, FAILING), create_folders(state_folder))
    await child.wait()
    assert child.describe_end() == "exit_code=7 last_log='this is why'"


async def test_last_words_are_those_of_this_start(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    (folders.logs / "a.log").write_text("words of an earlier start\n")
    child = await start_child(stand_in("a", state_folder, "raise SystemExit(1)"), folders)
    await child.wait()
    assert child.describe_end() == "exit_code=1 last_log=''"


async def test_large_log_is_kept_once_as_old(state_folder: Path) -> None:
    folders = create_folders(state_folder)
    (folders.logs / "a.log").write_bytes(b"x" * 10_000_001)
    child = await start_child(stand_in("a", state_folder, FAILING), folders)
    await child.wait()
    assert {path.name: path.stat().st_size for path in folders.logs.iterdir()} == {"a.log": 12, "a.log.1": 10_000_001}


async def test_process_that_ignores_the_signal_is_killed(state_folder: Path) -> None:
    spec = stand_in("a", state_folder, STUBBORN, stop_timeout_seconds=0.1)
    child = await start_child(spec, create_folders(state_folder))
    await eventually((state_folder / "a").exists)
    assert not await child.stop()
    assert child.process.returncode == -signal.SIGKILL


async def test_kill_takes_the_children_of_the_process_too(state_folder: Path) -> None:
    child, grandchild = await start_forking_child(state_folder)
    child.kill()
    await child.wait()
    await eventually(lambda: not is_running(grandchild))


async def test_children_do_not_outlive_a_process_that_was_killed_by_somebody_else(state_folder: Path) -> None:
    """A worker of uvicorn would go on to listen, so that no other uvicorn could be started."""
    child, grandchild = await start_forking_child(state_folder)
    child.process.kill()
    await child.wait()
    await eventually(lambda: not is_running(grandchild))


async def start_forking_child(state_folder: Path) -> tuple[Child, int]:
    """A process and the id of its child; neither ends by itself."""
    program = "import os, pathlib, sys, time; pid = os.fork(); f = pathlib.Path(sys.argv[2]) / 'child'\n"
    program += "if pid: f.write_text(str(pid))\ntime.sleep(60)"
    child = await start_child(stand_in("a", state_folder, program), create_folders(state_folder))
    await eventually(lambda: (state_folder / "child").exists() and (state_folder / "child").read_text() != "")
    return child, int((state_folder / "child").read_text())


async def test_process_is_written_down_while_it_runs(state_folder: Path) -> None:
    child = await start_child(stand_in("a", state_folder), create_folders(state_folder))
    written = running_pids(state_folder)
    child.kill()
    await asyncio.wait_for(child.wait(), 10)
    assert (written, running_pids(state_folder)) == ({"a": child.process.pid}, {})
