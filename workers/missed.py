"""The ticks that nobody ran, written down in the ledger with the reason."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from dashnet.jobs import Job
from workers.outages import Past
from workers.reasons import explain_ticks

_MINUTE = timedelta(minutes=1)

# Holes may come late: the readings of a tick may have waited for Postgres, those of another were never taken.
_MISSING = text(
    """
    WITH begun AS (
        SELECT least(
            (SELECT tick FROM store.job_run ORDER BY tick LIMIT 1), CAST(:first_up AS timestamptz)) AS at
    ),
    recorded AS (
        SELECT tick AS last FROM store.job_run WHERE requested_by = 'schedule' AND job IN ('refresh', 'clean')
        AND tick <= :now ORDER BY tick DESC LIMIT 1
    ),
    stretch AS (
        SELECT date_trunc('minute', greatest(
            begun.at, (SELECT last FROM recorded) - interval '3 hours',
            CAST(:now AS timestamptz) - make_interval(days => :days))) + interval '1 minute' AS first
        FROM begun WHERE begun.at IS NOT NULL
    )
    SELECT minute FROM stretch, generate_series(
        stretch.first, date_trunc('minute', CAST(:now AS timestamptz)) - interval '1 minute', interval '1 minute'
    ) AS minute
    WHERE NOT EXISTS (
        SELECT FROM store.job_run WHERE tick = minute
        AND job = CASE WHEN extract(minute FROM minute) = 0 THEN 'clean' ELSE 'refresh' END
    ) ORDER BY minute
    """
)
_RECORD = text(
    "INSERT INTO store.job_run (job, tick, requested_by, outcome, finished_at, error) "
    "SELECT job, tick, 'schedule', 'missed', :now, error "
    "FROM unnest(CAST(:jobs AS text[]), CAST(:ticks AS timestamptz[]), CAST(:reasons AS text[])) "
    "AS missed (job, tick, error) ON CONFLICT (job, tick, after_id) DO NOTHING"
)


def scheduled_job(tick: datetime) -> Job:
    """The job of a minute: `clean` at the full hour, `refresh` otherwise."""
    return Job.CLEAN if tick.minute == 0 else Job.REFRESH


async def select_missing(
    connection: AsyncConnection, now: datetime, retention_days: int, first_up: datetime | None
) -> Sequence[datetime]:
    """Scheduled ticks that are not in the ledger, the oldest first.

    The schedule began with the first run of any kind, or at `first_up`, when the first worker was up that is known of.
    The running minute is left alone: its tick may still come.
    """
    values = {"now": now, "days": retention_days, "first_up": first_up}
    return list(await connection.scalars(_MISSING, values))


async def record_missed(
    connection: AsyncConnection, now: datetime, retention_days: int, past: Past, waiting: Sequence[datetime] = ()
) -> int:
    """Write down every scheduled tick that nobody ran, and why; returns how many.

    `waiting` are ticks whose readings wait to be stored.
    """
    missing = await select_missing(connection, now, retention_days, past.begin)
    ticks = [tick for tick in missing if tick not in waiting]
    if ticks:
        values = {
            "now": now,
            "ticks": ticks,
            "jobs": [scheduled_job(tick).value for tick in ticks],
            "reasons": list(explain_ticks(ticks, past)),
        }
        await connection.execute(_RECORD, values)
    await connection.commit()
    return len(ticks)
