"""Keep loss and jitter as round trips are kept, and for how long a speed was known."""

from alembic import op

revision = "20261129031000"
down_revision = "20261129030000"

# Null takes no room: few drivers measure loss, and a speed is mostly known for as long as the state is.
_RATES = """
    ADD COLUMN upload_known_seconds integer,
    ADD COLUMN download_known_seconds integer,
    ADD COLUMN loss_area double precision,
    ADD COLUMN loss_known_seconds integer,
    ADD COLUMN loss_min real,
    ADD COLUMN loss_max real,
    ADD COLUMN jitter_area double precision,
    ADD COLUMN jitter_known_seconds integer,
    ADD COLUMN jitter_min real,
    ADD COLUMN jitter_max real
"""
_SUMMARY = """
    ADD COLUMN upload_known_seconds integer,
    ADD COLUMN download_known_seconds integer,
    ALTER upload_min DROP NOT NULL,
    ALTER upload_max DROP NOT NULL,
    ALTER download_min DROP NOT NULL,
    ALTER download_max DROP NOT NULL
"""


def upgrade() -> None:
    """New columns without a rewrite; the days that there are follow their table."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE store.snapshot ADD COLUMN loss_ratio real, ADD COLUMN jitter_seconds real")
    for tier in ("5m", "1h", "1d"):
        op.execute(f"ALTER TABLE store.rollup_{tier} {_RATES}")
        op.execute(f"ALTER TABLE store.summary_{tier} {_SUMMARY}")


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
