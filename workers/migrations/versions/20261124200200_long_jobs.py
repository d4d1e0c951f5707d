"""Let the ledger tell how far a long job has come and what it was asked for; keep reports; know what was backfilled."""

from alembic import op

revision = "20261124200200"
down_revision = "20261124200100"


def upgrade() -> None:
    """New columns without a rewrite, and a new table."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE store.job_run ADD COLUMN progress real, ADD COLUMN arguments jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE store.history_extent ADD COLUMN backfilled_since timestamptz")
    op.execute(
        """
        CREATE TABLE store.report (
            month text NOT NULL,
            zone text NOT NULL,
            made_at timestamptz NOT NULL,
            figures jsonb NOT NULL,
            PRIMARY KEY (month, zone)
        )
        """
    )


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
