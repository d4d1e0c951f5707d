import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dashnet.checks.check import START_ADVICE, Check, CheckOutcome
from dashnet.checks.services import (
    LATE_AFTER,
    check_app_service,
    check_network_service,
    check_refreshes,
    check_rollups,
    judge_runs,
)
from dashnet.reading import to_wire
from dashnet.settings import Settings
from tests.conftest import make_settings
from tests.ports import free_port

NOW = datetime(2026, 11, 23, 20, 30, 30, tzinfo=UTC)


@contextmanager
def taken_port() -> Iterator[int]:
    """A loopback port that somebody has without listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@asynccontextmanager
async def other_program(answer: bytes) -> AsyncIterator[int]:
    """A program that is none of ours and says this to everybody; its port."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def make_run(outcome: str | None, minutes_ago: int, error: str | None = None) -> dict[str, Any]:
    tick = to_wire(NOW - timedelta(minutes=minutes_ago))
    return {"tick": tick, "outcome": outcome, "error": error, "snapshot_count": 13}


async def test_a_network_service_that_is_ready_is_fine(settings: Settings, network: httpx.AsyncClient) -> None:
    assert (await check_network_service(settings)).outcome is CheckOutcome.OK


async def test_a_service_that_is_not_ready_tells_what_it_misses(settings: Settings, app: httpx.AsyncClient) -> None:
    check = await check_app_service(settings)
    assert check.outcome is CheckOutcome.PROBLEM
    assert "no refresh has finished yet" in check.detail


async def test_where_nothing_listens_the_port_is_free_and_make_up_starts_dashnet() -> None:
    check = await check_app_service(make_settings(app_port=free_port()))
    assert (check.outcome, check.advice) == (CheckOutcome.PROBLEM, START_ADVICE)
    assert "the port is free" in check.detail


async def test_a_port_that_another_program_holds_silently_names_the_setting() -> None:
    with taken_port() as port:
        check = await check_network_service(make_settings(network_port=port))
    assert "another program has the port" in check.detail
    assert "DASHNET_NETWORK_PORT" in check.advice


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n[{}]",
        b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_an_answer_of_another_program_names_the_setting(answer: bytes) -> None:
    async with other_program(answer) as port:
        check = await check_app_service(make_settings(app_port=port))
    assert check.outcome is CheckOutcome.PROBLEM
    assert "another program" in check.detail
    assert "DASHNET_APP_PORT" in check.advice


async def test_a_network_service_elsewhere_is_named_by_its_own_setting() -> None:
    async with other_program(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        check = await check_network_service(make_settings(network_url=f"http://127.0.0.1:{port}"))
    assert "DASHNET_NETWORK_URL" in check.advice


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://127.0.0.1:port", "http://"])
async def test_a_network_url_that_is_none_is_a_problem_that_names_it(url: str) -> None:
    check = await check_network_service(make_settings(network_url=url))
    assert check.outcome is CheckOutcome.PROBLEM
    assert "is no address" in check.detail
    assert "DASHNET_NETWORK_URL" in check.advice


async def test_without_an_app_service_the_last_refresh_is_not_known() -> None:
    check = await check_refreshes(make_settings(app_port=free_port()))
    assert check.outcome is CheckOutcome.NOTE


async def test_an_empty_ledger_is_a_note(settings: Settings, app: httpx.AsyncClient) -> None:
    check = await check_refreshes(settings)
    assert check.outcome is CheckOutcome.NOTE
    assert "none has ended yet" in check.detail


def judge_refreshes(runs: list[dict[str, Any]], now: datetime) -> Check:
    return judge_runs("last refresh", runs, now, LATE_AFTER)


async def test_roll_ups_have_a_line_of_their_own() -> None:
    check = await check_rollups(make_settings(app_port=free_port()))
    assert (check.name, check.outcome) == ("last rollup", CheckOutcome.NOTE)


def test_a_refresh_that_was_just_done_is_fine() -> None:
    check = judge_refreshes([make_run("done", 1)], NOW)
    assert (check.outcome, check.detail) == (CheckOutcome.OK, "done 60 s ago, 13 snapshots")


def test_a_newest_tick_ahead_of_the_clock_is_a_problem() -> None:
    check = judge_refreshes([make_run("done", -10)], NOW)
    assert (check.outcome, check.detail[:36]) == (CheckOutcome.PROBLEM, "the newest tick is 10 min ahead of t")


def test_a_refresh_that_runs_hides_nothing_of_the_one_before() -> None:
    assert judge_refreshes([make_run(None, 0), make_run("done", 1)], NOW).detail.startswith("done 60 s ago")


def test_a_skipped_refresh_soon_after_one_that_was_done_is_fine() -> None:
    assert judge_refreshes([make_run("skipped", 0), make_run("done", 1)], NOW).outcome is CheckOutcome.OK


def test_a_failed_refresh_is_a_problem_with_its_error() -> None:
    check = judge_refreshes([make_run("failed", 0, "no way"), make_run("done", 1)], NOW)
    assert check.outcome is CheckOutcome.PROBLEM
    assert "no way" in check.detail


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([make_run("done", 5)], "the last that was done 5 min ago"),
        ([make_run("missed", 0), make_run("done", 90)], "the last that was done 90 min ago"),
        ([make_run("missed", 0), make_run("missed", 1)], "none of the last 2 was done"),
    ],
)
def test_no_refresh_done_for_long_is_a_problem(runs: list[dict[str, Any]], words: str) -> None:
    check = judge_refreshes(runs, NOW)
    assert check.outcome is CheckOutcome.PROBLEM
    assert words in check.detail
