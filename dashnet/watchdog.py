"""Runs one command and ends with it, or ends it when it hangs: for containers, where only what ends is started again.

`python -m dashnet.watchdog --url URL -- COMMAND ...`; `--worker` instead of `--url` watches the worker's health key.
Without a command it looks once, which makes a health check that costs little.
"""

import argparse
import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from dashnet.liveness import LOOK_EVERY_SECONDS, Look, Silence, look_at_url, look_at_worker

logger = logging.getLogger(__name__)

# Until a process has answered once, it may be preparing the tables or waiting for a server.
START_LOOKS = 150
HUNG_EXIT_CODE = 70
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def watch(command: Sequence[str], look: Look) -> int:
    """Run the command until it ends or hangs, handing on signals that ask for an end; return the exit code.

    Raises:
        OSError: the command cannot be started.
    """
    child = subprocess.Popen(command)

    def forward(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    return _end_of(child) if _runs_until_it_ends(child, look) else _kill(child, command)


def _runs_until_it_ends(child: "subprocess.Popen[bytes]", look: Look) -> bool:
    """Wait for the child's end; false once it hangs."""
    silence, looks, has_answered = Silence(), 0, False
    while not _ended_within(child, LOOK_EVERY_SECONDS):
        answered = look()
        looks += 1
        has_answered = has_answered or bool(answered)
        if has_answered and silence.is_hung_after(answered):
            return False
        if not has_answered and looks >= START_LOOKS:
            return False
    return True


def _ended_within(child: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(child: "subprocess.Popen[bytes]", command: Sequence[str]) -> int:
    logger.error("process is silent and is killed pid=%d command=%s", child.pid, command[0])
    child.kill()
    child.wait()
    return HUNG_EXIT_CODE


def _end_of(child: "subprocess.Popen[bytes]") -> int:
    """The child's exit code as a shell would give it: a signal is 128 and its number."""
    code = child.returncode
    return 128 - code if code < 0 else code


def make_parser() -> argparse.ArgumentParser:
    """The watchdog's command line."""
    parser = argparse.ArgumentParser(prog="python -m dashnet.watchdog", description=__doc__)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--url", help="address that the command answers while it is well (http://127.0.0.1:5001/healthz)")
    how.add_argument("--worker", action="store_true", help="watch the health key of this machine's worker in Redis")
    parser.add_argument("command", nargs="*", help="what to run, after --; without it, look once: exit code 0 or 1")
    return parser


def main() -> int:
    """Parse the command line and watch."""
    given = make_parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    look = _look_at_worker() if given.worker else look_at_url(given.url)
    return watch(given.command, look) if given.command else int(not look())


def _look_at_worker() -> Look:
    from dashnet.settings import get_settings

    return look_at_worker(get_settings())


if __name__ == "__main__":
    sys.exit(main())
