"""The tables of history. Workers write them (and own their migrations); `measures.py` tells what the counts mean."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, REAL, TEXT
from sqlmodel import Field, SQLModel

from dashnet.store import SCHEMA


class RollupFields(SQLModel):
    """A stretch of time of one device; extremes are null where nothing was known.

    `upload_known_seconds` and `download_known_seconds` are null where they are `up_seconds + down_seconds`; loss and
    jitter are null where nothing measured them.
    """

    begin_at: datetime = Field(sa_type=DateTime(timezone=True))
    upload_megabits: float = Field(sa_type=DOUBLE_PRECISION)
    download_megabits: float = Field(sa_type=DOUBLE_PRECISION)
    round_trip_area: float = Field(sa_type=DOUBLE_PRECISION)
    device_id: int
    snapshot_count: int
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    round_trip_known_seconds: int
    upload_min: float | None = Field(sa_type=REAL)
    upload_max: float | None = Field(sa_type=REAL)
    download_min: float | None = Field(sa_type=REAL)
    download_max: float | None = Field(sa_type=REAL)
    round_trip_min: float | None = Field(sa_type=REAL)
    round_trip_max: float | None = Field(sa_type=REAL)
    upload_known_seconds: int | None
    download_known_seconds: int | None
    loss_area: float | None = Field(sa_type=DOUBLE_PRECISION)
    loss_known_seconds: int | None
    loss_min: float | None = Field(sa_type=REAL)
    loss_max: float | None = Field(sa_type=REAL)
    jitter_area: float | None = Field(sa_type=DOUBLE_PRECISION)
    jitter_known_seconds: int | None
    jitter_min: float | None = Field(sa_type=REAL)
    jitter_max: float | None = Field(sa_type=REAL)


class RollupFiveMinutes(RollupFields, table=True):
    """Made of snapshots. Partitioned by day of `begin_at` (UTC)."""

    __tablename__ = "rollup_5m"
    __table_args__ = (
        PrimaryKeyConstraint("device_id", "begin_at"),
        Index("rollup_5m_begin_at_idx", "begin_at", postgresql_using="brin"),
        {"schema": SCHEMA, "postgresql_partition_by": "RANGE (begin_at)"},
    )


class RollupHour(RollupFields, table=True):
    """Made of five minutes."""

    __tablename__ = "rollup_1h"
    __table_args__ = (
        PrimaryKeyConstraint("device_id", "begin_at"),
        Index("rollup_1h_begin_at_idx", "begin_at", postgresql_using="brin"),
        {"schema": SCHEMA},
    )


class RollupDay(RollupFields, table=True):
    """Made of hours."""

    __tablename__ = "rollup_1d"
    __table_args__ = (
        PrimaryKeyConstraint("device_id", "begin_at"),
        Index("rollup_1d_begin_at_idx", "begin_at", postgresql_using="brin"),
        {"schema": SCHEMA},
    )


class InterfaceRollupFields(SQLModel):
    """A stretch of time of one interface; extremes are null where nothing was known."""

    begin_at: datetime = Field(sa_type=DateTime(timezone=True))
    upload_megabits: float = Field(sa_type=DOUBLE_PRECISION)
    download_megabits: float = Field(sa_type=DOUBLE_PRECISION)
    errors_in_packets: float = Field(sa_type=DOUBLE_PRECISION)
    errors_out_packets: float = Field(sa_type=DOUBLE_PRECISION)
    discards_in_packets: float = Field(sa_type=DOUBLE_PRECISION)
    discards_out_packets: float = Field(sa_type=DOUBLE_PRECISION)
    interface_id: int
    snapshot_count: int
    up_seconds: int
    down_seconds: int
    unknown_seconds: int
    upload_known_seconds: int
    download_known_seconds: int
    errors_in_known_seconds: int
    errors_out_known_seconds: int
    discards_in_known_seconds: int
    discards_out_known_seconds: int
    upload_min: float | None = Field(sa_type=REAL)
    upload_max: float | None = Field(sa_type=REAL)
    download_min: float | None = Field(sa_type=REAL)
    download_max: float | None = Field(sa_type=REAL)


class InterfaceRollupFiveMinutes(InterfaceRollupFields, table=True):
    """Made of interface snapshots. Partitioned by day of `begin_at` (UTC)."""

    __tablename__ = "interface_rollup_5m"
    __table_args__ = (
        PrimaryKeyConstraint("interface_id", "begin_at"),
        Index("interface_rollup_5m_begin_at_idx", "begin_at", postgresql_using="brin"),
        {"schema": SCHEMA, "postgresql_partition_by": "RANGE (begin_at)"},
    )


class InterfaceRollupHour(InterfaceRollupFields, table=True):
    """Made of five minutes."""

    __tablename__ = "interface_rollup_1h"
    __table_args__ = (
        PrimaryKeyConstraint("interface_id", "begin_at"),
        Index("interface_rollup_1h_begin_at_idx", "begin_at", postgresql_using="brin"),
        {"schema": SCHEMA},
    )


class InterfaceRollupDay(InterfaceRollupFields, table=True):
    """Made of hours."""

    __tablename__ = "interface_rollup_1d"
    __table_args__ = (
        PrimaryKeyConstraint("interface_id", "begin_at"),
        Index("interface_rollup_1d_begin_at_idx", "begin_at", postgresql_using="brin"),
        {"schema": SCHEMA},
    )


class SummaryFields(SQLModel):
    """A stretch of time of all devices of a kind; seconds up, down and unknown are added up over devices.

    `kind` is real or simulated, or all, which knows traffic only of the time before kinds were kept apart.
    `upload_known_seconds` and `download_known_seconds` are null where they are `covered_seconds`.
    """

    kind: str = Field(sa_type=TEXT)
    begin_at: datetime = Field(sa_type=DateTime(timezone=True))
    upload_megabits: float = Field(sa_type=DOUBLE_PRECISION)
    download_megabits: float = Field(sa_type=DOUBLE_PRECISION)
    up_seconds: int = Field(sa_type=BigInteger)
    down_seconds: int = Field(sa_type=BigInteger)
    unknown_seconds: int = Field(sa_type=BigInteger)
    upload_min: float | None = Field(sa_type=DOUBLE_PRECISION)
    upload_max: float | None = Field(sa_type=DOUBLE_PRECISION)
    download_min: float | None = Field(sa_type=DOUBLE_PRECISION)
    download_max: float | None = Field(sa_type=DOUBLE_PRECISION)
    upload_known_seconds: int | None
    download_known_seconds: int | None
    covered_seconds: int
    tick_count: int
    up_min: int
    up_max: int


class SummaryFiveMinutes(SummaryFields, table=True):
    """Made of snapshots, which are added up tick by tick."""

    __tablename__ = "summary_5m"
    __table_args__ = (PrimaryKeyConstraint("kind", "begin_at"), {"schema": SCHEMA})


class SummaryHour(SummaryFields, table=True):
    """Made of five minutes."""

    __tablename__ = "summary_1h"
    __table_args__ = (PrimaryKeyConstraint("kind", "begin_at"), {"schema": SCHEMA})


class SummaryDay(SummaryFields, table=True):
    """Made of hours."""

    __tablename__ = "summary_1d"
    __table_args__ = (PrimaryKeyConstraint("kind", "begin_at"), {"schema": SCHEMA})


class HistoryExtent(SQLModel, table=True):
    """One row: how far each tier reaches (`tiers.Extent`), and back to when the simulated past was written."""

    __tablename__ = "history_extent"
    __table_args__ = ({"schema": SCHEMA},)

    id: bool = Field(default=True, primary_key=True)
    rolled_until: datetime | None = Field(sa_type=DateTime(timezone=True))
    raw_since: datetime = Field(sa_type=DateTime(timezone=True))
    simulated_raw_since: datetime = Field(sa_type=DateTime(timezone=True))
    five_minutes_since: datetime = Field(sa_type=DateTime(timezone=True))
    hours_since: datetime = Field(sa_type=DateTime(timezone=True))
    days_since: datetime = Field(sa_type=DateTime(timezone=True))
    backfilled_since: datetime | None = Field(sa_type=DateTime(timezone=True))
    interface_raw_since: datetime = Field(sa_type=DateTime(timezone=True))
    interface_five_minutes_since: datetime = Field(sa_type=DateTime(timezone=True))
    interface_hours_since: datetime = Field(sa_type=DateTime(timezone=True))


class StateChange(SQLModel, table=True):
    """At the tick `at` a refresh found the device in another state than the one before."""

    __tablename__ = "state_change"
    __table_args__ = (
        PrimaryKeyConstraint("device_id", "at"),
        Index("state_change_at_idx", "at", "device_id"),
        {"schema": SCHEMA},
    )

    at: datetime = Field(sa_type=DateTime(timezone=True))
    device_id: int
    from_state: str = Field(sa_type=TEXT)
    to_state: str = Field(sa_type=TEXT)
    reason: str | None = Field(sa_type=TEXT)


class DeviceState(SQLModel, table=True):
    """The newest state of a device that was read, which the next refresh compares with."""

    __tablename__ = "device_state"
    __table_args__ = ({"schema": SCHEMA},)

    device_id: int = Field(
        primary_key=True,
        foreign_key=f"{SCHEMA}.device.id",
        ondelete="CASCADE",
        sa_column_kwargs={"autoincrement": False},
    )
    state: str = Field(sa_type=TEXT)
    since: datetime = Field(sa_type=DateTime(timezone=True))


class Report(SQLModel, table=True):
    """The figures of a month in a time zone, kept for a week."""

    __tablename__ = "report"
    __table_args__ = ({"schema": SCHEMA},)

    month: str = Field(sa_type=TEXT, primary_key=True)
    zone: str = Field(sa_type=TEXT, primary_key=True)
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
    figures: dict[str, Any] = Field(sa_type=JSONB)
