"""An earlier database comes to the newest version with all it holds, whatever happens on the way."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.database import is_migrated, known_versions, stored_version
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.schemas import MIGRATIONS
from dashnet.settings import Settings
from dashnet.upgrade import upgrade
from tests.databases import EARLIER_VERSION, select_columns, select_rows
from tests.ports import free_port
from tests.processes import environment_of, run_process
from tests.servers import eventually

TO_COME = "29990101000000"
UPGRADE = (
    "import asyncio, sys; from pathlib import Path; from dashnet.upgrade import upgrade; "
    "asyncio.run(upgrade(print, migrations=dict(network=Path(sys.argv[1]), store=Path(sys.argv[2]))))"
)


def say_nothing(line: str) -> None:
    """For what is not about the words."""


@pytest.fixture
def to_come(tmp_path: Path) -> Mapping[str, Path]:
    """Migrations with one more for the store, which waits for the lock 42 in its middle."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS["store"], folder)
    (folder / "versions" / f"{TO_COME}_slow.py").write_text(
        f"from alembic import op\n"
        f"revision = '{TO_COME}'\n"
        f"down_revision = '{known_versions(MIGRATIONS['store'])[-1]}'\n"
        f"def upgrade():\n"
        f"    op.execute('CREATE TABLE store.slow (id integer)')\n"
        f"    op.execute(\"UPDATE store.device SET host_name = 'renamed'\")\n"
        f"    op.execute('SELECT pg_advisory_xact_lock(42)')\n"
    )
    return {**MIGRATIONS, "store": folder}


async def is_newest(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return all([await is_migrated(connection, folder, schema) for schema, folder in MIGRATIONS.items()])


async def test_nothing_of_an_earlier_database_is_lost(earlier: Settings, earlier_engine: AsyncEngine) -> None:
    columns = await select_columns(earlier_engine)
    before = await select_rows(earlier_engine, columns)
    await upgrade(say_nothing, earlier)
    assert await is_newest(earlier_engine)
    after = await select_columns(earlier_engine)
    kept = {table: [name for name in names if name in after[table]] for table, names in columns.items()}
    assert kept == columns
    assert await select_rows(earlier_engine, columns) == before
    assert {table: len(rows) for table, rows in before.items()} == {
        "network.device": 15,
        "network.inventory": 1,
        "network.removed_device": 1,
        "store.device": 15,
        "store.job_run": 11,
        "store.snapshot": 1920,
        "store.store_state": 1,
    }


async def test_a_second_upgrade_does_nothing(earlier: Settings, earlier_engine: AsyncEngine) -> None:
    await upgrade(say_nothing, earlier)
    rows = await select_rows(earlier_engine, await select_columns(earlier_engine))
    told: list[str] = []
    await upgrade(told.append, earlier)
    assert [line.split(" version ")[0] for line in told] == ["network: at the newest", "store: at the newest"]
    assert await select_rows(earlier_engine, await select_columns(earlier_engine)) == rows


async def test_an_empty_database_gets_all_tables(empty: Settings) -> None:
    told: list[str] = []
    await upgrade(told.append, empty)
    assert [line.split(",")[0] for line in told] == ["network: made", "store: made"]


async def test_of_many_at_once_one_does_it(earlier: Settings, to_come: Mapping[str, Path]) -> None:
    told: list[str] = []
    await asyncio.gather(*(upgrade(told.append, earlier, to_come) for _ in range(4)))
    assert len([line for line in told if line.startswith("store: brought from")]) == 1


async def test_an_upgrade_that_is_killed_in_its_middle_changes_nothing_and_can_be_repeated(
    earlier: Settings, earlier_engine: AsyncEngine, to_come: Mapping[str, Path]
) -> None:
    await upgrade(say_nothing, earlier)
    columns = await select_columns(earlier_engine)
    before = await select_rows(earlier_engine, columns)
    arguments = ("-c", UPGRADE, str(to_come["network"]), str(to_come["store"]))
    async with earlier_engine.begin() as holder:
        await holder.execute(text("SELECT pg_advisory_xact_lock(42)"))
        with run_process(arguments, environment_of(earlier)) as child:
            await eventually(lambda: count_upgrades(earlier_engine, "active"))
            child.kill()
    await eventually(lambda: is_over(earlier_engine))
    assert await select_columns(earlier_engine) == columns
    assert await select_rows(earlier_engine, columns) == before
    told: list[str] = []
    await upgrade(told.append, earlier, to_come)
    assert told[-1].endswith(f"to {TO_COME}")


async def count_upgrades(engine: AsyncEngine, state: str) -> int:
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name = 'dashnet-upgrade' AND (:state = '' OR state = :state AND wait_event = 'advisory')"
    )
    async with engine.connect() as connection:
        return int(await connection.scalar(query, {"state": state}) or 0)


async def is_over(engine: AsyncEngine) -> bool:
    return await count_upgrades(engine, "") == 0


async def test_tables_of_a_newer_dashnet_are_left_alone(
    earlier: Settings, earlier_engine: AsyncEngine, to_come: Mapping[str, Path]
) -> None:
    await upgrade(say_nothing, earlier, to_come)
    with pytest.raises(DashnetError, match="the database was made by a newer Dashnet: store has version 2999"):
        await upgrade(say_nothing, earlier)
    async with earlier_engine.connect() as connection:
        assert await stored_version(connection, "store") == TO_COME


async def test_without_postgres_it_says_what_to_do(settings: Settings) -> None:
    nowhere = f"postgresql+asyncpg://dashnet:secret@127.0.0.1:{free_port()}/dashnet"
    with pytest.raises(ServiceUnavailable, match=r"Postgres is out of reach at .*\*\*\*@127.*make up"):
        await upgrade(say_nothing, settings.model_copy(update={"database_url": nowhere}))


def test_the_earlier_database_is_one_that_this_code_knows() -> None:
    assert all(EARLIER_VERSION in known_versions(folder) for folder in MIGRATIONS.values())
