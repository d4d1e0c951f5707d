"""The snapshot store: its tables. Workers write them (and own their migrations), the app service reads them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, REAL, TEXT
from sqlmodel import Field, SQLModel

SCHEMA = "store"

# Names of advisory locks, whose key is `hashtextextended(name, 0)`: one writer at a time, one run of a job at a time.
WRITER_LOCK = "dashnet store writer"
JOB_LOCK_PREFIX = "dashnet job "

# The static fields of a device, in wire order: what the inventory holds and a reading does not change.
STATIC_FIELDS = (
    "id",
    "host_name",
    "device_type",
    "operating_system",
    "mac_address",
    "ip_address",
    "driver",
    "driver_options",
    "tags",
    "parent_id",
)


class Outcome(StrEnum):
    """How a job run ended; a run without one is still running."""

    DONE = "done"
    SKIPPED = "skipped"
    MISSED = "missed"
    FAILED = "failed"


class Device(SQLModel, table=True):
    """A device's static fields as of the newest inventory revision that reached the store.

    `is_edge`: its traffic is the network's (`edge.find_edge`); null until a worker has found that out.
    """

    __table_args__ = (
        UniqueConstraint("mac_address", name="device_mac_address_key", deferrable=True, initially="DEFERRED"),
        {"schema": SCHEMA},
    )

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    host_name: str = Field(sa_type=TEXT)
    device_type: str = Field(sa_type=TEXT)
    operating_system: str = Field(sa_type=TEXT)
    mac_address: str | None = Field(default=None, sa_type=TEXT)
    ip_address: str = Field(sa_type=TEXT)
    driver: str = Field(sa_type=TEXT)
    driver_options: dict[str, Any] = Field(sa_type=JSONB)
    tags: list[str] = Field(sa_type=JSONB)
    parent_id: int | None = None
    # When it came into the store, or got another driver; minus infinity where nobody knows, and on a first start.
    driver_since: datetime = Field(
        sa_type=DateTime(timezone=True), sa_column_kwargs={"server_default": text("'-infinity'")}
    )
    is_edge: bool | None = None


class Snapshot(SQLModel, table=True):
    """A reading stored under its tick; speeds in Mbit/s, null where not known.

    `is_simulated` and `is_edge` are those of the device at that time, and null where that was not kept yet.
    Partitioned by day of `time_stamp` (UTC).
    """

    __table_args__ = (
        PrimaryKeyConstraint("device_id", "time_stamp"),
        Index("snapshot_time_stamp_idx", "time_stamp", postgresql_using="brin"),
        {"schema": SCHEMA, "postgresql_partition_by": "RANGE (time_stamp)"},
    )

    time_stamp: datetime = Field(sa_type=DateTime(timezone=True))
    device_id: int
    upload_speed: float | None = Field(sa_type=REAL)
    download_speed: float | None = Field(sa_type=REAL)
    round_trip_seconds: float | None = Field(sa_type=REAL)
    active_connection: bool | None
    loss_ratio: float | None = Field(sa_type=REAL)
    jitter_seconds: float | None = Field(sa_type=REAL)
    is_simulated: bool | None
    is_edge: bool | None


class Interface(SQLModel, table=True):
    """An interface that a device has shown, told from the device's others by its name; `line_speed` in Mbit/s.

    `last_seen_at` may be an hour older than its newest snapshot.
    """

    __table_args__ = (
        UniqueConstraint("device_id", "name", name="interface_device_id_name_key"),
        {"schema": SCHEMA},
    )

    id: int | None = Field(default=None, primary_key=True)
    device_id: int
    name: str = Field(sa_type=TEXT)
    alias: str | None = Field(sa_type=TEXT)
    interface_type: int | None
    line_speed: float | None = Field(sa_type=DOUBLE_PRECISION)
    first_seen_at: datetime = Field(sa_type=DateTime(timezone=True))
    last_seen_at: datetime = Field(sa_type=DateTime(timezone=True))


class InterfaceSnapshot(SQLModel, table=True):
    """What a reading saw of an interface, under its tick; partitioned as snapshots are.

    Speeds in Mbit/s, the others packets per second; null where there is none that is true.
    """

    __tablename__ = "interface_snapshot"
    __table_args__ = (
        PrimaryKeyConstraint("interface_id", "time_stamp"),
        Index("interface_snapshot_time_stamp_idx", "time_stamp", postgresql_using="brin"),
        {"schema": SCHEMA, "postgresql_partition_by": "RANGE (time_stamp)"},
    )

    time_stamp: datetime = Field(sa_type=DateTime(timezone=True))
    interface_id: int
    upload_speed: float | None = Field(sa_type=REAL)
    download_speed: float | None = Field(sa_type=REAL)
    errors_in: float | None = Field(sa_type=REAL)
    errors_out: float | None = Field(sa_type=REAL)
    discards_in: float | None = Field(sa_type=REAL)
    discards_out: float | None = Field(sa_type=REAL)
    is_up: bool | None


class JobRun(SQLModel, table=True):
    """One line of the ledger: a tick of a job, and for a page of a large refresh where the page begins."""

    __tablename__ = "job_run"
    __table_args__ = (
        UniqueConstraint("job", "tick", "after_id", name="job_run_job_tick_after_id_key"),
        Index("job_run_tick_idx", "tick"),
        Index("job_run_running_idx", "job", postgresql_where=text("outcome IS NULL")),
        {"schema": SCHEMA},
    )

    id: int | None = Field(default=None, primary_key=True)
    job: str = Field(sa_type=TEXT)
    tick: datetime = Field(sa_type=DateTime(timezone=True))
    after_id: int = 0
    requested_by: str = Field(sa_type=TEXT)
    attempt: int = 1
    worker: str | None = Field(sa_type=TEXT)
    started_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    outcome: str | None = Field(sa_type=TEXT)
    progress: float | None = Field(default=None, sa_type=REAL)
    arguments: list[str | int] = Field(default_factory=list, sa_type=JSONB)
    device_count: int | None
    snapshot_count: int | None
    error: str | None = Field(sa_type=TEXT)


class StoreState(SQLModel, table=True):
    """One row: which inventory revision the store holds, and whether a commit has not been published yet.

    `is_edge_found` is false in a store from before devices had `is_edge`, until the next refresh.
    """

    __tablename__ = "store_state"
    __table_args__ = ({"schema": SCHEMA},)

    id: bool = Field(default=True, primary_key=True)
    inventory_id: str = Field(sa_type=TEXT)
    inventory_revision: int = Field(sa_type=BigInteger)
    unpublished: bool
    is_edge_found: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
