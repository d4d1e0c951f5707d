"""A restore changes nothing before all is checked, then all or nothing."""

import asyncio
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.backups import load, statements
from dashnet.backups.archive import open_backup
from dashnet.backups.dump import backup, hold_instant
from dashnet.backups.programs import Programs
from dashnet.backups.restore import restore
from dashnet.channels import job_queue
from dashnet.database import create_engine
from dashnet.errors import BackupError, DashnetError, ServiceUnavailable
from dashnet.settings import PROJECT_ROOT, Settings
from dashnet.upgrade import upgrade
from tests.dashnet.backups.archives import change_dump, change_manifest, newer, write_backup
from tests.dashnet.test_upgrade import is_newest
from tests.databases import EARLIER, Columns, Rows, load_sql, select_columns, select_rows
from tests.ports import free_port
from tests.processes import environment_of, run_process
from tests.servers import eventually

# What a restore changes on purpose.
CHANGED = {
    "network.inventory": ["inventory_id"],
    "store.store_state": ["inventory_id", "unpublished"],
    "store.job_run": ["outcome", "finished_at", "error"],
}
RESTORE = ("-m", "dashnet.cli", "restore", "--yes")


def say_nothing(line: str) -> None:
    """For what is not about the words."""


def agree(question: str) -> bool:
    """Whatever is asked."""
    return True


@pytest.fixture
async def archive(tmp_path: Path, earlier: Settings) -> Path:
    """A backup of the earlier database, at its earlier version."""
    await backup(tmp_path / "backup.zip", say_nothing, replace=False, settings=earlier)
    return tmp_path / "backup.zip"


@pytest.fixture
async def target(settings: Settings, engine: AsyncEngine) -> Settings:
    """A system that holds something else: the earlier database with other names and fewer snapshots."""
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA network, store CASCADE"))
    await load_sql(settings, EARLIER)
    await upgrade(say_nothing, settings)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE network.device SET host_name = 'before ' || id"))
        await connection.execute(text("DELETE FROM store.snapshot WHERE device_id > 3"))
    return settings


@pytest.fixture
async def stored(target: Settings, engine: AsyncEngine) -> Rows:
    """All that the target holds."""
    return await select_rows(engine, await select_columns(engine))


