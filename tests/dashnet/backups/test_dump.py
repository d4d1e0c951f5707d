"""A backup is of one instant, whatever happens beside it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.backups import programs
from dashnet.backups.archive import Manifest, open_backup
from dashnet.backups.dump import backup, hold_instant
from dashnet.backups.restore import restore
from dashnet.database import create_engine
from dashnet.errors import BackupError, ServiceUnavailable
from dashnet.settings import Settings
from tests.databases import EARLIER_VERSION
from tests.factories import make_device
from tests.ports import free_port
from tests.processes import environment_of, run_process
from tests.servers import eventually
from workers.context import WorkerContext
from workers.partitions import drop_partitions_before
from workers.refresh import refresh

BACKUP = (
    "import asyncio, sys; from pathlib import Path; from dashnet.backups import dump, programs; "
    "programs.client_folders = lambda: iter([Path(sys.argv[2])]); "
    "asyncio.run(dump.backup(Path(sys.argv[1]), print, replace=True))"
)
# Begins to write and never ends; it dies of its reader's death.
ENDLESS = "#!/bin/sh\n[ $1 = --version ] && echo '(PostgreSQL) 99.0' && exit\nwhile echo PGDMP; do sleep 0.05; done\n"


def say_nothing(line: str) -> None:
    """For what is not about the words."""


async def read_manifest(path: Path) -> Manifest:
    with open_backup(path) as backup:
        return backup.manifest


async def test_the_manifest_tells_what_is_in_it(tmp_path: Path, earlier: Settings) -> None:
    told: list[str] = []
    await backup(tmp_path / "b.zip", told.append, replace=False, settings=earlier)
    manifest = await read_manifest(tmp_path / "b.zip")
    assert manifest.versions == {"network": EARLIER_VERSION, "store": EARLIER_VERSION}
    assert manifest.row_counts == {
        "network.alembic_version": 1,
        "network.device": 15,
        "network.inventory": 1,
        "network.removed_device": 1,
        "store.alembic_version": 1,
        "store.device": 15,
        "store.job_run": 11,
        "store.snapshot": 1920,
        "store.store_state": 1,
    }
    assert datetime.now(UTC) - manifest.made_at < timedelta(minutes=1)
    assert "15 devices, 1920 snapshots, in " in told[-1]


async def test_a_backup_beside_refreshes_and_edits_holds_each_of_them_wholly_or_not_at_all(
    tmp_path: Path, context: WorkerContext, network: httpx.AsyncClient, device_ids: list[int], empty: Settings
) -> None:
    begin = datetime.now(UTC).replace(microsecond=0)

    async def refresh_and_edit() -> None:
        for number in range(100_000):
            await refresh(context, begin + timedelta(microseconds=number), "test")
            await network.post("/devices/", json=[make_device(driver="host"), make_device(driver="host")])

    busy = asyncio.create_task(refresh_and_edit())
    await eventually(lambda: has_snapshots(context.engine))
    await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=context.settings)
    assert not busy.done()
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)
    await restore(tmp_path / "b.zip", say_nothing, confirm=lambda _: False, settings=empty)
    restored = create_engine(empty, "dashnet-test")
    async with restored.connect() as connection:
        devices = await connection.scalar(text("SELECT count(*) FROM network.device"))
        ticks = (
            await connection.execute(
                text("SELECT count(*) FILTER (WHERE device_id <= 3), count(*) FROM store.snapshot GROUP BY time_stamp")
            )
        ).all()
    await restored.dispose()
    assert {row[0] for row in ticks} == {3}
    assert ({row[1] % 2 for row in ticks}, devices % 2) == ({1}, 1)


async def has_snapshots(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(text("SELECT count(*) > 12 FROM store.snapshot")))


async def test_no_partition_goes_while_its_instant_is_held(earlier: Settings, earlier_engine: AsyncEngine) -> None:
    async with hold_instant(earlier_engine):
        dropping = asyncio.create_task(drop_partitions_before(earlier_engine, datetime(2027, 1, 1, tzinfo=UTC).date()))
        await eventually(lambda: is_waiting(earlier_engine))
    assert await dropping == 2


async def is_waiting(engine: AsyncEngine) -> bool:
    query = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE '%DETACH PARTITION%' AND wait_event_type = 'Lock'"
    )
    async with engine.connect() as connection:
        return bool(await connection.scalar(query))


async def test_without_tables_there_is_nothing_to_back_up(tmp_path: Path, empty: Settings) -> None:
    with pytest.raises(BackupError, match="no tables of Dashnet yet"):
        await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=empty)
    assert names_in(tmp_path) == []


async def test_without_postgres_it_says_what_to_do(tmp_path: Path, settings: Settings) -> None:
    nowhere = settings.model_copy(update={"database_url": f"postgresql+asyncpg://x@127.0.0.1:{free_port()}/x"})
    with pytest.raises(ServiceUnavailable, match="make up"):
        await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=nowhere)


async def test_without_pg_dump_it_says_what_to_install(
    tmp_path: Path, earlier: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "client_folders", lambda: iter([tmp_path]))
    with pytest.raises(BackupError, match="Install them"):
        await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=earlier)
    assert names_in(tmp_path) == []


async def test_a_pg_dump_that_fails_leaves_no_file_and_is_quoted(
    tmp_path: Path, earlier: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_programs(tmp_path / "bin", "#!/bin/sh\n[ $1 = --version ] && echo '(PostgreSQL) 99.0' || nonsense\n")
    monkeypatch.setattr(programs, "client_folders", lambda: iter([folder]))
    with pytest.raises(BackupError, match=r"pg_dump failed, no backup was made: .*nonsense.* not found"):
        await backup(tmp_path / "b.zip", say_nothing, replace=False, settings=earlier)
    assert not (tmp_path / "b.zip").exists()


def write_programs(folder: Path, script: str, names: Sequence[str] = ("pg_dump", "pg_restore", "psql")) -> Path:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return folder


async def test_a_backup_that_is_killed_leaves_nothing_that_looks_whole(tmp_path: Path, earlier: Settings) -> None:
    old = tmp_path / "b.zip"
    old.write_text("the old one")
    folder = write_programs(tmp_path / "bin", ENDLESS)
    with run_process(("-c", BACKUP, str(old), str(folder)), environment_of(earlier)) as child:
        await eventually(lambda: has_begun(tmp_path))
        child.kill()
    assert old.read_text() == "the old one"
    assert [name for name in names_in(tmp_path) if name.endswith(".zip")] == ["b.zip"]


async def has_begun(folder: Path) -> bool:
    return any(name.endswith(".partial") for name in names_in(folder))


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
