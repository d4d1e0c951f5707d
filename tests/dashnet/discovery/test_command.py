"""`dashnet discover` against a real network service and the demo's agents."""

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashnet.demo_agents import PORT
from dashnet.discovery import command
from dashnet.discovery.command import Wishes, discover
from dashnet.errors import Conflict, DashnetError, InvalidInput, ServiceUnavailable
from dashnet.fleet import commands
from dashnet.fleet.commands import apply_fleet
from dashnet.network_api import ask_network
from dashnet.settings import Settings
from services.network.demo_agents.main import run_agents
from tests.network.discovery.runs import LONG, begin
from tests.ports import free_udp_port
from tests.processes import environment_of, killed_at_end
from tests.servers import eventually

SECRET = "geheim-community"
COUNT = 4
NONE, ALL, SNMP = (Wishes(add, None, False) for add in ("none", "all", "snmp"))
ASK = Wishes(None, None, False)


@pytest.fixture(autouse=True)
def ours(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command finds the network service of the test, which may be up or not."""
    monkeypatch.setattr(command, "get_settings", lambda: settings)
    monkeypatch.setattr(commands, "get_settings", lambda: settings)


@pytest.fixture
async def asked() -> AsyncIterator[dict[str, Any]]:
    """Agents at 127.0.0.2 to 127.0.0.5 that want a secret community, and what finds them and 127.0.0.1 and .6."""
    port = free_udp_port()
    async with run_agents(COUNT, port, SECRET, 2020):
        yield {"network": "127.0.0.0/29", "credentials": [{"community": SECRET, "port": port}], "names": False}


async def inventory(network: httpx.AsyncClient) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = (await network.get("/devices/?read=false")).json()
    return devices


async def test_what_is_found_is_shown_and_nothing_is_added_where_nobody_is_asked(
    network: httpx.AsyncClient, asked: Mapping[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    await discover(asked, ASK, None)
    told = capsys.readouterr()
    assert "6 of 6 addresses answer, 0 are known" in told.out
    assert "demo-switch-2" in told.out
    assert SECRET not in told.out + told.err
    assert await inventory(network) == []


async def test_those_that_are_picked_are_added_with_driver_secret_and_parent(
    network: httpx.AsyncClient, asked: Mapping[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["seven", "2-3 6"])
    await discover(asked, ASK, lambda _: next(answers))
    assert "'seven' is no number" in capsys.readouterr().out
    devices = (await network.get("/devices/")).json()
    assert [(one["host_name"], one["driver"], one["state"]) for one in devices] == [
        ("demo-router-1", "snmp", "up"),
        ("demo-switch-2", "snmp", "up"),
        ("127.0.0.6", "icmp", "up"),
    ]
    assert devices[2]["mac_address"] == "address-127.0.0.6"
    assert [one["parent_id"] for one in devices] == [None, devices[0]["id"], None]
    await discover(asked, ALL, None)
    again = capsys.readouterr().out
    assert "3 are known" in again
    assert "3 added, 0 as they were" in again
    await discover(asked, ALL, None)
    assert len(await inventory(network)) == 6


async def test_a_file_of_them_can_be_applied_and_holds_no_secret(
    network: httpx.AsyncClient,
    asked: Mapping[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "fleet.yaml"
    await discover(asked, Wishes("snmp", path, False), None)
    assert f"wrote 4 devices to {path}; set SNMP_COMMUNITY when you apply it" in capsys.readouterr().err
    assert SECRET not in path.read_text(encoding="utf-8")
    assert await inventory(network) == []
    monkeypatch.setenv("SNMP_COMMUNITY", SECRET)
    await apply_fleet(path, None, dry_run=False, prune=False, confirm=lambda _: False)
    assert [one["state"] for one in (await network.get("/devices/")).json()] == ["up"] * 4


async def test_json_is_the_whole_answer(
    network: httpx.AsyncClient, asked: Mapping[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    await discover(asked, Wishes(None, None, True), None)
    run = json.loads(capsys.readouterr().out)
    assert (run["outcome"], len(run["found"]), SECRET in str(run)) == ("done", 6, False)


async def test_errors_say_what_to_do_and_that_nothing_was_added(
    network: httpx.AsyncClient, asked: Mapping[str, Any]
) -> None:
    with pytest.raises(DashnetError, match=r"--add 7: the numbers go from 1 to 6; nothing was added"):
        await discover(asked, Wishes("7", None, False), None)
    with pytest.raises(InvalidInput, match="4,096 at the most"):
        await discover({**asked, "network": "127.0.0.0/8"}, NONE, None)
    for _ in range(2):
        await begin(network, **LONG)
    with pytest.raises(Conflict, match="2 discoveries run already"):
        await discover(asked, NONE, None)


async def test_without_the_network_service_it_says_how_to_start_it(asked: Mapping[str, Any]) -> None:
    with pytest.raises(ServiceUnavailable, match="start Dashnet with: make up"):
        await discover(asked, NONE, None)


async def test_one_that_somebody_else_ends_adds_nothing(network: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(discover({**LONG, "credentials": []}, ALL, None))

    async def running() -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = (await network.get("/discoveries/")).json()
        return runs

    (run,) = await eventually(running)
    await network.delete(f"/discoveries/{run['id']}")
    with pytest.raises(DashnetError, match="the discovery is cancelled; nothing was added"):
        await waiting


def start(settings: Settings, *words: str, **options: Any) -> "subprocess.Popen[bytes]":
    """`dashnet discover …` in a process of its own."""
    command = [sys.executable, "-m", "dashnet.cli", "discover", *words]
    return subprocess.Popen(command, env=environment_of(settings), stderr=subprocess.PIPE, **options)


async def test_ctrl_c_ends_the_discovery(network: httpx.AsyncClient, settings: Settings) -> None:
    process = start(settings, "127.16.0.0/20", "--rate", "10", stdout=subprocess.PIPE)

    async def outcomes() -> list[str | None]:
        return [one["outcome"] for one in (await network.get("/discoveries/")).json()]

    async def is_cancelled() -> bool:
        return await outcomes() == ["cancelled"]

    await eventually(outcomes)
    with killed_at_end(process):
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.communicate, timeout=20)
        assert process.returncode == 130
    await eventually(is_cancelled)


async def test_ctrl_c_while_it_is_being_begun_ends_it_too(
    network: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service has begun it, and its answer is still on the way."""
    begun = asyncio.Event()
    really_ask = ask_network

    async def ask_slowly(settings: Settings, method: str, path: str, **options: Any) -> Any:
        answer = await really_ask(settings, method, path, **options)
        if method == "POST":
            begun.set()
            await asyncio.sleep(0.1)
        return answer

    monkeypatch.setattr(command, "ask_network", ask_slowly)
    beginning = asyncio.create_task(discover({**LONG, "credentials": []}, ALL, None))
    async with asyncio.timeout(10):
        await begun.wait()
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning

    async def is_cancelled() -> bool:
        return [one["outcome"] for one in (await network.get("/discoveries/")).json()] == ["cancelled"]

    await eventually(is_cancelled)


async def test_without_credentials_the_demos_agents_are_found_on_this_machines_own_addresses(
    network: httpx.AsyncClient, settings: Settings
) -> None:
    """As somebody would do it in a terminal: the question is answered there."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(run_agents(COUNT, PORT, "public", 2020))
        except DashnetError as error:
            pytest.skip(f"the demo's agents run here already: {error.detail}")
        theirs, ours = pty.openpty()
        process = start(settings, "127.0.0.0/28", stdin=ours, stdout=ours)
        os.close(ours)
        said = await asyncio.to_thread(read_until, theirs, "Add which?")
        os.write(theirs, b"snmp\n")
        said += await asyncio.to_thread(read_until, theirs, "added")
        _, errors = await asyncio.to_thread(process.communicate, timeout=10)
        os.close(theirs)
    assert (process.returncode, "asking the agents of `dashnet demo agents` too" in errors.decode()) == (0, True)
    assert "demo-access-point" in said or "demo-switch-2" in said
    assert [one["driver"] for one in await inventory(network)] == ["snmp"] * COUNT


def read_until(terminal: int, word: str) -> str:
    """What is said up to this word."""
    said = ""
    while word not in said:
        said += os.read(terminal, 65536).decode("utf-8", "replace")
    return said
