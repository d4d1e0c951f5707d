"""The SQL around a dump that is loaded: what makes it replace what is stored, in psql's one transaction."""

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

from dashnet.backups.archive import SCHEMAS, Manifest

LOADED = "dashnet: loaded"
_LOCK_SECONDS = 10
# A try ends well before Postgres would take waiting for each other for a deadlock (after a second), and whoever waits
# behind it waits no longer.
_TRY_MILLISECONDS = 300
_TRIES = 50
_REPLACED = "_replaced"
_WRITTEN_BY_REFRESHES = ("store.snapshot", "store.interface_snapshot")


def begin() -> str:
    """Set the stored schemas aside, under a name that nobody sees before the commit.

    Everybody else goes on with them while the dump is loaded beside. Upgrades and other restores are kept out.
    """
    renames = " ".join(
        f"PERFORM pg_advisory_xact_lock(hashtext('migrate {schema}')); "
        f"IF EXISTS (SELECT FROM pg_namespace WHERE nspname = '{schema}') THEN "
        f"ALTER SCHEMA {schema} RENAME TO {schema}{_REPLACED}; END IF;"
        for schema in SCHEMAS
    )
    return f"BEGIN;\nSET LOCAL lock_timeout = '{_LOCK_SECONDS}s';\nDO $$ BEGIN {renames} END $$;\n"


def finish(manifest: Manifest) -> str:
    """After the dump: hold it against its manifest, make it a new beginning for those who knew the old data.

    Prints `LOADED` when all of that is done.
    """
    statements = (
        _check(manifest),
        *_begin_anew(str(uuid.uuid4())),
        *make_partitions(datetime.now(UTC), manifest.row_counts),
        *(f"ANALYZE {table}" for table in manifest.row_counts),
        f"SELECT '{LOADED}'",
    )
    return "".join(f"{statement};\n" for statement in statements)


def _check(manifest: Manifest) -> str:
    checks = [
        f"IF (SELECT version_num FROM {schema}.alembic_version) <> '{version}' THEN "
        f"RAISE EXCEPTION '{schema} has another version than its manifest says'; END IF;"
        for schema, version in manifest.versions.items()
    ] + [
        f"SELECT count(*) INTO found FROM {table}; IF found <> {count} THEN "
        f"RAISE EXCEPTION '{table} has % rows and its manifest says {count}', found; END IF;"
        for table, count in manifest.row_counts.items()
    ]
    return f"DO $$ DECLARE found bigint; BEGIN {' '.join(checks)} END $$"


def _begin_anew(inventory_id: str) -> Sequence[str]:
    """Revisions of the restored inventory and of the one before mean different things: the new id keeps them apart.

    The store keeps its place in the inventory, where it was one of this inventory. The mark makes a worker publish a
    reset, so that every app service reads the store anew. No run goes on where the backup caught it.
    """
    return (
        f"UPDATE store.store_state SET inventory_id = '{inventory_id}' "
        "WHERE inventory_id = (SELECT inventory_id FROM network.inventory)",
        "UPDATE store.store_state SET unpublished = true",
        f"UPDATE network.inventory SET inventory_id = '{inventory_id}'",
        "UPDATE store.job_run SET outcome = 'failed', finished_at = now(), error = 'under way when it was backed up' "
        "WHERE outcome IS NULL",
    )


def make_partitions(now: datetime, tables: Collection[str] = _WRITTEN_BY_REFRESHES) -> Sequence[str]:
    """Of those of these tables that refreshes write, yesterday to tomorrow: workers make them only once an hour."""
    days = [now.date() + timedelta(days=days) for days in (-1, 0, 1)]
    return [_make_partition(table, day) for table in _WRITTEN_BY_REFRESHES if table in tables for day in days]


def _make_partition(table: str, day: date) -> str:
    """As workers do it, and in one go: nobody reads or writes the table yet."""
    return (
        f"CREATE TABLE IF NOT EXISTS {table}_{day:%Y%m%d} PARTITION OF {table} "
        f"FOR VALUES FROM ('{day} 00:00:00+00') TO ('{day + timedelta(days=1)} 00:00:00+00')"
    )


def swap() -> str:
    """Drop the schemas that were set aside once nobody is reading them, and commit.

    The inventory's revision is locked first, as the network service does. A lock that is not free soon is tried again
    without any other being held, so that nobody runs into a deadlock.
    """
    names = ", ".join(f"'{schema}{_REPLACED}'" for schema in SCHEMAS)
    dropped = ", ".join(f"{schema}{_REPLACED}" for schema in SCHEMAS)
    return f"""
DO $$
DECLARE
    tables text := (
        SELECT string_agg(pg_class.oid::regclass::text, ', ' ORDER BY relname <> 'inventory', nspname, relname)
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname IN ({names}) AND relkind IN ('r', 'p') AND NOT relispartition
    );
BEGIN
    IF tables IS NULL THEN RETURN; END IF;
    FOR try IN 1..{_TRIES} LOOP
        BEGIN
            SET LOCAL lock_timeout = {_TRY_MILLISECONDS};
            EXECUTE 'LOCK TABLE ' || tables || ' IN ACCESS EXCLUSIVE MODE';
            SET LOCAL lock_timeout = '{_LOCK_SECONDS}s';
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep(0.05 + random() * 0.1);
        END;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = 'the tables were in use all the time';
END $$;
DROP SCHEMA IF EXISTS {dropped} CASCADE;
COMMIT;
"""
