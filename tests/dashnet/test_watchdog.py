"""The watchdog ends with its command, hands on signals, and ends a command that hangs."""

import signal
import socket
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from dashnet import liveness, watchdog
from dashnet.watchdog import HUNG_EXIT_CODE
from tests.ports import free_port
from tests.processes import killed_at_end

DEADLINE_SECONDS = 30
SERVE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def run_watchdog(*command: str, port: int = 1) -> AbstractContextManager["subprocess.Popen[str]"]:
    options = ("-m", "dashnet.watchdog", "--url", f"http://127.0.0.1:{port}/healthz", "--")
    return killed_at_end(subprocess.Popen([sys.executable, *options, *command], stdout=subprocess.PIPE, text=True))


@pytest.mark.parametrize(("program", "code"), [("pass", 0), ("raise SystemExit(7)", 7)])
def test_it_ends_as_its_command_does(program: str, code: int) -> None:
    with run_watchdog(sys.executable, "-c", program) as process:
        assert process.wait(DEADLINE_SECONDS) == code


def test_a_command_that_was_killed_is_told_by_the_exit_code() -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    with run_watchdog(sys.executable, "-c", program) as process:
        assert process.wait(DEADLINE_SECONDS) == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_are_handed_on(number: signal.Signals) -> None:
    program = (
        "import signal, sys; signal.signal(int(sys.argv[1]), lambda *_: sys.exit(9)); print('began', flush=True); "
        "signal.pause()"
    )
    with run_watchdog(sys.executable, "-c", program, str(int(number))) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "began\n"
        process.send_signal(number)
        assert process.wait(DEADLINE_SECONDS) == 9


def test_a_command_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_EVERY_SECONDS", 0.1)
    monkeypatch.setattr(liveness, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(liveness, "LEAST_SILENT_SECONDS", 0.5)
    port, seen = free_port(), tmp_path / "pid"
    monkeypatch.setattr(watchdog, "_FORWARDED", ())
    look = liveness.look_at_url(f"http://127.0.0.1:{port}/healthz")

    def look_then_stop() -> bool | None:
        answered = look()
        if answered and not seen.exists():
            seen.touch()
            _child_with(str(port)).suspend()
        return answered

    assert watchdog.watch([sys.executable, "-c", SERVE, str(port)], look_then_stop) == HUNG_EXIT_CODE


def _child_with(argument: str) -> psutil.Process:
    (child,) = [one for one in psutil.Process().children() if one.cmdline()[-1:] == [argument]]
    return child


def test_a_command_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(watchdog, "START_LOOKS", 3)
    monkeypatch.setattr(watchdog, "_FORWARDED", ())
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    assert watchdog.watch(command, lambda: False) == HUNG_EXIT_CODE


def test_without_a_command_it_looks_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with run_watchdog(port=port) as process:
            connection, _ = listener.accept()
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            assert process.wait(DEADLINE_SECONDS) == 0
            connection.close()
    with run_watchdog(port=port) as process:
        assert process.wait(DEADLINE_SECONDS) == 1
