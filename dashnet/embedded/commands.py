"""What `dashnet up` and `dashnet down` do."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import typer

from dashnet.errors import StackError

_DOWN_TIMEOUT_SECONDS = 30
_POLL_SECONDS = 0.05


def up(state_folder: Path) -> None:
    """Run the whole stack in the foreground until it is told to stop.

    Raises:
        StackError: it cannot start; the text says what to do.
    """
    _check_system()
    from dashnet.embedded.stack import read_settings, run_stack
    from dashnet.logs import configure_logging

    configure_logging(read_settings())
    run_stack(state_folder, _say)


def down(state_folder: Path) -> None:
    """Stop the stack that runs on this folder, from anywhere; none running is fine.

    Raises:
        StackError: it may not be stopped, or still runs after 30 seconds.
    """
    _check_system()
    from dashnet.embedded.lock import lock_holder

    lock = state_folder.resolve() / "supervisor.lock"
    pid = lock_holder(lock)
    if pid is None:
        typer.echo("No embedded stack runs here.")
        return
    started = time.monotonic()
    _ask_to_stop(pid)
    while lock_holder(lock) == pid:
        if time.monotonic() - started > _DOWN_TIMEOUT_SECONDS:
            raise StackError(
                f"The embedded stack (process {pid}) still runs after {_DOWN_TIMEOUT_SECONDS} s. "
                f"`make down` again kills it at once; the data survive that."
            )
        time.sleep(_POLL_SECONDS)
    typer.echo(f"The embedded stack (process {pid}) is stopped, after {time.monotonic() - started:.1f} s.")


def _say(line: str) -> None:
    # A terminal or pipe that was closed must not keep the stack from stopping in order.
    with suppress(OSError):
        typer.echo(line)


def _ask_to_stop(pid: int) -> None:
    # A stack that ended in between is stopped all the same.
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise StackError(f"The embedded stack (process {pid}) belongs to another user: stop it as that one.") from error


def _check_system() -> None:
    if os.name != "posix":
        raise StackError("The embedded stack needs Linux or macOS. Here use Docker (make up-compose), or WSL.")
