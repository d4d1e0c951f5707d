"""Keeps what one test suffers, or how the tests were started, from the others; conftest.py hangs this into pytest."""

import asyncio
import contextlib
import signal
from typing import Any, cast

import pytest
from anyio import pytest_plugin

_CANCEL_SECONDS = 20


def restore_signals() -> None:
    """Let children start with the usual signals, also where ours are ignored (`nohup make test &`).

    An ignored signal is inherited, and a child that is to end by Ctrl-C would not. A handler is not inherited, so one
    that does nothing keeps the signal from us and gives the children the default.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """After a part of a test failed: see that the task which runs all async tests is free for the next one."""
    report = yield
    if call.excinfo is not None:
        free_runner()
    return report


def free_runner() -> None:
    """End a test that a time-out left suspended in anyio's runner, which all tests of the process share.

    pytest-timeout raises out of the loop, and anyio 4.16 ends the suspended test for other errors than pytest's own.
    """
    runner = cast(Any, pytest_plugin._current_runner)
    task = runner and runner._runner_task
    if task is None or task.done() or runner._send_stream.statistics().tasks_waiting_receive:
        return
    task.cancel()
    runner._send_stream.close()
    with contextlib.suppress(asyncio.CancelledError):
        runner.get_loop().run_until_complete(asyncio.wait({task}, timeout=_CANCEL_SECONDS))
    runner._runner_task = None
