import os
import pty
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from dashnet import report_command
from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.report_command import last_month, write_report
from dashnet.settings import Settings
from tests.processes import killed_at_end
from tests.queue import working
from tests.servers import DEADLINE_SECONDS
from workers.context import WorkerContext


@pytest.fixture
def ours(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the app service of the test, which may be up or not."""
    monkeypatch.setattr(report_command, "get_settings", lambda: settings)


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 11, 1, 0, 30, tzinfo=UTC), "2026-10"),
        (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "2026-09"),
        (datetime(2026, 1, 31, tzinfo=ZoneInfo("Europe/Berlin")), "2025-12"),
        (datetime(2026, 10, 31, 23, 30, tzinfo=ZoneInfo("America/New_York")), "2026-09"),
    ],
)
def test_the_last_month_is_the_one_before_that_of_the_zone(now: datetime, month: str) -> None:
    assert last_month(now) == month


async def test_a_report_is_written_to_the_file_and_nothing_else_to_standard_output(
    ours: None,
    app: httpx.AsyncClient,
    context: WorkerContext,
    store: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with working(context):
        await write_report("2026-10", "json", "Europe/Berlin", tmp_path / "report.json")
    assert orjson.loads((tmp_path / "report.json").read_bytes())["zone"] == "Europe/Berlin"
    printed = capsys.readouterr()
    assert (printed.out, f"wrote {tmp_path / 'report.json'}" in printed.err) == ("", True)


@pytest.mark.parametrize(
    ("report_format", "begin"), [("html", b"<!doctype html>"), ("pdf", b"%PDF-"), ("csv", b""), ("json", b"{")]
)
async def test_every_format_goes_to_standard_output_as_it_is(
    ours: None,
    app: httpx.AsyncClient,
    context: WorkerContext,
    store: None,
    capfdbinary: pytest.CaptureFixture[bytes],
    report_format: str,
    begin: bytes,
) -> None:
    async with working(context):
        await write_report("2026-10", report_format, "UTC", None)
    printed = capfdbinary.readouterr().out
    assert printed.lower().startswith(begin.lower())
    assert printed == (await app.get("/api/reports/2026-10", params={"format": report_format})).content


async def test_it_waits_until_it_is_made(
    ours: None,
    app: httpx.AsyncClient,
    context: WorkerContext,
    store: None,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setattr("services.app.reports.WAIT_SECONDS", 0.01)
    async with working(context):
        await write_report("2026-10", "json", "UTC", None)
    assert b'"month"' in capsysbinary.readouterr().out


async def test_without_a_worker_it_says_so(
    ours: None, app: httpx.AsyncClient, store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.app.reports.WAIT_SECONDS", 0.01)
    monkeypatch.setattr(report_command, "START_SECONDS", 0)
    with pytest.raises(ServiceUnavailable, match="no worker has taken it up"):
        await write_report("2026-10", "json", "UTC", None)


async def test_without_a_stack_it_names_the_address_and_what_to_do(ours: None, settings: Settings) -> None:
    with pytest.raises(ServiceUnavailable) as error:
        await write_report("2026-10", "html", "UTC", None)
    assert settings.app_address in error.value.detail
    assert "make up" in error.value.detail


async def test_a_month_that_has_not_begun_is_told_as_the_service_tells_it(
    ours: None, app: httpx.AsyncClient, store: None
) -> None:
    with pytest.raises(DashnetError, match="2999-01 has not begun yet"):
        await write_report("2999-01", "html", "UTC", None)


@pytest.mark.parametrize("month", ["2026-13", "2026/10", "../devices", "october", "", "202610"])
async def test_what_is_no_month_is_refused_before_anybody_is_asked(ours: None, month: str) -> None:
    with pytest.raises(DashnetError, match="not a month such as 2026-10"):
        await write_report(month, "html", "UTC", None)


@pytest.mark.parametrize("zone", ["Nowhere", "", "../etc/passwd", "Europe"])
async def test_what_is_no_zone_is_refused_before_anybody_is_asked(ours: None, zone: str) -> None:
    with pytest.raises(DashnetError, match="there is no time zone"):
        await write_report("2026-10", "html", zone, None)


async def test_a_folder_that_is_missing_is_told_before_anybody_is_asked(ours: None, tmp_path: Path) -> None:
    with pytest.raises(DashnetError, match=r"there is no folder .*/missing; make it"):
        await write_report("2026-10", "html", "UTC", tmp_path / "missing" / "report.html")


async def test_a_folder_in_the_place_of_a_file_is_told_before_anybody_is_asked(ours: None, tmp_path: Path) -> None:
    with pytest.raises(DashnetError, match="is a folder"):
        await write_report("2026-10", "html", "UTC", tmp_path)


async def test_a_file_that_cannot_be_written_is_told(
    ours: None, app: httpx.AsyncClient, context: WorkerContext, store: None, tmp_path: Path
) -> None:
    async with working(context):
        with pytest.raises(DashnetError, match="cannot be written: File name too long"):
            await write_report("2026-10", "json", "UTC", tmp_path / ("x" * 300))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashnet.cli", "report", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)


def test_an_error_is_one_line_and_no_traceback() -> None:
    done = run("--month", "2026-13")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "dashnet: '2026-13' is not a month such as 2026-10\n"


def test_a_format_that_there_is_not_is_refused_with_those_there_are() -> None:
    done = run("--format", "docx")
    assert (done.returncode, "'html'" in done.stderr) == (2, True)


def test_a_pdf_is_not_poured_into_a_terminal() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dashnet.cli", "report", "--format", "pdf"]
    with killed_at_end(subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, text=True)) as process:
        _, told = process.communicate(timeout=DEADLINE_SECONDS)
    os.close(theirs)
    os.close(ours)
    assert (process.returncode, "give --output FILE" in told) == (1, True)
