"""What a worker does beside its jobs, every second: take up what a dead worker left, offer again what was
asked for by hand, and publish what was left untold."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.database import describe_error
from dashnet.errors import DashnetError
from dashnet.jobs import Job, enqueue
from dashnet.reading import to_wire
from dashnet.store import Outcome
from workers.context import WorkerContext
from workers.ledger import LATEST_TAKE_UP, MOST_ATTEMPTS, RunKey, end_run
from workers.locks import is_locked
from workers.outages import read_past
from workers.publishing import mend_publications
from workers.reasons import explain_abandoned
from workers.wishes import look_after_wishes

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class AbandonedRun:
    """A run whose worker is gone."""

    key: RunKey
    requested_by: str
    attempt: int
    worker: str
    started_at: datetime
    arguments: Sequence[str | int] = ()

    @property
    def latest(self) -> datetime:
        """When it is too late to take it up."""
        return self.key.tick + LATEST_TAKE_UP[self.key.job]


async def select_abandoned(connection: AsyncConnection) -> Sequence[AbandonedRun]:
    """Runs that any worker may take up, and that are open while nobody holds their lock."""
    rows = await connection.execute(
        text(
            "SELECT job, tick, requested_by, attempt, coalesce(worker, '') AS worker, "
            "coalesce(started_at, tick) AS started_at, arguments::text AS arguments FROM store.job_run "
            "WHERE outcome IS NULL AND job = ANY(:jobs) ORDER BY tick"
        ),
        {"jobs": list(LATEST_TAKE_UP)},
    )
    runs = [
        AbandonedRun(
            RunKey(Job(row.job), row.tick),
            row.requested_by,
            row.attempt,
            row.worker,
            row.started_at,
            orjson.loads(row.arguments),
        )
        for row in rows
    ]
    locked = {name: await is_locked(connection, name) for name in {run.key.lock_name for run in runs}}
    return [run for run in runs if not locked[run.key.lock_name]]


async def watch_for_abandoned(context: WorkerContext) -> None:
    """Run until cancelled; an outage of Postgres or Redis is waited out."""
    while True:
        await asyncio.sleep(INTERVAL_SECONDS)
        await context.prepared.wait()
        try:
            await take_up_abandoned(context)
            await look_after_wishes(context)
        except (DBAPIError, OSError, RedisError, DashnetError) as error:
            if not context.outages.is_open("Postgres"):
                logger.warning("cannot look for abandoned runs error=%s", describe_error(error))
        except Exception:
            # A watch that ended would leave killed runs and untold commits lying until the next start.
            logger.exception("looking for abandoned runs failed, trying again")


async def take_up_abandoned(context: WorkerContext) -> None:
    """Queue again what can still be done in time, record the rest as failed, and mend publications.

    Raises:
        sqlalchemy.exc.DBAPIError, OSError, redis.RedisError: out of reach; nothing is lost, call again.
    """
    async with context.engine.connect() as connection:
        for run in await select_abandoned(connection):
            if _is_in_time(run):
                await _take_up(context, run)
            else:
                logger.warning("giving up an abandoned run run=%s attempt=%d", run.key, run.attempt)
                await end_run(connection, run.key, Outcome.FAILED, await _explain(context, run))
        await connection.commit()
        await mend_publications(context, connection)


async def _take_up(context: WorkerContext, run: AbandonedRun) -> None:
    # Under another name each time: that of a job whose worker was killed stays taken for long.
    job_id = context.offers.next_id(f"{run.key.job}:{to_wire(run.key.tick)}:{run.attempt + 1}")
    if job_id is None:
        return
    arguments = (to_wire(run.key.tick), run.requested_by, *run.arguments)
    if await enqueue(context.redis, context.settings, run.key.job, *arguments, job_id=job_id):
        logger.warning("taking up an abandoned run run=%s attempt=%d", run.key, run.attempt + 1)


async def _explain(context: WorkerContext, run: AbandonedRun) -> str:
    """Why nobody finished it: an outage of Postgres leaves a run open too, though its worker lives."""
    now = datetime.now(UTC)
    past = await read_past(context.redis, context.settings, context.outages, now)
    return f"{explain_abandoned(run.worker, run.started_at, run.latest, past, now)}, attempt {run.attempt}"


def _is_in_time(run: AbandonedRun) -> bool:
    return run.attempt < MOST_ATTEMPTS and datetime.now(UTC) < run.latest
