"""What `dashnet watch` knows of all devices, put together from the messages of /live. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dashnet.edge import NetworkKind, Place, find_edge, to_places
from dashnet.messages import DeviceSnapShot, LiveDevice, Received, SnapShot, SnapshotsMessage
from dashnet.reading import State, add_known, state_of

_WORST_FIRST = {State.DOWN: 0, State.UNKNOWN: 1, State.UP: 2}


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One device as it is shown; speeds in Mbit/s, None where not known. `snap_shot_at` is None before any snapshot."""

    device_id: int
    host_name: str
    device_type: str
    state: State
    upload_speed: float | None = None
    download_speed: float | None = None
    snap_shot_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Known speeds of the devices at the edge of those shown, added up, in Mbit/s; None where none is known."""

    kind: NetworkKind
    upload_speed: float | None
    download_speed: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """All devices counted by state, and the traffic of each kind that is there: real and simulated ones."""

    up: int
    down: int
    unknown: int
    traffic: Sequence[Traffic]

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return self.up + self.down + self.unknown


class PanelView:
    """All devices as the messages of one feed have told; empty until the first state came."""

    def __init__(self) -> None:
        self.has_state = False
        self.newest_at: datetime | None = None
        self._rows: dict[int, DeviceRow] = {}
        self._places: dict[int, Place] = {}
        self._edge: frozenset[int] | None = None
        self._ordered: list[DeviceRow] | None = None

    def apply(self, message: Received) -> None:
        """Take in the next message."""
        self._ordered = None
        if message["type"] == "state":
            self.newest_at = None if message["time_stamp"] is None else _to_moment(message["time_stamp"])
            self._rows, self._places = {}, {}
            self._edit(message["devices"], ())
            self.has_state = True
        elif message["type"] == "snapshots":
            self._apply_snapshots(message)
        elif message["type"] == "inventory":
            self._edit(message["changed"], message["removed"])

    def _edit(self, changed: Sequence[LiveDevice], removed: Sequence[int]) -> None:
        if changed or removed:
            self._edge = None
        self._rows.update({device["id"]: _to_row(device) for device in changed})
        self._places.update({place.device_id: place for place in to_places(changed)})
        for device_id in removed:
            self._rows.pop(device_id, None)
            self._places.pop(device_id, None)

    def _apply_snapshots(self, message: SnapshotsMessage) -> None:
        moment = _to_moment(message["time_stamp"])
        self.newest_at = max(self.newest_at or moment, moment)
        for snap_shot in message["snap_shots"]:
            row = self._rows.get(snap_shot["device_id"])
            if row is not None and (row.snap_shot_at is None or row.snap_shot_at <= moment):
                names = (row.device_id, row.host_name, row.device_type)
                state = state_of(snap_shot["active_connection"])
                self._rows[row.device_id] = DeviceRow(*names, state, *_speeds(snap_shot), moment)
        self._edit(message.get("changed", []), message.get("removed", []))

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
            traffic=[self._add_up(kind) for kind in NetworkKind if kind in {one.kind for one in self._places.values()}],
        )

    def _add_up(self, kind: NetworkKind) -> Traffic:
        if self._edge is None:
            self._edge = find_edge(self._places.values())
        rows = [row for one, row in self._rows.items() if one in self._edge and self._places[one].kind is kind]
        return Traffic(kind, add_known(row.upload_speed for row in rows), add_known(row.download_speed for row in rows))


def strip_controls(text: str) -> str:
    """The text without what could move the cursor, break a line, turn the direction of writing or not be printed."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))


def _to_row(device: LiveDevice) -> DeviceRow:
    names = (device["id"], strip_controls(device["host_name"]), strip_controls(device["device_type"]))
    state, snap_shot = State(device["state"]), device["snap_shot"]
    if snap_shot is None:
        return DeviceRow(*names, state)
    return DeviceRow(*names, state, *_speeds(snap_shot), _to_moment(snap_shot["time_stamp"]))


def _speeds(snap_shot: SnapShot | DeviceSnapShot) -> tuple[float | None, float | None]:
    return snap_shot["upload_speed"], snap_shot["download_speed"]


def _to_moment(time_stamp: str) -> datetime:
    return datetime.fromisoformat(time_stamp).astimezone(UTC)


def _rank(row: DeviceRow) -> tuple[int, float, str, int]:
    traffic = (row.upload_speed or 0) + (row.download_speed or 0)
    return (_WORST_FIRST[row.state], -traffic, row.host_name.casefold(), row.device_id)
