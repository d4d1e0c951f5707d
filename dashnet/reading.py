"""What a driver saw of a device at one instant, and the words for it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class State(StrEnum):
    """Whether a device answers; `unknown` when nobody can tell (a fault on our side, or never read)."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"

    @property
    def active_connection(self) -> bool | None:
        """The same in the words of 2020: true, false, or null when unknown."""
        return None if self is State.UNKNOWN else self is State.UP


def state_of(active_connection: bool | None) -> State:
    """The state that a stored `active_connection` stands for."""
    if active_connection is None:
        return State.UNKNOWN
    return State.UP if active_connection else State.DOWN


@dataclass(frozen=True, slots=True)
class InterfaceReading:
    """One interface of a device at one instant.

    `name` tells it from the device's others. `interface_type` is a number of IANA's ifType registry, `line_speed` what
    the line can carry, in Mbit/s. Speeds are Mbit/s, errors and discards packets per second (in: received, out: sent);
    each is null where there is none, or none that is true: at a first sample, after a reset.
    """

    name: str
    state: State
    alias: str | None = None
    interface_type: int | None = None
    line_speed: float | None = None
    upload_speed: float | None = None
    download_speed: float | None = None
    errors_in: float | None = None
    errors_out: float | None = None
    discards_in: float | None = None
    discards_out: float | None = None


# Not frozen: a refresh makes 100,000 of them, and a frozen one takes five times as long to make.
@dataclass(slots=True)
class Reading:
    """Reading of one device at one instant; treat it as read-only.

    Speeds are Mbit/s: 0 while the device is down, null where they are not known, be it that the state is not or that
    the driver measures no traffic. `round_trip_seconds` is null where the driver measures none.
    `error` says in words why the state is not `up`, where the driver knows, or what is about to go wrong with a device
    that is up. `interfaces` are those that the driver keeps as series of their own, of which the device's speeds are
    the sum. `loss_ratio` (0 to 1) and `jitter_seconds` come from drivers that send several packets.
    """

    device_id: int
    state: State
    upload_speed: float | None
    download_speed: float | None
    round_trip_seconds: float | None
    read_at: datetime
    error: str | None = None
    interfaces: Sequence[InterfaceReading] = ()
    loss_ratio: float | None = None
    jitter_seconds: float | None = None


def unread(device_id: int, state: State, read_at: datetime, error: str) -> Reading:
    """Return the reading of a device that did not answer (`down`, which sends nothing) or was not read (`unknown`)."""
    speed = 0.0 if state is State.DOWN else None
    return Reading(device_id, state, speed, speed, None, read_at, error)


def add_known(speeds: Iterable[float | None]) -> float | None:
    """Return the sum of the speeds that are known; None where none is, for that is not 0 Mbit/s."""
    known = [speed for speed in speeds if speed is not None]
    return math.fsum(known) if known else None


def to_wire(moment: datetime) -> str:
    """ISO 8601 in UTC with `Z`, microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_tick(moment: datetime) -> datetime:
    """The minute that `moment` lies in, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
