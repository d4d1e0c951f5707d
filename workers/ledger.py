"""The ledger: what became of every tick. A run is claimed by a lock on its connection, then written down."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from dashnet.database import describe_error
from dashnet.jobs import Job
from dashnet.reading import to_tick, to_wire
from dashnet.store import JOB_LOCK_PREFIX, Outcome
from workers.run_locks import hold_lock

logger = logging.getLogger(__name__)

# Who asks for the ticks of the schedule.
SCHEDULE = "schedule"
# A reading belongs to its minute: what could not start in it is missed, and is not made up later.
LATEST_START = timedelta(seconds=60)
# What reads the past may still be taken up a while after it lost its worker.
LATEST_TAKE_UP = {
    Job.REFRESH: LATEST_START,
    Job.CLEAN: timedelta(minutes=30),
    Job.ROLLUP: timedelta(minutes=30),
    Job.REPORT: timedelta(minutes=30),
    Job.BACKFILL: timedelta(hours=6),
}
MOST_ATTEMPTS = 3
# Jobs of the schedule. At full minutes one that failed is tried again within its minute, whoever asked for it.
MOST_ATTEMPTS_IN_MINUTE = 10
_SCHEDULED = (Job.REFRESH, Job.CLEAN)


@dataclass(frozen=True, slots=True)
class RunKey:
    """Names one run: a job's tick; a page of a large refresh also by the id after which it begins."""

    job: Job
    tick: datetime
    after_id: int = 0

    @property
    def lock_name(self) -> str:
        """Runs of one job exclude each other; pages and reports exclude only themselves."""
        alone = f" {to_wire(self.tick)} {self.after_id}" if self.job in (Job.REFRESH_PAGE, Job.REPORT) else ""
        return f"{JOB_LOCK_PREFIX}{self.job}{alone}"

    def __str__(self) -> str:
        return f"{self.job} {to_wire(self.tick)}"


@dataclass(slots=True)
class Run:
    """A claimed run. `connection` holds its lock, so what is written through it is written by the lock's holder."""

    key: RunKey
    connection: AsyncConnection
    attempt: int = 1
    arguments: Sequence[str | int] = ()
    device_count: int = 0
    snapshot_count: int = 0


@asynccontextmanager
async def open_run(
    engine: AsyncEngine,
    key: RunKey,
    *,
    requested_by: str,
    worker: str,
    timeout_seconds: float,
    arguments: Sequence[str | int] = (),
) -> AsyncIterator[Run | None]:
    """Claim a run and write down how it ends; None where there is nothing to do. `arguments` are kept with it.

    Nothing is to do when the run is over or under way already, when it comes too late (recorded as missed), and when
    an earlier tick of the same job still runs (recorded as skipped). An error is recorded as failed and raised on; a
    tick of the schedule can then be claimed again within its minute, as its next attempt.
    A run whose worker is told to stop, or dies, stays open: `select_abandoned` finds it.
    """
    async with engine.connect() as connection, hold_lock(connection, key.job, key.lock_name) as locked:
        run = await _claim(connection, key, requested_by, worker, arguments) if locked else None
        if not locked:
            await _record_skipped(connection, key, requested_by)
        if run is None:
            yield None
            return
        try:
            async with asyncio.timeout(timeout_seconds):
                yield run
        except TimeoutError as error:
            await _finish(engine, run, Outcome.FAILED, str(error) or f"took longer than {timeout_seconds:g} s")
            raise
        except Exception as error:
            await _finish(engine, run, Outcome.FAILED, describe_error(error))
            raise
        await _finish(engine, run, Outcome.DONE, None)


async def _claim(
    connection: AsyncConnection, key: RunKey, requested_by: str, worker: str, arguments: Sequence[str | int]
) -> Run | None:
    now = datetime.now(UTC)
    in_time = now - key.tick <= LATEST_START
    is_retried = in_time and key.job in _SCHEDULED and key.tick == to_tick(key.tick)
    values = {
        **_names(key),
        "by": requested_by,
        "worker": worker,
        "arguments": orjson.dumps(list(arguments)).decode(),
        "in_time": in_time,
        "attempts": MOST_ATTEMPTS_IN_MINUTE if is_retried else 0,
    }
    row = (await connection.execute(_CLAIM, values)).one_or_none()
    if row is None:
        await connection.rollback()
        return None
    attempt: int = row.attempt
    # Somebody waits for a report, or asked for a clean, however long the workers were busy or Postgres away.
    is_urgent = attempt == 1 and key.job is not Job.REPORT and (requested_by == SCHEDULE or key.job is not Job.CLEAN)
    latest = LATEST_START if is_urgent else LATEST_TAKE_UP.get(key.job, LATEST_START)
    if now - key.tick > latest:
        if attempt > 1 and key.job in LATEST_TAKE_UP:
            # It stays open for the watch over abandoned runs, which knows why nobody finished it.
            await connection.rollback()
            return None
        outcome, error = (Outcome.MISSED, "came too late") if attempt == 1 else (Outcome.FAILED, "its worker died")
        await end_run(connection, key, outcome, error)
        await connection.commit()
        logger.warning("run not started run=%s outcome=%s reason=%s", key, outcome, error)
        return None
    await connection.commit()
    return Run(key, connection, attempt, orjson.loads(row.arguments))


