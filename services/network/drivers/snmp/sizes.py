"""How much a device answers at once, and how it answers: what sessions with it have learnt."""

from dataclasses import dataclass, field

# With 64-bit counters an answer of so many fits into one Ethernet frame.
MOST_VARBINDS = 40
_MOST_REPETITIONS = 25


@dataclass(slots=True)
class Sizes:
    """How much one device answers at once; what it could not answer is halved, and tried again when begun anew.

    `absent` are objects that a device of version 1 does not have, where one of them costs the whole answer.
    `answers_elsewhere`: its answers come from another address than it is asked at.
    """

    varbinds: int = MOST_VARBINDS
    repetitions: int = _MOST_REPETITIONS
    absent: set[str] = field(default_factory=set)
    answers_elsewhere: bool = False

    def reset(self) -> None:
        """Begin anew."""
        self.varbinds, self.repetitions = MOST_VARBINDS, _MOST_REPETITIONS
        self.absent.clear()

    def ask_less_than(self, varbinds: int) -> bool:
        """Ask for half as much from now on; false where there is no less than one object beside the uptime."""
        self.varbinds = max(2, varbinds // 2)
        return self.varbinds < varbinds

    def halve_repetitions(self) -> None:
        """Ask for half the rows from now on."""
        self.repetitions = max(1, self.repetitions // 2)
