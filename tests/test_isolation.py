"""A test's time-out costs that test alone, and children end by signals however the tests were started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

SUITE = """
import asyncio
import pytest

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="session")
async def shared():
    yield 1

@pytest.fixture
async def stuck():
    await asyncio.Event().wait()
    yield

@pytest.mark.timeout(1)
async def test_that_waits_for_ever(shared):
    await asyncio.Event().wait()

async def test_after_it(shared):
    await asyncio.sleep(0)

@pytest.mark.timeout(1)
async def test_whose_fixture_waits_for_ever(stuck):
    pass

async def test_after_that(shared):
    await asyncio.sleep(0)
"""
WAIT = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)"
START = f"""
import subprocess, sys
from tests.isolation import restore_signals
restore_signals()
subprocess.run([sys.executable, "-c", {WAIT!r}], check=True)
"""


def test_a_test_that_waits_for_ever_costs_no_other_test(tmp_path: Path, project_root: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.isolation import pytest_runtest_makereport\n")
    (tmp_path / "test_it.py").write_text(SUITE)
    options = ("-q", "-p", "no:cacheprovider", "-c", os.devnull, "-o", "anyio_mode=auto", "--rootdir", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=project_root,
        env={**os.environ, "PYTHONPATH": str(project_root), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert "2 passed, 1 error" in done.stdout.replace("1 failed, ", ""), done.stdout
    assert "1 failed" in done.stdout


def test_children_get_the_usual_signals_also_under_nohup(project_root: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    done = subprocess.run(
        [sys.executable, "-c", START],
        cwd=project_root,
        preexec_fn=ignore,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.stdout == "True\n", done.stderr