@pytest.fixture
async def unchanged(engine: AsyncEngine, stored: Rows) -> AsyncIterator[None]:
    """For a test after which the target must hold what it held, and nothing else be left."""
    yield
    assert await select_rows(engine, await select_columns(engine)) == stored
    async with engine.connect() as connection:
        names = await connection.scalars(text(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE '%\_replaced'"))
        assert list(names) == []


def without_changed(columns: Columns) -> Columns:
    return {table: [name for name in names if name not in CHANGED.get(table, ())] for table, names in columns.items()}


async def test_an_earlier_backup_comes_back_row_by_row_at_the_newest_version(
    archive: Path, target: Settings, engine: AsyncEngine, earlier_engine: AsyncEngine
) -> None:
    columns = without_changed(await select_columns(earlier_engine))
    await restore(archive, say_nothing, confirm=agree, settings=target)
    assert await select_rows(engine, columns) == await select_rows(earlier_engine, columns)
    assert await is_newest(engine)


@pytest.fixture
async def interfaces(target: Settings, engine: AsyncEngine) -> None:
    """An interface of the target's first device, with a past."""
    async with engine.begin() as connection:
        for statement in statements.make_partitions(datetime.now(UTC)):
            await connection.execute(text(statement))
        for statement in (
            "INSERT INTO store.interface (device_id, name, alias, line_speed, first_seen_at, last_seen_at) "
            "SELECT min(id), 'Gi0/1', 'Zürich', 1.544, now(), now() FROM store.device",
            "INSERT INTO store.interface_snapshot SELECT now(), id, 1.5, NULL, 0, 0, 0, 0, true FROM store.interface",
            "INSERT INTO store.interface_rollup_1d "
            "SELECT now(), 1, 0, 0, 0, 0, 0, id, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 FROM store.interface",
        ):
            await connection.execute(text(statement))


@pytest.mark.usefixtures("interfaces")
async def test_a_backup_of_today_comes_back_row_by_row_into_an_empty_database(
    tmp_path: Path, target: Settings, engine: AsyncEngine, empty: Settings
) -> None:
    await backup(tmp_path / "today.zip", say_nothing, replace=False, settings=target)
    await restore(tmp_path / "today.zip", say_nothing, confirm=lambda _: False, settings=empty)
    restored = create_engine(empty, "dashnet-test")
    columns = without_changed(await select_columns(engine))
    assert await select_columns(restored) == await select_columns(engine)
    assert await select_rows(restored, columns) == await select_rows(engine, columns)
    assert await is_newest(restored)
    await restored.dispose()


async def test_a_day_that_was_half_detached_comes_back_too(
    tmp_path: Path, earlier: Settings, earlier_engine: AsyncEngine, empty: Settings
) -> None:
    """Its rows were once not counted, and then the backup could not be restored."""
    await upgrade(say_nothing, earlier)
    detaching = earlier_engine.execution_options(isolation_level="AUTOCOMMIT")
    async with hold_instant(earlier_engine), detaching.connect() as connection:
        await connection.execute(text("SET lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await connection.execute(
                text("ALTER TABLE store.snapshot DETACH PARTITION store.snapshot_20261123 CONCURRENTLY")
            )
        await connection.invalidate()
    await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=earlier)
    told: list[str] = []
    await restore(tmp_path / "b.zip", told.append, confirm=agree, settings=empty)
    assert "and 1920 snapshots" in told[-1]


async def test_new_devices_get_ids_that_nobody_had(archive: Path, target: Settings, engine: AsyncEngine) -> None:
    await restore(archive, say_nothing, confirm=agree, settings=target)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT nextval('network.device_id_seq')")) == 17


async def test_no_run_goes_on_where_the_backup_caught_it(archive: Path, target: Settings, engine: AsyncEngine) -> None:
    await restore(archive, say_nothing, confirm=agree, settings=target)
    async with engine.connect() as connection:
        ended = await connection.execute(
            text("SELECT outcome, error FROM store.job_run ORDER BY tick DESC, id DESC LIMIT 1")
        )
        assert ended.one() == ("failed", "under way when it was backed up")


async def test_workers_that_run_find_the_partitions_of_these_days(
    archive: Path, target: Settings, engine: AsyncEngine
) -> None:
    await restore(archive, say_nothing, confirm=agree, settings=target)
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO store.snapshot SELECT now() + day * interval '1 day', 1, 0, 0, NULL, true "
                "FROM generate_series(-1, 1) AS day"
            )
        )
        # The backup did not have this table yet.
        await connection.execute(
            text(
                "INSERT INTO store.interface_snapshot SELECT now() + day * interval '1 day', 1 "
                "FROM generate_series(-1, 1) AS day"
            )
        )


async def test_a_refresh_is_asked_for(archive: Path, target: Settings, redis: Redis) -> None:
    await restore(archive, say_nothing, confirm=agree, settings=target)
    (job,) = await redis.zrange(job_queue(target), 0, -1)
    assert job.startswith(b"refresh:")


async def test_without_redis_all_is_restored_and_it_says_so(
    archive: Path, target: Settings, engine: AsyncEngine
) -> None:
    told: list[str] = []
    lost = target.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    await restore(archive, told.append, confirm=agree, settings=lost)
    assert [line.split(" (")[0] for line in told if line.startswith("no refresh")] == ["no refresh was asked for"]
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM store.snapshot")) == 1920


async def test_it_asks_before_it_replaces_devices(archive: Path, target: Settings, unchanged: None) -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(BackupError, match="nothing was changed"):
        await restore(archive, say_nothing, confirm=refuse, settings=target)
    assert "15 devices and their snapshots, by 15 devices and 1920 snapshots of 20" in asked[0]


async def test_without_a_person_and_without_yes_it_says_what_to_do(
    archive: Path, target: Settings, unchanged: None
) -> None:
    asked = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "dashnet.cli", "restore", str(archive)],
        cwd=PROJECT_ROOT,
        env=environment_of(target),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (asked.returncode, "repeat it with --yes" in asked.stderr) == (1, True)


def make_newer(path: Path) -> None:
    with open_backup(path) as backup:
        manifest = backup.manifest
    change_manifest(path, versions=newer(manifest))


def make_foreign(path: Path) -> None:
    change_manifest(path, versions={"network": "20261123120000", "store": "20200101000000"})


def claim_other_table(path: Path) -> None:
    with open_backup(path) as backup:
        manifest = backup.manifest
    change_manifest(path, dump_sha256=manifest.dump_sha256, row_counts={**manifest.row_counts, "store.nowhere": 1})


def lose_rows(path: Path) -> None:
    with open_backup(path) as backup:
        counts = dict(backup.manifest.row_counts)
    change_manifest(path, row_counts={**counts, "store.snapshot": 1921})


