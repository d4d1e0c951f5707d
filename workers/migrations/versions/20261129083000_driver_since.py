"""Keep since when each device has been in the store with its driver: a clean writes no past from before."""

from alembic import op

revision = "20261129083000"
down_revision = "20261129031500"


def upgrade() -> None:
    """No row is rewritten: how old the devices are that there are is not known, and they keep their ten minutes."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE store.device ADD COLUMN driver_since timestamptz NOT NULL DEFAULT '-infinity'")


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
