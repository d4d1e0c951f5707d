"""What a soak saw, as plain values for the promises to be held against."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.soak.deck import Kind


@dataclass(slots=True)
class Fault:
    """What was done to a process, and what became of it; times are wall-clock, lengths by a clock nobody sets.

    `noticed_seconds` of a hang is when somebody else ended the process, `back_seconds` when another one answered.
    `is_over` where the next kill of the same process came first.
    """

    kind: Kind
    target: str
    began: datetime
    ended: datetime | None = None
    noticed_seconds: float | None = None
    back_seconds: float | None = None

    def __str__(self) -> str:
        return f"{self.kind} of {self.target} at {self.began:%H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Run:
    """A line of the ledger."""

    job: str
    tick: datetime
    outcome: str | None
    started: datetime | None
    finished: datetime | None
    snapshot_count: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Stored:
    """The snapshots under one tick: how many, of how many devices, and how many contradict what is known of theirs."""

    tick: datetime
    snapshots: int
    devices: int
    false_states: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A whole soak: the time that counts is from `first_tick` to `last_tick`, both with their minutes over.

    `wished` are ticks of refreshes by hand that Redis had before a process was killed.
    """

    first_tick: datetime
    last_tick: datetime
    devices: int
    runs: Sequence[Run]
    stored: Sequence[Stored]
    faults: Sequence[Fault]
    memory_bytes: dict[str, int] = field(default_factory=dict)
    wished: Collection[datetime] = ()
