"""What a screen shows: every device with its latest snapshot, kept current by publications. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from dashnet.publication import Kind, Position
from dashnet.reading import state_of

LiveDevice = dict[str, Any]  # the wire form of a device on /live: static fields, `state`, `snap_shot`


@dataclass(slots=True)
class Panel:
    """All devices at one position. `time_stamp` is the newest tick, in wire form; None before the first."""

    position: Position
    time_stamp: str | None = None
    devices: dict[int, LiveDevice] = field(default_factory=dict)

    def apply(self, position: Position, message: Mapping[str, Any]) -> None:
        """Take in one publication of kind `snapshots` or `inventory`."""
        self.position = position
        if message["type"] == Kind.SNAPSHOTS:
            self._apply_snapshots(message)
        elif message["type"] == Kind.INVENTORY:
            for device in message["changed"]:
                self.devices[device["id"]] = device
            for device_id in message["removed"]:
                self.devices.pop(device_id, None)

    def _apply_snapshots(self, message: Mapping[str, Any]) -> None:
        time_stamp: str = message["time_stamp"]
        self.time_stamp = max(self.time_stamp or "", time_stamp)
        for snap_shot in message["snap_shots"]:
            device = self.devices.get(snap_shot["device_id"])
            if device is None or (device["snap_shot"] and device["snap_shot"]["time_stamp"] > time_stamp):
                continue
            device["state"] = state_of(snap_shot["active_connection"])
            device["snap_shot"] = {
                "time_stamp": time_stamp,
                "active_connection": snap_shot["active_connection"],
                "upload_speed": snap_shot["upload_speed"],
                "download_speed": snap_shot["download_speed"],
                "round_trip_seconds": snap_shot["round_trip_seconds"],
            }

    def to_state(self, device_ids: Collection[int] | None = None) -> str:
        """The `state` message: these devices, or all, in id order."""
        wanted = sorted(self.devices if device_ids is None else self.devices.keys() & set(device_ids))
        message = {
            "type": "state",
            "epoch": self.position.epoch,
            "seq": self.position.seq,
            "time_stamp": self.time_stamp,
            "devices": [self.devices[device_id] for device_id in wanted],
        }
        return orjson.dumps(message).decode()


def narrow(message: Mapping[str, Any], device_ids: Collection[int]) -> str:
    """A publication's message with only what concerns these devices; its seq stays, even when nothing is left."""
    narrowed = dict(message)
    if message["type"] == Kind.SNAPSHOTS:
        narrowed["snap_shots"] = [one for one in message["snap_shots"] if one["device_id"] in device_ids]
    elif message["type"] == Kind.INVENTORY:
        narrowed["changed"] = [one for one in message["changed"] if one["id"] in device_ids]
        narrowed["removed"] = [one for one in message["removed"] if one in device_ids]
    return orjson.dumps(narrowed).decode()
