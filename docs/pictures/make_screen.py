"""The README's pictures of the screen: `make pictures`, from a stack and a past of their own, in a real Chromium."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NETWORK_PORT, APP_PORT = 6390, 6391
BASE = f"http://127.0.0.1:{APP_PORT}"
SHOWN = ("overview", "devices", "device", "map", "phone")
READY_SECONDS = 60


def main() -> None:
    """Start a stack in a copy of the code, give it a month of past, take the pictures, stop it."""
    with tempfile.TemporaryDirectory(prefix="dashnet-pictures-") as folder:
        copy = Path(folder) / "dashnet"
        copy.mkdir()
        for name in ("dashnet", "services", "workers"):
            _run("cp", "-r", str(ROOT / name), str(copy / name))
        (copy / ".venv").symlink_to(ROOT / ".venv")
        environment = os.environ | {
            "PYTHONPATH": str(copy),
            "DASHNET_NETWORK_PORT": str(NETWORK_PORT),
            "DASHNET_APP_PORT": str(APP_PORT),
        }
        command = [sys.executable, "-m", "dashnet.cli"]
        stack = subprocess.Popen([*command, "up"], cwd=copy, env=environment)
        try:
            _wait_ready()
            _run(*command, "demo", "backfill", "--days", "30", cwd=copy, env=environment)
            time.sleep(65)  # One refresh after the past, so that tiles and ages are of now.
            browse = [str(ROOT / "web" / "node.sh"), "node", str(ROOT / "web" / "scripts" / "pictures.mjs")]
            for name in SHOWN:
                _run(*browse, f"{BASE}/", str(ROOT / "docs" / "pictures"), name)
        finally:
            stack.send_signal(signal.SIGINT)
            stack.wait(60)


def _run(*command: str, **options: object) -> None:
    subprocess.run(command, check=True, **options)  # type: ignore[call-overload]  # options are run's own


def _wait_ready() -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{BASE}/readyz", timeout=2).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"the stack was not ready within {READY_SECONDS} s; is port {APP_PORT} free?")


if __name__ == "__main__":
    main()
