"""What the supervisor needs to know about a process."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dashnet.embedded.launch import Account
from dashnet.liveness import Look


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process of the stack.

    `is_ready` answers soon and raises nothing expected; it is asked again until it says yes or `ready_timeout_seconds`
    are over. `look` sees whether a process that was ready still answers; it runs in a thread and may take some seconds.
    Without it only the end of the process is noticed. `stop_signal` asks for an orderly end, also when the supervisor
    dies; after `stop_timeout_seconds` the process is killed. `version` names the program to people.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], Awaitable[bool]]
    look: Look | None = None
    working_folder: Path = Path("/")
    ready_timeout_seconds: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_seconds: float = 10
    account: Account | None = None
    version: str = ""
