"""What `dashnet report` does: has the app service make a month's report, and writes it to a file or standard output."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress

from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.settings import get_settings

LONGEST_SECONDS = 900
ANSWER_SECONDS = 60


def last_month(now: datetime) -> str:
    """The month before, such as 2026-10."""
    return f"{now.astimezone(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"


async def write_report(month: str, report_format: str, zone: str, output: Path | None) -> None:
    """Fetch a report, with its progress on standard error, and write it.

    Raises:
        ServiceUnavailable: the app service is out of reach, or the report is not made in time.
        DashnetError: there is no such month or zone, or the file cannot be written.
    """
    if output is None and report_format == "pdf" and sys.stdout.isatty():
        raise DashnetError("a PDF would only garble this terminal; give --output FILE, or redirect standard output")
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


async def _fetch(month: str, parameters: dict[str, str]) -> bytes:
    address = get_settings().app_address
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(f"report of {month}", total=1.0)
        try:
            async with (
                asyncio.timeout(LONGEST_SECONDS),
                httpx.AsyncClient(base_url=address, timeout=ANSWER_SECONDS, trust_env=False) as client,
            ):
                while (answer := await client.get(f"/api/reports/{month}", params=parameters)).status_code == 202:
                    progress.update(task, completed=answer.json()["progress"] or 0.0)
                    await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
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
