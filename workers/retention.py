"""What is past its retention goes: days of snapshots and of five minutes whole, all else in small batches."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.history.tiers import EPOCH, Tier, ceil_to, floor_to
from workers.context import WorkerContext
from workers.partitions import drop_partitions_before

LOCK_SECONDS = 10
_DELETE_BATCH = 5000
_FORGET_BATCH = 200
# By then the day in which an interface was last seen is rolled up, and no row of it comes any more.
_ROLLED_UP_AFTER = timedelta(days=2)
# They can be made again at any time.
_REPORTS_KEPT = timedelta(days=7)
# How far the span of a snapshot reaches at the most.
_LONGEST_SPAN = timedelta(minutes=2)


async def drop_expired(context: WorkerContext, tick: datetime) -> None:
    """Drop what is past its retention at `tick`; of raw snapshots only what was rolled up.

    How far each tier reaches is recorded before anything of it goes, so that nobody takes a part for the whole.
    """
    settings, engine = context.settings, context.engine
    await _drop_days(engine, "snapshot", "raw_since", _before(tick, settings.snapshot_retention_days))
    five_minutes_from = _before(tick, settings.five_minute_retention_days)
    await _drop_days(engine, "rollup_5m", "five_minutes_since", five_minutes_from)
    await delete_before(engine, "summary_5m", "begin_at", five_minutes_from)
    raw_from = _before(tick, settings.interface_snapshot_retention_days)
    await _drop_days(engine, "interface_snapshot", "interface_raw_since", raw_from)
    five_minutes_from = _before(tick, settings.interface_five_minute_retention_days)
    await _drop_days(engine, "interface_rollup_5m", "interface_five_minutes_since", five_minutes_from)
    for tier, tables, column, days in (
        (Tier.HOUR, ("rollup", "summary"), "hours_since", settings.hour_retention_days),
        (Tier.HOUR, ("interface_rollup",), "interface_hours_since", settings.interface_hour_retention_days),
        (Tier.DAY, ("rollup", "summary", "interface_rollup"), "days_since", settings.day_retention_days),
    ):
        kept_from = _before(tick, days)
        await _record(engine, column, kept_from)
        for table in tables:
            await delete_before(engine, f"{table}_{tier}", "begin_at", kept_from)
    await forget_interfaces(engine, tick, timedelta(days=settings.vanished_interface_retention_days))
    await delete_before(engine, "state_change", "at", _before(tick, settings.state_change_retention_days))
    await delete_before(engine, "report", "made_at", tick - _REPORTS_KEPT)
    await delete_before(engine, "job_run", "tick", tick - timedelta(days=settings.ledger_retention_days))


def _before(tick: datetime, days: int) -> datetime:
    """The first midnight (UTC) that is kept where `days` are; zero keeps everything."""
    return floor_to(tick - timedelta(days=days), Tier.DAY.step) if days else EPOCH


async def _drop_days(engine: AsyncEngine, table: str, column: str, kept_from: datetime) -> None:
    async with engine.connect() as connection:
        rolled = await _select_rolled_until(connection)
    first_kept = floor_to(min(kept_from, rolled or kept_from), Tier.DAY.step)
    # The last span of the last day that goes reaches into the first that stays.
    is_raw = table.endswith("snapshot")
    since = first_kept if not is_raw else ceil_to(first_kept + _LONGEST_SPAN, Tier.FIVE_MINUTES.step)
    await _record(engine, column, min(since, rolled or since))
    await drop_partitions_before(engine, first_kept.date(), table)


async def _select_rolled_until(connection: AsyncConnection) -> datetime | None:
    """Up to when no snapshot is there that was not rolled up; None while there never was one."""
    query = text(
        "SELECT coalesce(rolled_until, (SELECT min(time_stamp) FROM store.snapshot)) FROM store.history_extent"
    )
    rolled: datetime | None = await connection.scalar(query)
    return rolled


async def _record(engine: AsyncEngine, column: str, since: datetime) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
        await connection.execute(
            text(f"UPDATE store.history_extent SET {column} = :since WHERE {column} < :since"), {"since": since}
        )


async def record_reset(engine: AsyncEngine, until: datetime) -> datetime | None:
    """Record that raw snapshots of simulated devices go, up to `until` at the most; returns up to where they may.

    None where there is nothing yet.
    """
    async with engine.connect() as connection:
        rolled = await _select_rolled_until(connection)
    if rolled is None:
        return None
    bound = min(until, rolled)
    since = ceil_to(bound + _LONGEST_SPAN, Tier.FIVE_MINUTES.step)
    await _record(engine, "simulated_raw_since", min(since, rolled))
    return bound


async def delete_before(engine: AsyncEngine, table: str, column: str, moment: datetime) -> int:
    """Delete the rows of `store.table` whose `column` lies before `moment`, in small batches; returns how many."""
    deleted = 0
    while True:
        async with engine.begin() as connection:
            batch = await connection.execute(
                text(
                    f"DELETE FROM store.{table} WHERE ctid = ANY(ARRAY("
                    f"SELECT ctid FROM store.{table} WHERE {column} < :moment LIMIT :batch))"
                ),
                {"moment": moment, "batch": _DELETE_BATCH},
            )
        deleted += batch.rowcount
        if batch.rowcount < _DELETE_BATCH:
            return deleted


async def forget_interfaces(engine: AsyncEngine, tick: datetime, kept: timedelta) -> int:
    """Delete interfaces that nobody has seen for so long, or whose device is gone, with their hours and days.

    Finer rows of them go with their days. In small batches; returns how many.
    """
    forgotten = 0
    values = {"unseen": tick - kept, "rolled_up": tick - _ROLLED_UP_AFTER, "batch": _FORGET_BATCH}
    while True:
        async with engine.begin() as connection:
            ids = list(await connection.scalars(_FORGET, values))
            for tier in (Tier.HOUR, Tier.DAY):
                statement = text(f"DELETE FROM store.interface_rollup_{tier} WHERE interface_id = ANY(:ids)")
                await connection.execute(statement, {"ids": ids})
        forgotten += len(ids)
        if len(ids) < _FORGET_BATCH:
            return forgotten


# The condition stands outside too: of an interface that is seen again meanwhile it does not hold any more.
_FORGET = text(
    """
    DELETE FROM store.interface WHERE id = ANY(ARRAY(
        SELECT interface.id FROM store.interface LEFT JOIN store.device ON device.id = device_id
        WHERE last_seen_at < :unseen OR (device.id IS NULL AND last_seen_at < :rolled_up) LIMIT :batch
    )) AND last_seen_at < greatest(CAST(:unseen AS timestamptz), CAST(:rolled_up AS timestamptz)) RETURNING id
    """
)
