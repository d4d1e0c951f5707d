"""What a screen shows: every device with its latest snapshot, kept current by publications. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from dashnet.edge import find_edge, to_places
from dashnet.interface_part import Packed, unpack_json
from dashnet.publication import Kind, Position
from dashnet.reading import State, state_of
from services.app.state_message import encode_state
from services.app.views import LiveDevice


@dataclass(frozen=True, slots=True)
class Change:
    """What one publication did to the panel.

    `snap_shots` are those of the message by device id, in its order; `turned` the devices whose state became another,
    with the new one; `state_changes`, `changed` and `removed` are the message's own. `interfaces` are those that came
    beside it, by device.
    """

    time_stamp: str | None = None
    snap_shots: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    turned: Mapping[int, State] = field(default_factory=dict)
    state_changes: Sequence[Mapping[str, Any]] = ()
    changed: Sequence[LiveDevice] = ()
    removed: Sequence[int] = ()
    interfaces: Mapping[int, Packed] = field(default_factory=dict)
    storing_delayed_since: str | None = None


@dataclass(slots=True)
class Panel:
    """All devices at one position. `time_stamp` is the newest tick, in wire form; None before the first.

    `storing_delayed_since` is the oldest tick whose readings wait for Postgres, if any do.
    `interfaces` are those that the latest reading of a device showed; a device without any has none here.
    """

    position: Position
    time_stamp: str | None = None
    devices: dict[int, LiveDevice] = field(default_factory=dict)
    interfaces: dict[int, Packed] = field(default_factory=dict)
    storing_delayed_since: str | None = None
    _edge: frozenset[int] | None = field(default=None, compare=False)

    @property
    def edge(self) -> frozenset[int]:
        """The ids of the devices whose traffic is the network's, as the inventory is now."""
        if self._edge is None:
            self._edge = find_edge(to_places(self.devices.values()))
        return self._edge

    def apply(
        self, position: Position, message: Mapping[str, Any], interfaces: Mapping[int, Packed] | None = None
    ) -> Change:
        """Take in one publication of kind `snapshots` or `inventory`, with what came beside it."""
        self.position = position
        if message["type"] == Kind.SNAPSHOTS:
            return self._apply_snapshots(message, interfaces or {})
        self._edge = None
        for device in message["changed"]:
            self.devices[device["id"]] = device
        for device_id in message["removed"]:
            self.devices.pop(device_id, None)
            self.interfaces.pop(device_id, None)
        return Change(changed=message["changed"], removed=message["removed"])

    def _apply_snapshots(self, message: Mapping[str, Any], interfaces: Mapping[int, Packed]) -> Change:
        time_stamp: str = message["time_stamp"]
        self.time_stamp = max(self.time_stamp or "", time_stamp)
        self.storing_delayed_since = message.get("storing_delayed_since")
        turned = {}
        has_interfaces = bool(interfaces or self.interfaces)
        for snap_shot in message["snap_shots"]:
            device = self.devices.get(snap_shot["device_id"])
            if device is None or (device["snap_shot"] and device["snap_shot"]["time_stamp"] > time_stamp):
                continue
            state = state_of(snap_shot["active_connection"])
            if device["state"] != state:
                device["state"] = turned[device["id"]] = state
            device["snap_shot"] = {
                "time_stamp": time_stamp,
                "active_connection": snap_shot["active_connection"],
                "upload_speed": snap_shot["upload_speed"],
                "download_speed": snap_shot["download_speed"],
                "round_trip_seconds": snap_shot["round_trip_seconds"],
                "loss_ratio": snap_shot.get("loss_ratio"),
                "jitter_seconds": snap_shot.get("jitter_seconds"),
            }
            if has_interfaces:
                self._put_interfaces(device["id"], interfaces.get(device["id"]))
        snap_shots = {one["device_id"]: one for one in message["snap_shots"]}
        return Change(
            time_stamp,
            snap_shots,
            turned,
            message.get("state_changes", ()),
            interfaces=interfaces,
            storing_delayed_since=self.storing_delayed_since,
        )

    def _put_interfaces(self, device_id: int, interfaces: Packed | None) -> None:
        if interfaces is None:
            self.interfaces.pop(device_id, None)
        else:
            self.interfaces[device_id] = interfaces

    def to_viewed(self, device_id: int, *, with_interfaces: bool) -> LiveDevice:
        """A device as a view shows it, ready to be encoded."""
        device = self.devices[device_id]
        if not with_interfaces:
            return device
        return {**device, "interfaces": orjson.Fragment(unpack_json(self.interfaces.get(device_id)))}

    def to_state(self, device_ids: Iterable[int], *, with_interfaces: bool = False) -> bytes:
        """The `state` message of these devices, in id order; its parts on a line each, where it is long."""
        listed = sorted(device_ids)
        if with_interfaces:
            viewed = [self.to_viewed(one, with_interfaces=True) for one in listed]
        else:
            viewed = [self.devices[one] for one in listed]
        return encode_state(self.position, self.time_stamp, viewed, self.storing_delayed_since)
