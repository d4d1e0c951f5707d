"""Every message of the websockets, typed: what the client hands out, and what the AsyncAPI document is made of."""

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, Required

from pydantic import AfterValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from dashnet.reading import State


def _check_moment(value: str) -> str:
    datetime.fromisoformat(value)
    return value


Moment = Annotated[
    str,
    AfterValidator(_check_moment),
    Field(json_schema_extra={"format": "date-time"}, description="ISO 8601 in UTC, ending in Z"),
]
Seq = Annotated[int, Field(ge=0, description="Counts messages by one within an epoch")]
Epoch = Annotated[str, Field(description="Another one means another count")]
Speed = Annotated[
    float | None,
    Field(ge=0, description="Mbit/s; 0 while the device is down, null where it is not known: nothing measures it"),
]
Speed2020 = Annotated[float, Field(ge=0, description="Mbit/s; 0 also where it is not known")]
Active = Annotated[bool | None, Field(description="True is up, false is down, null is unknown")]
RoundTrip = Annotated[float | None, Field(description="Null where the driver measures none")]
LossRatio = Annotated[float | None, Field(ge=0, le=1, description="From 0 to 1; null where the driver measures none")]
Jitter = Annotated[float | None, Field(ge=0, description="Seconds; null where the driver measures none")]
Rate = Annotated[float | None, Field(ge=0, description="Mbit/s")]
Packets = Annotated[float | None, Field(ge=0, description="Per second; in: received, out: sent")]
Removed = Annotated[list[int], Field(description="Ids that are gone, or are out of your view")]


class LiveInterface(TypedDict):
    """One interface of a device, told from its others by `name`, as it was when the device was read.

    `interface_type` is a number of IANA's ifType. Rates are null where there is none that is true: at a first reading,
    after a reset.
    """

    name: str
    state: State
    alias: str | None
    interface_type: int | None
    line_speed: Annotated[float | None, Field(description="Mbit/s")]
    upload_speed: Rate
    download_speed: Rate
    errors_in: Packets
    errors_out: Packets
    discards_in: Packets
    discards_out: Packets


class DeviceSnapShot(TypedDict):
    """A device's latest reading, under the tick it was stored with."""

    time_stamp: Moment
    active_connection: Active
    upload_speed: Speed
    download_speed: Speed
    round_trip_seconds: RoundTrip
    loss_ratio: NotRequired[LossRatio]
    jitter_seconds: NotRequired[Jitter]


class LiveDevice(TypedDict):
    """A device as it is now; `snap_shot` is null until it was refreshed for the first time."""

    id: int
    host_name: str
    device_type: str
    operating_system: str
    mac_address: str | None
    ip_address: str
    driver: str
    driver_options: dict[str, Any]
    tags: list[str]
    parent_id: int | None
    state: State
    snap_shot: DeviceSnapShot | None


Interfaces = Annotated[
    list[LiveInterface], Field(description="All that the device shows; only in a view that asks for interfaces")
]


class ViewedDevice(LiveDevice):
    """A device in a view, which may ask for its interfaces."""

    interfaces: NotRequired[Interfaces]


class SnapShot(TypedDict):
    """One device's reading in a refresh."""

    device_id: int
    active_connection: Active
    upload_speed: Speed
    download_speed: Speed
    round_trip_seconds: RoundTrip
    loss_ratio: NotRequired[LossRatio]
    jitter_seconds: NotRequired[Jitter]
    interfaces: NotRequired[Interfaces]


class StateChange(TypedDict):
    """A device that a refresh found in another state than the one before; one that was never read is unknown."""

    device_id: int
    from_state: State
    to_state: State
    reason: Annotated[str | None, Field(description="In words, where anybody knows")]


Changed = Annotated[list[ViewedDevice], Field(description="Whole devices, each in the place of the one you have")]
StoringDelayedSince = Annotated[
    Moment, Field(description="Only while readings wait to be stored: the oldest tick of those that wait")
]


class StateMessage(TypedDict):
    """All devices of your view: begin anew with these.

    With `complete_at` it is the first part of a long one: the other devices follow as `inventory` messages, each with
    the next `seq`, the last with this one.
    """

    type: Literal["state"]
    epoch: Epoch
    seq: Seq
    complete_at: NotRequired[Annotated[int, Field(ge=0, description="The `seq` of the last part")]]
    time_stamp: Moment | None
    devices: list[ViewedDevice]
    storing_delayed_since: NotRequired[StoringDelayedSince]


class SnapshotsMessage(TypedDict):
    """A refresh was stored, or will be once Postgres is back; `state_changes` is left out where there are none.

    One with an older `time_stamp` may come after a newer one. It replaces no snapshot that is newer.

    In a view that asks for a state, `changed` and `removed` tell who entered and who left.
    """

    type: Literal["snapshots"]
    seq: Seq
    time_stamp: Moment
    storing_delayed_since: NotRequired[StoringDelayedSince]
    snap_shots: list[SnapShot]
    state_changes: NotRequired[list[StateChange]]
    changed: NotRequired[Changed]
    removed: NotRequired[Removed]


class InventoryMessage(TypedDict):
    """Devices were added, changed or removed."""

    type: Literal["inventory"]
    seq: Seq
    changed: Changed
    removed: Removed


class ResumedMessage(TypedDict):
    """Nothing was lost: what you missed after this `seq` follows, in order."""

    type: Literal["resumed"]
    epoch: Epoch
    seq: Seq


class ErrorMessage(TypedDict):
    """A message of yours was not followed; the connection lives on."""

    type: Literal["error"]
    code: Literal["bad_message", "unknown_type", "wrong_password", "forbidden", "unavailable", "too_many_views"]
    detail: str


class ViewFields(TypedDict, total=False):
    """Devices that fit every field given; null and absent ask for nothing.

    `interfaces` true, which takes `device_ids`, 100 at the most: with the interfaces of each.
    """

    device_ids: list[int] | None
    tags: list[str] | None
    device_types: list[str] | None
    state: State | None
    search: str | None
    interfaces: bool | None


class SubscribeMessage(ViewFields):
    """See only devices that fit every field given; answered by `state`. Null and absent ask for nothing."""

    type: Required[Literal["subscribe"]]


class ControlMessage(TypedDict):
    """Have every device read now (`refresh`), or the demo reset (`clean`)."""

    socket_type: Literal["refresh", "clean"]
    password: NotRequired[str]


class SnapShot2020(TypedDict):
    """A snapshot as 2020 had it; `time_stamp` has no zone and is UTC, speeds have two decimals at most."""

    id: Annotated[int, Field(ge=0, lt=2**53, description="No two snapshots of an array have the same")]
    time_stamp: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$")]
    upload_speed: Speed2020
    download_speed: Speed2020
    active_connection: Active


class Device2020(TypedDict):
    """A device as 2020 had it, with its snapshots since the last clean, oldest first.

    All devices of an array have theirs at the same times.
    """

    id: int
    mac_address: str
    ip_address: str
    device_type: str
    host_name: str
    operating_system: str
    snap_shots: Annotated[list[SnapShot2020], Field(min_length=1)]


Received = StateMessage | SnapshotsMessage | InventoryMessage | ResumedMessage | ErrorMessage
RECEIVED_TYPES = ("state", "snapshots", "inventory", "resumed", "error")

_RECEIVED: TypeAdapter[Received] = TypeAdapter(Annotated[Received, Field(discriminator="type")])


def parse_received(document: object) -> Received:
    """A message of the server, its fields checked; unknown ones are left out.

    Raises:
        ValueError: a field is missing or does not fit.
    """
    return _RECEIVED.validate_python(document)
