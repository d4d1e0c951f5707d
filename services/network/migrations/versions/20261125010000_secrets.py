"""Keep the secrets of driver options beside them, encrypted, by JSON pointer."""

from alembic import op

revision = "20261125010000"
down_revision = "20261123120000"


def upgrade() -> None:
    """One step that rewrites no row."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE network.device ADD COLUMN secrets jsonb NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
