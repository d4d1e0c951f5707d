"""Test processes stay small, and the word about one that does not names the tests that made it large."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.memory import Peaks, read_held

LINUX = pytest.mark.skipif(
    read_held("VmHWM") is None, reason="this platform does not say how much memory a process held"
)
CONFTEST = """
from tests import memory
from tests.memory import pytest_collection_finish, pytest_runtest_teardown

memory._peaks = memory.Peaks((memory.read_held("VmHWM") or 0) + 100)
"""
LEFT = """
import gc
from tests.memory import read_held

def test_that_leaves_a_cycle_and_much_free_memory():
    gc.disable()
    cycle = [[b"x" * 100_000 for _ in range(1000)]]
    cycle.append(cycle)

def test_after_it():
    assert read_held("VmRSS") < read_held("VmHWM") - 60
"""
LARGE = """
def test_that_is_small():
    pass

def test_that_is_large():
    assert bytearray(150 * 1024 * 1024)

def test_after_it():
    pass
"""
SELDOM = """
import gc

USUAL = gc.get_threshold()

def test_that_collects_seldom():
    gc.set_threshold(100_000, 20, 20)

def test_after_it():
    assert gc.get_threshold() == USUAL
"""


def run_suite(folder: Path, suite: str) -> str:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(suite)
    options = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull, "--rootdir", str(folder))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=50,
    )
    return done.stdout


@LINUX
def test_the_test_that_makes_a_process_too_large_is_named_once(tmp_path: Path) -> None:
    said = run_suite(tmp_path, LARGE)
    assert "3 passed, 1 error" in said
    assert "ERROR at teardown of test_that_is_large" in said
    assert "MiB test_it.py::test_that_is_large" in said


def test_a_test_that_collects_garbage_seldom_leaves_that_to_no_other(tmp_path: Path) -> None:
    assert "2 passed" in run_suite(tmp_path, SELDOM)


@LINUX
def test_what_a_test_leaves_is_given_back(tmp_path: Path) -> None:
    assert "2 passed" in run_suite(tmp_path, LEFT)


def test_growth_in_small_steps_names_the_largest_of_them() -> None:
    peaks = Peaks(most=500)
    assert [peaks.note(f"test {peak}", peak) for peak in (250, 260, 260, 300, 490, 500)] == [None] * 6
    word = peaks.note("test 501", 501)
    assert word
    assert word.splitlines() == [
        "This test process held 501 MiB, more than 500; 250 MiB before its first test. Raised most by:",
        "  +190 MiB test 490",
        "  +40 MiB test 300",
        "  +10 MiB test 500",
        "  +10 MiB test 260",
        "  +1 MiB test 501",
    ]


def test_a_process_that_is_too_large_costs_one_test() -> None:
    peaks = Peaks(most=500)
    assert [bool(peaks.note("test", peak)) for peak in (400, 600, 600, 700)] == [False, True, False, False]


def test_a_platform_that_does_not_say_costs_no_test() -> None:
    assert Peaks(most=0).note("test", None) is None
