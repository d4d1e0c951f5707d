"""What `dashnet demo` does: gives the simulated fleet a past."""

import asyncio
import sys
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.job_commands import ask_for, fetch_runs
from dashnet.jobs import Job
from dashnet.reading import to_wire
from dashnet.settings import get_settings

POLL_SECONDS = 0.5
# A worker takes a job up within a second; one that does not within this time is not there.
START_SECONDS = 20


async def request_backfill(days: int, *, wait: bool) -> None:
    """Ask for the past of the simulated fleet; with `wait` follow it until it is written.

    Raises:
        ServiceUnavailable: Redis, or with `wait` the app service or a worker, is out of reach.
        DashnetError: it did not end well.
    """
    tick = await ask_for(Job.BACKFILL, days)
    if not wait:
        print(f"asked for it; dashnet jobs list shows what became of backfill {to_wire(tick)}")  # noqa: T201
        return
    run = await _follow(tick)
    if run["outcome"] != "done":
        raise DashnetError(f"backfill {run['outcome']}: {run['error']}")
    seconds = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    print(  # noqa: T201
        f"wrote {run['snapshot_count'] or 0:,} snapshots of {run['device_count']:,} simulated devices "
        f"in {seconds.total_seconds():.0f} s"
    )


async def _follow(tick: datetime) -> dict[str, Any]:
    """Show how far the run has come until it ends. Ctrl-C ends the looking, not the run."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_SECONDS
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("waiting for a worker", total=1.0)
        while True:
            runs = await fetch_runs(get_settings(), {"job": Job.BACKFILL.value, "limit": 20})
            run = next((run for run in runs if datetime.fromisoformat(run["tick"]) == tick), None)
            if run and run["outcome"]:
                progress.update(task, completed=1.0)
                return run
            if run:
                told = f"{run['snapshot_count'] or 0:,} snapshots"
                progress.update(task, description=told, completed=run["progress"] or 0.0)
            elif loop.time() > deadline:
                raise ServiceUnavailable("no worker has taken it up; is one running? dashnet doctor tells more")
            await asyncio.sleep(POLL_SECONDS)
