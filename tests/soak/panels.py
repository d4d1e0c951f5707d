"""What a client knows by the rules of docs/protocol.md, and in which of them the server broke its word. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

Message = Mapping[str, Any]
_STATES = {True: "up", False: "down", None: "unknown"}


@dataclass(slots=True)
class LivePanel:
    """A client of `/live`, over all its connections."""

    broken: list[str] = field(default_factory=list)
    epoch: str | None = None
    seq: int = 0
    time_stamp: str | None = None
    devices: dict[int, dict[str, Any]] = field(default_factory=dict)
    resumes: int = 0
    states: int = 0
    _is_first: bool = True

    def connect(self) -> str:
        """The path of the next connection: go on where the last one ended."""
        self._is_first = True
        return "/live" if self.epoch is None else "/live?" + urlencode({"epoch": self.epoch, "seq": self.seq})

    def take_in(self, message: Message) -> bool:
        """Apply one message; false where the client must connect anew without saying where it was."""
        kind = message["type"]
        if kind == "error":
            self.broken.append(f"error {message['code']}: {message['detail']}")
            return True
        is_first, self._is_first = self._is_first, False
        if kind == "state":
            self._begin(message)
        elif kind == "resumed":
            return self._resume(message) if is_first else self._complain(f"resumed at {message['seq']} unasked")
        elif is_first:
            return self._complain(f"{kind} came first")
        elif message["seq"] != self.seq + 1:
            return self._complain(f"seq {message['seq']} came after {self.seq}")
        else:
            self._change(message)
        return True

    def _complain(self, words: str) -> bool:
        self.broken.append(words)
        self.epoch = None
        return False

    def _begin(self, message: Message) -> None:
        self.states += 1
        self.epoch, self.seq, self.time_stamp = message["epoch"], message["seq"], message["time_stamp"]
        self.devices = {device["id"]: dict(device) for device in message["devices"]}

    def _resume(self, message: Message) -> bool:
        self.resumes += 1
        if (message["epoch"], message["seq"]) != (self.epoch, self.seq):
            return self._complain(f"resumed at {message['epoch']} {message['seq']}, not {self.epoch} {self.seq}")
        return True

    def _change(self, message: Message) -> None:
        self.seq = message["seq"]
        for snap_shot in message.get("snap_shots", ()):
            self._read(message["time_stamp"], snap_shot)
        if message.get("snap_shots"):
            self.time_stamp = max(self.time_stamp or "", message["time_stamp"])
        for device in message.get("changed", ()):
            self.devices[device["id"]] = dict(device)
        for device_id in message.get("removed", ()):
            self.devices.pop(device_id, None)

    def _read(self, time_stamp: str, snap_shot: Message) -> None:
        device = self.devices.get(snap_shot["device_id"])
        if device is None:
            self.broken.append(f"a snapshot of {snap_shot['device_id']}, which nobody knows")
            return
        # An older time stamp never replaces a newer one. All are written alike, so they compare as text.
        if device["snap_shot"] is None or device["snap_shot"]["time_stamp"] <= time_stamp:
            values = {name: value for name, value in snap_shot.items() if name != "device_id"}
            device["snap_shot"] = {"time_stamp": time_stamp, **values}
            device["state"] = _STATES[snap_shot["active_connection"]]


@dataclass(slots=True)
class FullPanel:
    """A client of `/`, the protocol of 2020: each message is all there is."""

    broken: list[str] = field(default_factory=list)
    devices: Sequence[Message] = ()
    arrays: int = 0

    def connect(self) -> str:
        """The path of the next connection."""
        return "/"

    def take_in(self, message: Any) -> bool:  # any JSON value
        """Take an array in place of the one before."""
        if not isinstance(message, list):
            self.broken.append(f"no array: {str(message)[:200]}")
            return True
        self.arrays += 1
        times = {tuple(one["time_stamp"] for one in device["snap_shots"]) for device in message}
        if len(times) > 1 or () in times:
            self.broken.append(f"devices have {len(times)} different rows of times")
        elif any(list(row) != sorted(row) for row in times):
            self.broken.append("the oldest snapshot does not come first")
        self.devices = message
        return True


def describe_difference(known: Sequence[Message], asked: Sequence[Message]) -> str | None:
    """How the devices that a client knows differ from those that the API answers; None where they are the same."""
    ours, theirs = ({device["id"]: device for device in devices} for devices in (known, asked))
    if ours.keys() != theirs.keys():
        return f"{len(ours.keys() ^ theirs.keys())} devices are known to one side only"
    wrong = [device_id for device_id, device in theirs.items() if ours[device_id] != device]
    if not wrong:
        return None
    return f"{len(wrong)} devices differ, such as {ours[wrong[0]]} and {theirs[wrong[0]]}"[:600]
