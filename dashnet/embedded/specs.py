"""What the supervisor needs to know about a process."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dashnet.embedded.launch import Account


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process of the stack.

    `is_ready` answers soon and raises nothing expected; it is asked again until it says yes or `ready_timeout_seconds`
    are over. `stop_signal` asks for an orderly end, also when the supervisor dies; after `stop_timeout_seconds` the
    process is killed.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    is_ready: Callable[[], Awaitable[bool]]
    working_folder: Path = Path("/")
    ready_timeout_seconds: float = 30
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_seconds: float = 10
    account: Account | None = None
