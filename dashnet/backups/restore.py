"""What `dashnet restore` does: checks everything, asks, and puts a backup in the place of what is stored."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from dashnet.backups.archive import Manifest, open_backup
from dashnet.backups.dump import select_server_version, to_size
from dashnet.backups.load import Loading, replace_stored
from dashnet.backups.programs import check_can_load, find_programs
from dashnet.backups.statements import make_partitions
from dashnet.database import is_unreachable, known_versions, stored_version
from dashnet.errors import BackupError, DashnetError
from dashnet.jobs import Job, request_now
from dashnet.redis import create_redis
from dashnet.schemas import MIGRATIONS, NETWORK, check_version, open_engine
from dashnet.settings import Settings, get_settings
from dashnet.upgrade import upgrade_schema


async def restore(
    file: Path, say: Callable[[str], None], *, confirm: Callable[[str], bool], settings: Settings | None = None
) -> None:
    """Replace all that is stored by a backup, while everything runs, and say what was done.

    `confirm` is asked where devices are stored. All or nothing: an interrupted restore leaves what was stored.

    Raises:
        ServiceUnavailable: Postgres is out of reach.
        BackupError, DashnetError: a check failed or the load did; nothing was changed, unless the text says so.
    """
    settings = settings or get_settings()
    with open_backup(file) as backup:
        manifest = backup.manifest
        for schema, version in manifest.versions.items():
            check_version(schema, version, MIGRATIONS[schema], str(file))
        async with open_engine(settings, "dashnet-restore") as engine:
            async with engine.connect() as connection:
                server = await select_server_version(connection)
            programs = find_programs(server.major)
            check_can_load(programs, server.major)
            stored = await _count_devices(engine)
            if stored and not confirm(_question(stored, manifest)):
                raise BackupError("nothing was changed")
            started = time.monotonic()
            say(f"loading {to_size(manifest.dump_size_bytes)} beside what is stored")
            try:
                async with replace_stored(Loading(settings, engine, programs, backup, say)):
                    await _upgrade(engine, manifest, say)
            except DBAPIError as error:
                reason = "Postgres went away" if is_unreachable(error) else f"Postgres refused: {error.orig}"
                raise BackupError(f"{reason}; all is restored or nothing") from error
    await _request_refresh(settings, say)
    say(
        f"restored {manifest.device_count} devices and {manifest.snapshot_count} snapshots "
        f"of {manifest.made_at:%F %T} UTC, in {time.monotonic() - started:.1f} s"
    )


async def _request_refresh(settings: Settings, say: Callable[[str], None]) -> None:
    """The newest readings are those of the backup; nobody shall wait for the next minute."""
    redis = create_redis(settings, "dashnet-restore", reconnects=False)
    try:
        await request_now(redis, settings, Job.REFRESH, "restore")
    except (RedisError, OSError) as error:
        say(f"no refresh was asked for ({error}); workers do one each minute")
    finally:
        await redis.aclose()


def _question(stored: int, manifest: Manifest) -> str:
    return (
        f"This replaces all that is stored, {stored} devices and their snapshots, by {manifest.device_count} devices "
        f"and {manifest.snapshot_count} snapshots of {manifest.made_at:%F %T} UTC. Go on?"
    )


async def _count_devices(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        if await stored_version(connection, NETWORK) is None:
            return 0
        return int(await connection.scalar(text("SELECT count(*) FROM network.device")) or 0)


async def _upgrade(engine: AsyncEngine, manifest: Manifest, say: Callable[[str], None]) -> None:
    for schema, version in manifest.versions.items():
        if version == known_versions(MIGRATIONS[schema])[-1]:
            continue
        try:
            say(await upgrade_schema(engine, schema, MIGRATIONS[schema]))
        except (DashnetError, DBAPIError) as error:
            raise BackupError(
                f"the backup is restored, but {schema} is still at its version {version} ({error}); "
                "run: dashnet upgrade"
            ) from error
    # Of tables that the backup did not have yet.
    async with engine.begin() as connection:
        for statement in make_partitions(datetime.now(UTC)):
            await connection.execute(text(statement))
