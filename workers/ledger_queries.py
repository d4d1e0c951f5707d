"""Questions to the ledger: when its jobs ran last, and what became of a tick."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.jobs import Job
from workers.ledger import RunKey


async def select_last_done(connection: AsyncConnection, job: Job) -> datetime | None:
    """The tick of the newest run of this job that was done; None where there never was one."""
    query = text("SELECT max(tick) FROM store.job_run WHERE job = :job AND outcome = 'done'")
    newest: datetime | None = await connection.scalar(query, {"job": job})
    return newest


async def select_outcome(connection: AsyncConnection, key: RunKey) -> str | None:
    """How a run ended: an outcome, `running`, or None where nobody has begun it."""
    return (await select_attempt(connection, key))[0]


async def select_attempt(connection: AsyncConnection, key: RunKey) -> tuple[str | None, int]:
    """As `select_outcome`, with the number of the newest attempt; 0 where there was none."""
    query = text(
        "SELECT coalesce(outcome, 'running') AS outcome, attempt FROM store.job_run "
        "WHERE job = :job AND tick = :tick AND after_id = :after_id"
    )
    values = {"job": key.job, "tick": key.tick, "after_id": key.after_id}
    row = (await connection.execute(query, values)).one_or_none()
    return (row.outcome, row.attempt) if row else (None, 0)


async def select_begin(connection: AsyncConnection) -> datetime | None:
    """The oldest tick of the ledger; None while it is empty."""
    begin: datetime | None = await connection.scalar(text("SELECT min(tick) FROM store.job_run"))
    return begin


async def select_last_begun(connection: AsyncConnection, job: Job) -> datetime | None:
    """The tick of the newest run of this job that anybody began; None where there never was one."""
    query = text("SELECT max(tick) FROM store.job_run WHERE job = :job AND outcome IS DISTINCT FROM 'missed'")
    newest: datetime | None = await connection.scalar(query, {"job": job})
    return newest