# A tick may have been recorded as skipped by its own double, before the holder of the lock wrote it down, and as missed
# when the clock was set forward: set back since, it may be in time again.
_CLAIM = text(
    "INSERT INTO store.job_run AS run (job, tick, after_id, requested_by, worker, arguments, started_at) "
    "VALUES (:job, :tick, :after_id, :by, :worker, CAST(:arguments AS jsonb), now()) "
    "ON CONFLICT (job, tick, after_id) DO UPDATE "
    "SET attempt = run.attempt + CAST(coalesce(run.outcome, 'failed') = 'failed' AS int), worker = excluded.worker, "
    "started_at = now(), outcome = NULL, finished_at = NULL, error = NULL "
    "WHERE run.outcome IS NULL OR run.outcome = 'skipped' OR (run.outcome = 'missed' AND :in_time) "
    "OR (run.outcome = 'failed' AND run.attempt < :attempts) "
    "RETURNING attempt, arguments::text AS arguments"
)


async def keep_arguments(run: Run, arguments: Sequence[str | int]) -> None:
    """Keep with an open run what a worker needs that takes it up."""
    run.arguments = arguments
    await run.connection.execute(
        text(
            "UPDATE store.job_run SET arguments = CAST(:arguments AS jsonb) "
            "WHERE job = :job AND tick = :tick AND after_id = :after_id AND outcome IS NULL"
        ),
        {**_names(run.key), "arguments": orjson.dumps(list(arguments)).decode()},
    )
    await run.connection.commit()


async def end_run(connection: AsyncConnection, key: RunKey, outcome: Outcome, error: str | None) -> None:
    """Write down how an open run ended; its counts stay as they were told last."""
    await connection.execute(
        text(
            "UPDATE store.job_run SET outcome = :outcome, finished_at = now(), error = :error "
            "WHERE job = :job AND tick = :tick AND after_id = :after_id AND outcome IS NULL"
        ),
        {**_names(key), "outcome": outcome, "error": error[:2000] if error else None},
    )


def _names(key: RunKey) -> dict[str, Any]:
    return {"job": key.job, "tick": key.tick, "after_id": key.after_id}


async def record_progress(engine: AsyncEngine, run: Run, ratio: float) -> None:
    """Write down how far a long run has come, from 0 to 1, and its counts so far."""
    async with engine.begin() as connection:
        await _record_counts(connection, run, ratio)


async def _record_counts(connection: AsyncConnection, run: Run, ratio: float | None = None) -> None:
    await connection.execute(
        text(
            "UPDATE store.job_run SET progress = coalesce(:ratio, progress), device_count = :devices, "
            "snapshot_count = :snapshots WHERE job = :job AND tick = :tick AND after_id = :after_id "
            "AND outcome IS NULL"
        ),
        {**_names(run.key), "ratio": ratio, "devices": run.device_count, "snapshots": run.snapshot_count},
    )


async def _finish(engine: AsyncEngine, run: Run, outcome: Outcome, error: str | None) -> None:
    # Not on the run's own connection: that may be what broke.
    async with engine.begin() as connection:
        await _record_counts(connection, run)
        await end_run(connection, run.key, outcome, error)
    counts = {"devices": run.device_count, "snapshots": run.snapshot_count}
    level = logging.INFO if outcome is Outcome.DONE else logging.WARNING
    logger.log(
        level, "run ended run=%s outcome=%s attempt=%d counts=%s error=%s", run.key, outcome, run.attempt, counts, error
    )


async def _record_skipped(connection: AsyncConnection, key: RunKey, requested_by: str) -> None:
    """Write down a tick that met an earlier one, unless it met itself."""
    await connection.execute(
        text(
            "INSERT INTO store.job_run (job, tick, after_id, requested_by, outcome, finished_at, error) "
            "SELECT :job, :tick, :after_id, :by, 'skipped', now(), 'an earlier one was still running' "
            "ON CONFLICT (job, tick, after_id) DO NOTHING"
        ),
        {**_names(key), "by": requested_by},
    )
    await connection.commit()
