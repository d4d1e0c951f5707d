"""Offers of jobs that somebody else may have taken: each is made again after a while, under another name."""

import time
from dataclasses import dataclass, field

# An offer that nobody has taken is made again after so long.
OFFER_SECONDS = 3.0
_MOST = 1000


@dataclass(slots=True)
class Offers:
    """The newest offers of one worker.

    A job's name is taken as long as the job waits or runs, and long after where its worker was killed.
    """

    _made: dict[str, tuple[int, float]] = field(default_factory=dict)

    def next_id(self, name: str) -> str | None:
        """Return the job's id for the next offer, such as `refresh:…:2` and then `refresh:…:2.2`; None: not yet."""
        count, at = self._made.get(name, (0, 0.0))
        if count and time.monotonic() - at < OFFER_SECONDS:
            return None
        self._made.pop(name, None)
        self._made[name] = (count + 1, time.monotonic())
        while len(self._made) > _MOST:
            del self._made[next(iter(self._made))]
        return f"{name}.{count + 1}" if count else name
