"""What `dashnet watch` knows of all devices, put together from the messages of /live. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from dashnet.publication import Kind, Position
from dashnet.reading import State, state_of

Message = Mapping[str, Any]  # a JSON object as it came over /live

_WORST_FIRST = {State.DOWN: 0, State.UNKNOWN: 1, State.UP: 2}


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device as it is shown; speeds in Mbit/s, None before its first snapshot at `snap_shot_at`."""

    device_id: int
    host_name: str
    device_type: str
    state: State
    upload_speed: float | None = None
    download_speed: float | None = None
    snap_shot_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """All devices counted by state, and their traffic together in Mbit/s."""

    up: int
    down: int
    unknown: int
    upload_speed: float
    download_speed: float

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return self.up + self.down + self.unknown


class PanelView:
    """All devices at `position`; both empty until the first state came."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.newest_at: datetime | None = None
        self._rows: dict[int, DeviceRow] = {}
        self._ordered: list[DeviceRow] | None = None

    def apply(self, message: Message) -> bool:
        """Take in one message; false where one before it is missing, so that a fresh state is needed.

        Raises:
            ValueError: this is no message of /live.
        """
        try:
            return self._apply(message)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a message of /live: {error!r}") from error

    def _apply(self, message: Message) -> bool:
        kind = message["type"]
        if kind == "state":
            self._apply_state(message)
        elif kind == "resumed":
            return self.position == Position(message["epoch"], message["seq"])
        elif "seq" in message:
            if self.position is None or message["seq"] != self.position.seq + 1:
                return False
            self._apply_publication(kind, message)
            self.position = replace(self.position, seq=message["seq"])
        return True

    def _apply_state(self, message: Message) -> None:
        position = Position(message["epoch"], int(message["seq"]))
        rows = {device["id"]: _to_row(device) for device in message["devices"]}
        self.newest_at = None if message["time_stamp"] is None else _to_moment(message["time_stamp"])
        self.position, self._rows, self._ordered = position, rows, None

    def _apply_publication(self, kind: str, message: Message) -> None:
        self._ordered = None
        if kind == Kind.SNAPSHOTS:
            self._apply_snapshots(message)
        elif kind == Kind.INVENTORY:
            self._rows.update({device["id"]: _to_row(device) for device in message["changed"]})
            for device_id in message["removed"]:
                self._rows.pop(device_id, None)

    def _apply_snapshots(self, message: Message) -> None:
        moment = _to_moment(message["time_stamp"])
        self.newest_at = max(self.newest_at or moment, moment)
        for snap_shot in message["snap_shots"]:
            row = self._rows.get(snap_shot["device_id"])
            if row is not None and (row.snap_shot_at is None or row.snap_shot_at <= moment):
                names = (row.device_id, row.host_name, row.device_type)
                state = state_of(snap_shot["active_connection"])
                self._rows[row.device_id] = DeviceRow(*names, state, *_speeds(snap_shot), moment)

    def worst_first(self) -> Sequence[DeviceRow]:
        """All devices: down, unknown, up; within each the most traffic first, then by name."""
        if self._ordered is None:
            self._ordered = sorted(self._rows.values(), key=_rank)
        return self._ordered

    def totals(self) -> Totals:
        """All devices together."""
        states = [row.state for row in self._rows.values()]
        return Totals(
            up=states.count(State.UP),
            down=states.count(State.DOWN),
            unknown=states.count(State.UNKNOWN),
            upload_speed=sum(row.upload_speed or 0 for row in self._rows.values()),
            download_speed=sum(row.download_speed or 0 for row in self._rows.values()),
        )


def parse_message(raw: str) -> Message:
    """Read one message of /live.

    Raises:
        ValueError: this is no JSON object.
    """
    message = orjson.loads(raw)
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message


def strip_controls(text: str) -> str:
    """The text without what could move the cursor, break a line, turn the direction of writing or not be printed."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def _to_row(device: Message) -> DeviceRow:
    names = (device["id"], strip_controls(device["host_name"]), strip_controls(device["device_type"]))
    state, snap_shot = State(device["state"]), device["snap_shot"]
    if snap_shot is None:
        return DeviceRow(*names, state)
    return DeviceRow(*names, state, *_speeds(snap_shot), _to_moment(snap_shot["time_stamp"]))


def _speeds(snap_shot: Message) -> tuple[float, float]:
    return float(snap_shot["upload_speed"]), float(snap_shot["download_speed"])


def _to_moment(time_stamp: str) -> datetime:
    return datetime.fromisoformat(time_stamp).astimezone(UTC)


def _rank(row: DeviceRow) -> tuple[int, float, str, int]:
    traffic = (row.upload_speed or 0) + (row.download_speed or 0)
    return (_WORST_FIRST[row.state], -traffic, row.host_name.casefold(), row.device_id)