def hold_nonsense(path: Path) -> None:
    path.unlink()
    write_backup(path)


def cut_the_dump(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        dump = archive.read("dashnet.dump")
    change_dump(path, dump[: len(dump) // 2])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (make_newer, r"backup.zip was made by a newer Dashnet: store has version 2999.*Upgrade the code first"),
        (make_foreign, r"was not made by this Dashnet: it knows no version 20200101000000 of store"),
        (claim_other_table, r"cannot be loaded: .*store\.nowhere"),
        (lose_rows, r"cannot be loaded: .*store\.snapshot has 1920 rows and its manifest says 1921"),
        (hold_nonsense, r"pg_restore cannot read the dump"),
        (cut_the_dump, r"pg_restore cannot read the dump"),
    ],
)
async def test_a_backup_that_does_not_fit_changes_nothing(
    archive: Path, target: Settings, unchanged: None, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(archive)
    with pytest.raises(DashnetError, match=words):
        await restore(archive, say_nothing, confirm=agree, settings=target)


async def test_without_postgres_it_says_what_to_do(archive: Path, settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": f"postgresql+asyncpg://x@127.0.0.1:{free_port()}/x"})
    with pytest.raises(ServiceUnavailable, match="make up"):
        await restore(archive, say_nothing, confirm=agree, settings=nowhere)


LOCK_REFRESH = text("SELECT pg_advisory_xact_lock(hashtextextended('dashnet job refresh', 0))")


async def test_a_restore_that_is_killed_leaves_what_was_stored(
    archive: Path, target: Settings, engine: AsyncEngine, unchanged: None
) -> None:
    async with engine.begin() as refresh:
        await refresh.execute(LOCK_REFRESH)
        with run_process((*RESTORE, str(archive)), environment_of(target)) as child:
            # All is loaded, and the old data are to be dropped once this refresh ends.
            await eventually(lambda: waits_for_refresh(engine))
            child.kill()
        await eventually(lambda: has_no_psql(engine))


@pytest.mark.parametrize("name", ["psql", "pg_restore"])
async def test_a_restore_whose_program_dies_leaves_what_was_stored(
    archive: Path, target: Settings, unchanged: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = Programs.path
    monkeypatch.setattr(Programs, "path", lambda self, wanted: "/bin/true" if wanted == name else path(self, wanted))
    with pytest.raises(BackupError, match=r"cannot be loaded|cannot read"):
        await restore(archive, say_nothing, confirm=agree, settings=target)


async def waits_for_refresh(engine: AsyncEngine) -> bool:
    return await count_sessions(engine, "AND wait_event = 'advisory'") == 1


async def has_no_psql(engine: AsyncEngine) -> bool:
    # The one that waits for the refresh notices its client's death only when the wait is over.
    return await count_sessions(engine, "AND wait_event IS DISTINCT FROM 'advisory'") == 0


async def count_sessions(engine: AsyncEngine, condition: str) -> int:
    query = text(
        "SELECT count(*) FROM pg_stat_activity "
        f"WHERE datname = current_database() AND application_name = 'dashnet-restore' {condition}"
    )
    async with engine.connect() as connection:
        return int(await connection.scalar(query) or 0)


async def test_a_refresh_that_does_not_end_makes_it_give_up(
    archive: Path, target: Settings, engine: AsyncEngine, unchanged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "STILL_SECONDS", 0.2)
    async with engine.begin() as refresh:
        await refresh.execute(LOCK_REFRESH)
        with pytest.raises(BackupError, match=r"a job did not end within 0\.2 s.*nothing was changed, try again"):
            await restore(archive, say_nothing, confirm=agree, settings=target)


async def test_tables_that_are_in_use_all_the_time_make_it_give_up(
    archive: Path, target: Settings, engine: AsyncEngine, unchanged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "_TRIES", 2)
    async with engine.connect() as reader:
        await reader.execute(text("SELECT count(*) FROM store.device"))
        with pytest.raises(BackupError, match=r"in use all the time.*Nothing was changed; try again"):
            await restore(archive, say_nothing, confirm=agree, settings=target)


async def test_of_two_restores_at_once_one_is_refused(
    archive: Path, target: Settings, engine: AsyncEngine, unchanged: None
) -> None:
    """One would wait for the workers to be free, which the other keeps from working, and that one to upgrade."""
    async with engine.begin() as other:
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        await other.execute(lock, {"name": load.RESTORE_LOCK})
        with pytest.raises(BackupError, match="another restore is under way; nothing was changed, try again"):
            await restore(archive, say_nothing, confirm=agree, settings=target)
