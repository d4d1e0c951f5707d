"""Create the state changes, and the newest state of each device, which a refresh compares with."""

from alembic import op

revision = "20261124200100"
down_revision = "20261124200000"


def upgrade() -> None:
    """The states that the newest snapshots show are taken over, so that the next refresh has something to compare."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        """
        CREATE TABLE store.state_change (
            at timestamptz NOT NULL,
            device_id integer NOT NULL,
            from_state text NOT NULL CHECK (from_state IN ('up', 'down', 'unknown')),
            to_state text NOT NULL CHECK (to_state IN ('up', 'down', 'unknown')),
            reason text,
            PRIMARY KEY (device_id, at)
        )
        """
    )
    op.execute("CREATE INDEX state_change_at_idx ON store.state_change (at, device_id)")
    op.execute(
        """
        CREATE TABLE store.device_state (
            device_id integer PRIMARY KEY REFERENCES store.device ON DELETE CASCADE,
            state text NOT NULL CHECK (state IN ('up', 'down', 'unknown')),
            since timestamptz NOT NULL
        )
        """
    )
    op.execute(
        """
        INSERT INTO store.device_state
        SELECT DISTINCT ON (device_id) device_id,
            CASE WHEN active_connection THEN 'up' WHEN NOT active_connection THEN 'down' ELSE 'unknown' END, time_stamp
        FROM store.snapshot JOIN store.device ON device.id = device_id ORDER BY device_id, time_stamp DESC
        """
    )


def downgrade() -> None:
    """Dashnet only goes forward."""
    raise NotImplementedError
