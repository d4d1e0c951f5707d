"""Let a device be without a MAC address."""

from alembic import op

revision = "20261129031500"
down_revision = "20261129031000"


def upgrade() -> None:
    """No row is read or written."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE store.device ALTER mac_address DROP NOT NULL")


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
