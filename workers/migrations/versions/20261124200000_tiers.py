"""Create the tiers that snapshots are rolled up into, and how far each of them reaches."""

from alembic import op

revision = "20261124200000"
down_revision = "20261123120000"

# Wide columns first: no byte of a row is lost to padding. Extremes stay null where nothing was known.
_ROLLUP = """
    begin_at timestamptz NOT NULL,
    upload_megabits double precision NOT NULL,
    download_megabits double precision NOT NULL,
    round_trip_area double precision NOT NULL,
    device_id integer NOT NULL,
    snapshot_count integer NOT NULL,
    up_seconds integer NOT NULL,
    down_seconds integer NOT NULL,
    unknown_seconds integer NOT NULL,
    round_trip_known_seconds integer NOT NULL,
    upload_min real,
    upload_max real,
    download_min real,
    download_max real,
    round_trip_min real,
    round_trip_max real,
    PRIMARY KEY (device_id, begin_at)
"""
_SUMMARY = """
    begin_at timestamptz PRIMARY KEY,
    upload_megabits double precision NOT NULL,
    download_megabits double precision NOT NULL,
    up_seconds bigint NOT NULL,
    down_seconds bigint NOT NULL,
    unknown_seconds bigint NOT NULL,
    upload_min double precision NOT NULL,
    upload_max double precision NOT NULL,
    download_min double precision NOT NULL,
    download_max double precision NOT NULL,
    covered_seconds integer NOT NULL,
    tick_count integer NOT NULL,
    up_min integer NOT NULL,
    up_max integer NOT NULL
"""


def upgrade() -> None:
    """New tables only; nothing waits for them."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"CREATE TABLE store.rollup_5m ({_ROLLUP}) PARTITION BY RANGE (begin_at)")
    op.execute(f"CREATE TABLE store.rollup_1h ({_ROLLUP})")
    op.execute(f"CREATE TABLE store.rollup_1d ({_ROLLUP})")
    for tier in ("5m", "1h", "1d"):
        op.execute(f"CREATE INDEX rollup_{tier}_begin_at_idx ON store.rollup_{tier} USING brin (begin_at)")
        op.execute(f"CREATE TABLE store.summary_{tier} ({_SUMMARY})")
    # Nothing was rolled up or dropped yet.
    op.execute(
        """
        CREATE TABLE store.history_extent (
            id boolean PRIMARY KEY DEFAULT true CHECK (id),
            rolled_until timestamptz,
            raw_since timestamptz NOT NULL,
            simulated_raw_since timestamptz NOT NULL,
            five_minutes_since timestamptz NOT NULL,
            hours_since timestamptz NOT NULL,
            days_since timestamptz NOT NULL
        )
        """
    )
    op.execute("INSERT INTO store.history_extent VALUES (true, NULL, 'epoch', 'epoch', 'epoch', 'epoch', 'epoch')")


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
