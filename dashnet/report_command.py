"""What `dashnet report` does: has the app service make a month's report, and writes it to a file or standard output."""

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.progress import Progress

from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.history.report import parse_month
from dashnet.settings import get_settings

LONGEST_SECONDS = 900
ANSWER_SECONDS = 60
# A worker takes a report up within a second, unless it has much else to do.
START_SECONDS = 60


def last_month(now: datetime) -> str:
    """The month before that of `now` in its zone, such as 2026-10."""
    return f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"


async def write_report(month: str | None, report_format: str, zone: str, output: Path | None) -> None:
    """Fetch a report, with its progress on standard error, and write it; of the last whole month without one.

    Raises:
        ServiceUnavailable: the app service is out of reach, or the report is not made in time.
        DashnetError: there is no such month or zone, or the file cannot be written.
    """
    month = _check_month(month, zone)
    _check_output(output, report_format)
    content = await _fetch(month, {"format": report_format, "zone": zone})
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        await asyncio.to_thread(output.write_bytes, content)
    except OSError as error:
        raise DashnetError(f"{output} cannot be written: {error.strerror}") from error
    print(f"wrote {output} ({len(content):,} bytes)", file=sys.stderr)  # noqa: T201


def _check_month(month: str | None, zone: str) -> str:
    try:
        local = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise DashnetError(f"there is no time zone {zone!r}; one is Europe/Berlin") from None
    if month is None:
        return last_month(datetime.now(local))
    try:
        parse_month(month, local)
    except ValueError as error:
        raise DashnetError(f"{month!r} is {error}") from None
    return month


def _check_output(output: Path | None, report_format: str) -> None:
    """Before somebody waits for a report that has no place."""
    if output is None:
        if report_format == "pdf" and sys.stdout.isatty():
            raise DashnetError("a PDF would only garble this terminal; give --output FILE, or redirect standard output")
        return
    try:
        is_folder, has_folder = output.is_dir(), output.parent.is_dir()
    except OSError as error:
        raise DashnetError(f"{output} cannot be written: {error.strerror}") from error
    if is_folder:
        raise DashnetError(f"{output} is a folder; give --output the name of a file in it")
    if not has_folder:
        raise DashnetError(f"there is no folder {output.parent}; make it, or give --output another one")


async def _fetch(month: str, parameters: dict[str, str]) -> bytes:
    address = get_settings().app_address
    loop = asyncio.get_running_loop()
    started_by = loop.time() + START_SECONDS
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"report of {month}", total=1.0)
        try:
            async with (
                asyncio.timeout(LONGEST_SECONDS),
                httpx.AsyncClient(base_url=address, timeout=ANSWER_SECONDS, trust_env=False) as client,
            ):
                while (answer := await client.get(f"/api/reports/{month}", params=parameters)).status_code == 202:
                    ratio = answer.json()["progress"]
                    if ratio is None and loop.time() > started_by:
                        raise ServiceUnavailable("no worker has taken it up; is one running? dashnet doctor tells more")
                    progress.update(task, completed=ratio or 0.0)
                    await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
        except httpx.ReadTimeout as error:
            raise ServiceUnavailable(f"the app service at {address} took longer than {ANSWER_SECONDS} s") from error
        except httpx.TransportError as error:
            raise ServiceUnavailable(f"the app service at {address} is out of reach; start it with: make up") from error
        except TimeoutError:
            raise ServiceUnavailable(f"the report was not made within {LONGEST_SECONDS} s; is a worker up?") from None
    if answer.status_code != 200:
        raise DashnetError(_describe(answer))
    return answer.content


def _describe(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the app service answered {answer.status_code}: {answer.text[:300]}"
