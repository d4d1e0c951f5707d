"""The inventory's tables, and a device as it goes over the wire in each direction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from pydantic import Field as WireField
from pydantic_core.core_schema import ValidationInfo
from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlmodel import Field, SQLModel

from dashnet.reading import State
from services.network.drivers import check_driver, check_options
from services.network.fields import (
    DriverName,
    IpAddress,
    OptionalMacAddress,
    ParentId,
    RequiredText,
    Tag,
    Text,
)

SCHEMA = "network"
MOST_TAGS = 32


class DeviceCreate(BaseModel):
    """A device to be added; the secrets among its driver's options are `SecretStr` once it is checked."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    host_name: RequiredText
    mac_address: OptionalMacAddress = None
    ip_address: IpAddress
    device_type: RequiredText = "Other"
    operating_system: Text = ""
    driver: DriverName = "simulated"
    driver_options: dict[str, Any] = WireField(default_factory=dict, validate_default=True)
    tags: list[Tag] = WireField(default_factory=list, max_length=MOST_TAGS)
    parent_id: ParentId | None = None

    @field_validator("tags")
    @classmethod
    def _drop_repeated_tags(cls, tags: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(tags))

    @field_validator("driver")
    @classmethod
    def _check_driver(cls, driver: str) -> str:
        check_driver(driver)
        return driver

    @field_validator("driver_options")
    @classmethod
    def _check_driver_options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        return check_options(info.data["driver"], options) if "driver" in info.data else options


class DeviceUpdate(BaseModel):
    """Changes to a device: what is left out stays, and only `mac_address` and `parent_id` may become null.

    A secret that is left out of `driver_options`, or given as its mask, stays too; null removes it.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    host_name: RequiredText = ""
    mac_address: OptionalMacAddress = None
    ip_address: IpAddress = ""
    device_type: RequiredText = ""
    operating_system: Text = ""
    driver: DriverName = ""
    driver_options: dict[str, Any] = WireField(default_factory=dict)
    tags: list[Tag] = WireField(default_factory=list, max_length=MOST_TAGS)
    parent_id: ParentId | None = None


class DeviceEntry(BaseModel):
    """A device of a fleet, known by its MAC address, or without one by its host name.

    `parent` is another's host name or MAC address.

    What is left out stays or becomes the default, as the request says; a secret that is left out, or given as its mask,
    stays in any case; null removes it.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    host_name: RequiredText = ""
    mac_address: OptionalMacAddress = None
    ip_address: IpAddress = ""
    device_type: RequiredText = ""
    operating_system: Text = ""
    driver: DriverName = ""
    driver_options: dict[str, Any] = WireField(default_factory=dict)
    tags: list[Tag] = WireField(default_factory=list, max_length=MOST_TAGS)
    parent: RequiredText | None = None

    @model_validator(mode="after")
    def _check_known(self) -> Self:
        if self.mac_address is None and not self.host_name:
            raise ValueError("a device needs a host_name, or a mac_address by which it is known")
        return self


class Device(SQLModel, table=True):
    """A device in the inventory; `revision` is that of the inventory when the device last changed.

    `driver_options` shows masks; `secrets` holds, by JSON pointer and encrypted, what stands behind them.
    """

    __table_args__ = (
        UniqueConstraint("mac_address", name="device_mac_address_key"),
        Index("device_parent_id_idx", "parent_id"),
        Index("device_revision_idx", "revision"),
        {"schema": SCHEMA},
    )

    id: int | None = Field(default=None, primary_key=True)
    host_name: str = Field(sa_type=TEXT)
    mac_address: str | None = Field(default=None, sa_type=TEXT)
    ip_address: str = Field(sa_type=TEXT)
    device_type: str = Field(sa_type=TEXT)
    operating_system: str = Field(sa_type=TEXT)
    driver: str = Field(sa_type=TEXT)
    driver_options: dict[str, Any] = Field(sa_type=JSONB)
    secrets: dict[str, str] = Field(sa_type=JSONB, sa_column_kwargs={"server_default": "{}"})
    tags: list[str] = Field(sa_type=JSONB)
    parent_id: int | None = Field(default=None, foreign_key=f"{SCHEMA}.device.id", ondelete="SET NULL")
    revision: int = Field(sa_type=BigInteger)


class RemovedDevice(SQLModel, table=True):
    """What a removed device leaves behind, so that the store hears of it however late."""

    __tablename__ = "removed_device"
    __table_args__ = (Index("removed_device_revision_idx", "revision"), {"schema": SCHEMA})

    id: int = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)


class InventoryState(SQLModel, table=True):
    """One row: `revision` counts the inventory's changes; `inventory_id` is another after a new beginning."""

    __tablename__ = "inventory"
    __table_args__ = ({"schema": SCHEMA},)

    id: bool = Field(default=True, primary_key=True)
    inventory_id: str = Field(sa_type=TEXT)
    revision: int = Field(sa_type=BigInteger)


class StaticDevice(BaseModel):
    """A device in the inventory as the API answers it, unread."""

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


class InterfacePublic(BaseModel):
    """One interface of a device, told from its others by `name`; `interface_type` is a number of IANA's ifType.

    Speeds are Mbit/s, errors and discards packets per second (in: received, out: sent); each is null where there is
    none, or none that is true: at a first reading, after a reset.
    """

    name: str
    state: State
    alias: str | None
    interface_type: int | None
    line_speed: float | None
    upload_speed: float | None
    download_speed: float | None
    errors_in: float | None
    errors_out: float | None
    discards_in: float | None
    discards_out: float | None


class DevicePublic(StaticDevice):
    """A device read at `read_at`. With `?read=false` the reading is left out.

    Speeds are Mbit/s: 0 while the device is down, null where they are not known.
    `interfaces` come with `?interfaces=true`, of devices that show any; their speeds are the sum of these.
    """

    state: State | None = None
    active_connection: bool | None = None
    upload_speed: float | None = None
    download_speed: float | None = None
    round_trip_seconds: float | None = None
    loss_ratio: float | None = None
    jitter_seconds: float | None = None
    read_at: datetime | None = None
    error: str | None = None
    interfaces: list[InterfacePublic] | None = None


class InventoryChanges(BaseModel):
    """What changed after a revision; `removed` holds ids."""

    inventory_id: str
    revision: int
    changed: list[StaticDevice]
    removed: list[int]
