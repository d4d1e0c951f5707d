"""Our programs as processes of their own, for tests that kill them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TypeVar

from dashnet.settings import PROJECT_ROOT, Settings

WORKER = ("-m", "arq", "workers.main.WorkerSettings")
_STOP_SECONDS = 20
_Text = TypeVar("_Text", str, bytes)


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that gives a process these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DASHNET_", "CRON_PASS"))}
    fields = ("database_url", "redis_url", "network_port", "app_port", "worker_name", "refresh_page_devices")
    return kept | {f"DASHNET_{name.upper()}": str(getattr(settings, name)) for name in fields}


@contextmanager
def killed_at_end(process: "subprocess.Popen[_Text]") -> Iterator["subprocess.Popen[_Text]"]:
    """The process until the block ends, however it ends; `with Popen(...)` would wait for it without a bound."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=_STOP_SECONDS)


@contextmanager
def run_process(
    arguments: Sequence[str], environment: dict[str, str], log: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Python with these arguments until the block ends; what it says goes to `log`, or into the test's report."""
    with log.open("ab") if log else nullcontext() as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT_ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(_STOP_SECONDS)
