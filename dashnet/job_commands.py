"""What `dashnet jobs` does: asks over Redis, and reads the ledger over the app service's API."""

import asyncio
import time
from datetime import datetime
from typing import Any

import httpx
import orjson
from redis.exceptions import RedisError
from rich.console import Console, JustifyMethod
from rich.table import Table

from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.jobs import Job, request_now
from dashnet.reading import to_wire
from dashnet.redis import create_redis
from dashnet.settings import Settings, get_settings

POLL_SECONDS = 0.2
_COLORS = {"done": "green", "failed": "red", "missed": "yellow", "skipped": "yellow", "running": "cyan"}


async def request(job: Job, *, wait: bool) -> None:
    """Ask for a job; with `wait` until it ends.

    Raises:
        ServiceUnavailable: Redis, or with `wait` the app service, is out of reach.
        DashnetError: it did not end well, or not in time.
    """
    tick = await ask_for(job)
    if not wait:
        print(f"asked for {job} {to_wire(tick)}; dashnet jobs list shows what became of it")  # noqa: T201
        return
    run = await _wait_for(get_settings(), job, tick)
    print(_describe(run))  # noqa: T201
    if run["outcome"] != "done":
        raise DashnetError(f"{job} {to_wire(tick)} {run['outcome']}: {run['error']}")


async def ask_for(job: Job, *arguments: str | int) -> datetime:
    """Put a job into the queue; returns its tick.

    Raises:
        ServiceUnavailable: Redis is out of reach.
    """
    settings = get_settings()
    redis = create_redis(settings, "dashnet-cli", reconnects=False)
    try:
        return await request_now(redis, settings, job, "hand", *arguments)
    except (RedisError, OSError) as error:
        raise ServiceUnavailable(f"Redis is out of reach ({error}); is Dashnet up? Start it with: make up") from error
    finally:
        await redis.aclose()


async def _wait_for(settings: Settings, job: Job, tick: datetime) -> dict[str, Any]:
    limit = settings.clean_timeout_seconds if job is Job.CLEAN else settings.refresh_timeout_seconds
    deadline = time.monotonic() + limit + 10
    while time.monotonic() < deadline:
        try:
            runs = await fetch_runs(settings, {"job": job.value, "limit": 50})
        except ServiceUnavailable as error:
            if job is not Job.REFRESH:
                later = f"{job} {to_wire(tick)} was asked for and is done once Postgres is back, within half an hour"
                raise ServiceUnavailable(f"{error}; {later}") from error
            # Without Postgres there is no ledger, and a refresh ends with its readings on screens.
            await _check_delay(settings, tick)
            runs = []
        ended = [run for run in runs if run["outcome"] and datetime.fromisoformat(run["tick"]) == tick]
        if ended:
            return ended[0]
        await asyncio.sleep(POLL_SECONDS)
    raise DashnetError(f"{job} {to_wire(tick)} has not ended; is a worker running? dashnet doctor tells more")


async def _check_delay(settings: Settings, tick: datetime) -> None:
    """Make sure that a refresh is not over, with readings that wait for Postgres.

    Raises:
        DashnetError: it is, and they do.
        ServiceUnavailable: the app service is out of reach.
    """
    summary = await _fetch(settings, "/api/summary", {})
    since, newest = summary["storing_delayed_since"], summary["time_stamp"]
    if since and datetime.fromisoformat(newest) >= tick:
        raise DashnetError(
            f"refresh {to_wire(tick)} was read and is shown, but not stored yet: Postgres is out of reach. "
            f"Storing is delayed since {since} and made up by itself"
        )


async def show_runs(limit: int, *, as_json: bool) -> None:
    """Print the newest runs of the ledger.

    Raises:
        ServiceUnavailable: the app service is out of reach.
    """
    runs = await fetch_runs(get_settings(), {"limit": limit})
    if as_json:
        print(orjson.dumps(runs, option=orjson.OPT_INDENT_2).decode())  # noqa: T201
    elif not runs:
        print("The ledger is empty: no job has run yet. A refresh runs each minute while a worker is up.")  # noqa: T201
    else:
        Console().print(_to_table(runs))


def _to_table(runs: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("tick (UTC)", "job", "outcome", "seconds", "devices", "snapshots", "asked by", "error"):
        justify: JustifyMethod = "right" if title in ("seconds", "devices", "snapshots") else "left"
        table.add_column(title, justify=justify, no_wrap=title != "error", overflow="fold")
    for run in runs:
        outcome = run["outcome"] or "running"
        told = outcome if run["outcome"] or run["progress"] is None else f"{run['progress']:.0%}"
        table.add_row(
            run["tick"].replace("T", " ").removesuffix("Z"),
            run["job"],
            f"[{_COLORS[outcome]}]{told}[/]",
            _seconds(run),
            _or_dash(run["device_count"]),
            _or_dash(run["snapshot_count"]),
            run["requested_by"],
            run["error"] or "",
        )
    return table


def _describe(run: dict[str, Any]) -> str:
    return (
        f"{run['job']} {run['tick']} {run['outcome']}: {_or_dash(run['device_count'])} devices, "
        f"{_or_dash(run['snapshot_count'])} snapshots, {_seconds(run)} s"
    )


def _seconds(run: dict[str, Any]) -> str:
    if not run["started_at"] or not run["finished_at"]:
        return "-"
    taken = datetime.fromisoformat(run["finished_at"]) - datetime.fromisoformat(run["started_at"])
    return f"{taken.total_seconds():.2f}"


def _or_dash(count: int | None) -> str:
    return "-" if count is None else str(count)


async def fetch_runs(settings: Settings, parameters: dict[str, str | int]) -> list[dict[str, Any]]:
    """The answer of /api/job-runs.

    Raises:
        ServiceUnavailable: the app service is out of reach.
    """
    runs: list[dict[str, Any]] = await _fetch(settings, "/api/job-runs", parameters)
    return runs


async def _fetch(settings: Settings, path: str, parameters: dict[str, str | int]) -> Any:  # any JSON value
    try:
        async with httpx.AsyncClient(base_url=settings.app_address, timeout=10, trust_env=False) as client:
            answer = await client.get(path, params=parameters)
    except httpx.TransportError as error:
        where = settings.app_address
        raise ServiceUnavailable(f"the app service at {where} is out of reach; start Dashnet with: make up") from error
    if answer.status_code != 200:
        raise ServiceUnavailable(f"the app service answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()
