"""Keep with each snapshot whether it is simulated and at the edge, and totals of both kinds apart."""

from alembic import op

revision = "20261129091500"
down_revision = "20261129083000"


def upgrade() -> None:
    """Columns without a rewrite: what is stored already is of all devices together, and stays so."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE store.device ADD COLUMN is_edge boolean")
    op.execute("ALTER TABLE store.snapshot ADD COLUMN is_simulated boolean, ADD COLUMN is_edge boolean")
    for tier in ("5m", "1h", "1d"):
        op.execute(
            f"ALTER TABLE store.summary_{tier} ADD COLUMN kind text NOT NULL DEFAULT 'all', "
            f"DROP CONSTRAINT summary_{tier}_pkey, ADD PRIMARY KEY (kind, begin_at)"
        )
        op.execute(f"ALTER TABLE store.summary_{tier} ALTER kind DROP DEFAULT")
    # The next refresh finds it.
    op.execute("ALTER TABLE store.store_state ADD COLUMN is_edge_found boolean NOT NULL DEFAULT false")
    # Their figures have other fields now; they are made again when somebody asks.
    op.execute("DELETE FROM store.report")


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
