"""Looks at the network service, the app service, and over the latter at what became of the refreshes."""

import asyncio
import errno
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from dashnet.checks.check import LONGEST_SECONDS, START_ADVICE, Check, note, ok, problem
from dashnet.clocks import describe_ahead
from dashnet.settings import Settings

# Minute 0 has no refresh, and two may be late.
LATE_AFTER = timedelta(minutes=4)
ROLLUP_LATE_AFTER = timedelta(minutes=15)
_RUNS = 20


async def check_network_service(settings: Settings) -> Check:
    """Whether the network service is ready."""
    variable = "DASHNET_NETWORK_URL" if settings.network_url else "DASHNET_NETWORK_PORT"
    return await _check_service("network service", settings.network_address, variable)


async def check_app_service(settings: Settings) -> Check:
    """Whether the app service is ready."""
    variable = "DASHNET_APP_URL" if settings.app_url else "DASHNET_APP_PORT"
    return await _check_service("app service", settings.app_address, variable)


async def _check_service(name: str, address: str, variable: str) -> Check:
    try:
        answer = await _get(f"{address}/readyz")
    except httpx.ConnectError:
        return judge_silence(name, address, variable, await asyncio.to_thread(bind_error, address))
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        return problem(name, f"{address} is no address", f"correct {variable}, it looks like http://127.0.0.1:5000")
    except httpx.HTTPError as error:
        what = "gives no answer" if isinstance(error, httpx.TimeoutException) else "does not speak HTTP"
        detail = f"what listens at {address} {what}: another program has the port, or the service hangs"
        return problem(name, detail, f"stop it, or choose another address with {variable}")
    return judge_readiness(name, address, variable, answer)


async def _get(url: str, **parameters: str | int) -> httpx.Response:
    async with httpx.AsyncClient(timeout=LONGEST_SECONDS, trust_env=False) as client:
        return await client.get(url, params=parameters)


def judge_readiness(name: str, address: str, variable: str, answer: httpx.Response) -> Check:
    """What an answer to /readyz tells; one that no service of ours would give comes from another program."""
    body = _json_object(answer)
    if answer.status_code == httpx.codes.OK and body.get("ready") is True:
        return ok(name, f"ready at {address}")
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "detail" in body:
        return problem(name, f"not ready at {address}: {body['detail']}", "see the other lines here, and its log")
    detail = f"another program answers at {address} (HTTP {answer.status_code})"
    return problem(name, detail, f"stop it, or choose another address with {variable}")


def _json_object(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def bind_error(address: str) -> OSError | None:
    """What keeps a service from binding to this address; None when it is free. It is bound for an instant."""
    url = httpx.URL(address)
    host, port = url.host, url.port or {"http": 80, "https": 443}[url.scheme]
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as error:
        return error
    return None


def judge_silence(name: str, address: str, variable: str, error: OSError | None) -> Check:
    """Why nothing listens at an address, by what became of binding to it."""
    if error is None:
        return problem(name, f"nothing listens at {address}; the port is free", START_ADVICE)
    if error.errno == errno.EADDRINUSE:
        detail = f"nothing answers at {address}, but another program has the port"
        return problem(name, detail, f"stop it, or choose another address with {variable}")
    detail = f"nothing answers at {address}, and this machine cannot serve it ({error.strerror})"
    return problem(name, detail, f"start it there, or correct {variable}")


async def check_refreshes(settings: Settings) -> Check:
    """What became of the last refresh, as the app service tells."""
    return await _check_runs(settings, "refresh", LATE_AFTER)


async def check_rollups(settings: Settings) -> Check:
    """What became of the last roll-up; while there is none, history is read from the raw snapshots, which are kept."""
    return await _check_runs(settings, "rollup", ROLLUP_LATE_AFTER)


async def _check_runs(settings: Settings, job: str, late_after: timedelta) -> Check:
    try:
        answer = await _get(f"{settings.app_address}/api/job-runs", job=job, limit=_RUNS)
        answer.raise_for_status()
        return judge_runs(f"last {job}", answer.json(), datetime.now(UTC), late_after)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return note(f"last {job}", "not known: the app service does not tell")


def judge_runs(name: str, runs: Sequence[dict[str, Any]], now: datetime, late_after: timedelta) -> Check:
    """How the last run that ended did, and whether the last that was done is too long ago; newest run first."""
    ended = [run for run in runs if run["outcome"]]
    if not ended:
        return note(
            name, f"none has ended yet; the next is due within {late_after.seconds // 60} min of a worker's start"
        )
    last = ended[0]
    if ahead := describe_ahead(datetime.fromisoformat(last["tick"]), now):
        return problem(name, ahead, "set the clock by a time server (NTP), or wait until it is there again")
    detail = f"{last['outcome']} {_age(last, now)} ago"
    if last["outcome"] == "failed":
        return problem(name, f"{detail}: {last['error']}", "see the worker's log and: dashnet jobs list")
    done = next((run for run in ended if run["outcome"] == "done"), None)
    if done is None or now - datetime.fromisoformat(done["tick"]) > late_after:
        when = f"the last that was done {_age(done, now)} ago" if done else f"none of the last {len(ended)} was done"
        return problem(name, f"{detail}; {when}", "see the line on workers and: dashnet jobs list")
    return ok(name, f"{detail}, {last['snapshot_count'] or 0:,} snapshots")


def _age(run: dict[str, Any], now: datetime) -> str:
    seconds = max(0, round((now - datetime.fromisoformat(run["tick"])).total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60:,} min"
