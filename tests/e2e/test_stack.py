"""The whole system as a user starts it: `dashnet up`, seen through its sockets and commands only."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from pydantic import SecretStr

from dashnet.settings import PROJECT_ROOT, Settings
from tests.conftest import make_settings
from tests.factories import make_device
from tests.feeds import ReceivedPanel, open_feed
from tests.ports import free_port
from tests.processes import run_process
from tests.servers import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

HEAL_SECONDS = 40.0


@asynccontextmanager
async def run_stack(folder: Path, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """`dashnet up` until the block ends; yields a client of the app service once that is ready."""
    environment = environment_of(settings)
    up = ("-m", "dashnet.cli", "up", "--state-folder", str(folder))
    with run_process(up, environment, folder.with_suffix(".log")):
        async with httpx.AsyncClient(base_url=settings.app_address, timeout=10) as client:
            await eventually(lambda: is_ready(client), HEAL_SECONDS)
            yield client


def environment_of(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DASHNET_", "CRON_PASS"))}
    ports = {"DASHNET_NETWORK_PORT": str(settings.network_port), "DASHNET_APP_PORT": str(settings.app_port)}
    return kept | ports


async def is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def stack_settings() -> Settings:
    """Two free ports; everything else as a user gets it."""
    return make_settings(network_port=free_port(), app_port=free_port())


@pytest.fixture
async def stack(tmp_path: Path, stack_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A running stack on its very first start."""
    async with run_stack(tmp_path / "state", stack_settings) as client:
        yield client


def run_command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The `dashnet` command beside the stack of this folder."""
    stack_env = dict(line.split("=", 1) for line in (folder / "stack.env").read_text().split() if "=" in line)
    values = {name: value.strip("'\"") for name, value in stack_env.items()}
    return subprocess.run(
        [sys.executable, "-m", "dashnet.cli", *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, **values},
        capture_output=True,
        text=True,
        timeout=60,
    )


async def test_the_first_start_shows_the_demo_fleet_with_a_past_and_this_machine(
    stack: httpx.AsyncClient, stack_settings: Settings
) -> None:
    async with open_feed(stack_settings, "/") as feed:
        devices: list[dict[str, Any]] = await feed.next()
    kinds = sorted(device["device_type"] for device in devices)
    assert kinds == ["Desktop PC"] * 4 + ["Laptop"] * 5 + ["Phone", "Router", "Server", "Switch"]
    assert min(len(device["snap_shots"]) for device in devices if device["device_type"] != "Server") >= 10


async def test_an_edit_through_any_door_is_on_every_screen_at_once(
    stack: httpx.AsyncClient, stack_settings: Settings
) -> None:
    async with (
        open_feed(stack_settings, "/live") as live,
        open_feed(stack_settings, "/") as full,
        httpx.AsyncClient(base_url=stack_settings.network_address) as network,
    ):
        await live.next(), await full.next()
        created = await stack.post("/api/devices", json=make_device(host_name="by the app"))
        assert [one["host_name"] for one in (await live.next_of("inventory"))["changed"]] == ["by the app"]
        # The feed of 2020 holds it back until it is read.
        await full.send({"socket_type": "refresh"})
        while (await full.next())[-1]["host_name"] != "by the app":
            pass
        await network.patch(f"/devices/{created.json()['id']}", json={"host_name": "by the network"})
        assert [one["host_name"] for one in (await live.next_of("inventory"))["changed"]] == ["by the network"]
        await network.delete(f"/devices/{created.json()['id']}")
        assert (await live.next_of("inventory"))["removed"] == [created.json()["id"]]


async def test_a_secret_is_nowhere_but_encrypted_and_a_fleet_goes_out_and_back(
    stack: httpx.AsyncClient, stack_settings: Settings, tmp_path: Path
) -> None:
    options = {"url": "http://127.0.0.1:9/", "username": "me", "password": "geheim-e2e"}
    state, fleet, archive = tmp_path / "state", tmp_path / "fleet.yaml", tmp_path / "backup.zip"
    async with open_feed(stack_settings, "/live") as live:
        await live.next()
        answer = await stack.post("/api/devices", json=make_device(driver="http", driver_options=options))
        (shown,) = (await live.next_of("inventory"))["changed"]
    assert answer.json()["driver_options"] == shown["driver_options"] == options | {"password": "*" * 10}
    commands = [
        ("devices", "export", "--output", str(fleet)),
        ("devices", "apply", str(fleet), "--prune"),
        ("jobs", "refresh", "--wait"),
        ("backup", str(archive)),
    ]
    done = [await asyncio.to_thread(run_command, state, *arguments) for arguments in commands]
    assert [one.returncode for one in done] == [0] * len(commands)
    assert done[1].stdout == "nothing to do, 14 as they were\n"
    assert (state / "secret.key").stat().st_mode & 0o777 == 0o600
    files = [path for path in (*state.rglob("*"), fleet, archive) if path.is_file()]
    assert [path.name for path in files if b"geheim-e2e" in path.read_bytes()] == []
    assert "geheim-e2e" not in "".join(one.stdout + one.stderr for one in done)


def find_processes(folder: Path) -> dict[str, psutil.Process]:
    """The stack's processes by what they are: the topmost of each."""
    found: dict[str, psutil.Process] = {}
    signs = {
        "network": "services.network.main:app",
        "app": "services.app.main:app",
        "worker": "workers.main.WorkerSettings",
        "redis": "redis-server",
        "postgres": str(folder / "postgres"),
    }
    supervisor = next(one for one in psutil.process_iter(["cmdline"]) if str(folder) in (one.info["cmdline"] or ()))
    for child in supervisor.children():
        command = " ".join(child.cmdline())
        found.update({name: child for name, sign in signs.items() if sign in command})
    return found


@pytest.mark.parametrize("name", ["network", "app", "worker", "redis", "postgres"])
async def test_a_process_that_is_killed_heals_by_itself_and_the_ledger_tells_of_every_tick(
    tmp_path: Path, stack: httpx.AsyncClient, stack_settings: Settings, name: str
) -> None:
    killed = find_processes(tmp_path / "state")[name]
    os.kill(killed.pid, signal.SIGKILL)
    await eventually(lambda: is_replaced(tmp_path / "state", name, killed.pid), HEAL_SECONDS)
    await eventually(lambda: is_ready(stack), HEAL_SECONDS)
    await eventually(lambda: refreshes(tmp_path / "state"), HEAL_SECONDS)
    # A scheduled run may be going on just now, and what the killed one left is taken up within seconds.
    runs = await eventually(lambda: read_ended_runs(stack), HEAL_SECONDS)
    assert len({(run["job"], run["tick"]) for run in runs}) == len(runs)
    panel = ReceivedPanel()
    async with open_feed(stack_settings, "/live") as feed:
        panel.take_in(await feed.next())
        assert (await stack.post("/api/devices", json=make_device())).status_code == 201
        panel.take_in(await feed.next())
    assert len(panel.devices) == 14


async def is_replaced(folder: Path, name: str, old_pid: int) -> bool:
    try:
        found = find_processes(folder).get(name)
    except psutil.NoSuchProcess:
        return False
    return found is not None and found.pid != old_pid


async def read_ended_runs(stack: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The ledger once every run in it has an outcome; empty before."""
    runs: list[dict[str, Any]] = (await stack.get("/api/job-runs")).json()
    return runs if all(run["outcome"] for run in runs) else []


async def refreshes(folder: Path) -> bool:
    asked = await asyncio.to_thread(run_command, folder, "jobs", "refresh", "--wait")
    return asked.returncode == 0


async def test_the_commands_find_the_running_stack_and_tell_the_truth(tmp_path: Path, stack: httpx.AsyncClient) -> None:
    folder = tmp_path / "state"
    cleaned = await asyncio.to_thread(run_command, folder, "jobs", "clean", "--wait")
    assert (cleaned.returncode, "done: 12 devices, 120 snapshots" in cleaned.stdout) == (0, True)
    listed = await asyncio.to_thread(run_command, folder, "jobs", "list")
    assert ("clean" in listed.stdout, "done" in listed.stdout) == (True, True)
    examined = await asyncio.to_thread(run_command, folder, "doctor")
    assert (examined.returncode, examined.stdout + examined.stderr) == (0, examined.stdout)
    watched = await asyncio.to_thread(run_command, folder, "watch", "--once")
    assert (watched.returncode, "router-1" in watched.stdout) == (0, True)


async def test_a_backup_brings_back_what_was_deleted_while_everything_runs(
    tmp_path: Path, stack: httpx.AsyncClient
) -> None:
    folder, file = tmp_path / "state", str(tmp_path / "b.zip")
    made = await asyncio.to_thread(run_command, folder, "backup", file)
    assert (made.returncode, "13 devices" in made.stdout) == (0, True), made.stderr
    await stack.delete("/api/devices/1")
    await eventually(lambda: lacks(stack, 1))
    restored = await asyncio.to_thread(run_command, folder, "restore", "--yes", file)
    assert (restored.returncode, "restored 13 devices" in restored.stdout) == (0, True), restored.stderr
    await eventually(lambda: knows(stack, 1))
    upgraded = await asyncio.to_thread(run_command, folder, "upgrade")
    assert (upgraded.returncode, upgraded.stdout.count("at the newest version")) == (0, 2)
    assert await refreshes(folder)


async def lacks(client: httpx.AsyncClient, device_id: int) -> bool:
    return not await knows(client, device_id)


async def test_everything_is_there_again_after_a_stop_and_a_start(tmp_path: Path, stack_settings: Settings) -> None:
    async with run_stack(tmp_path / "state", stack_settings) as first:
        created = (await first.post("/api/devices", json=make_device(host_name="kept"))).json()
        await eventually(lambda: knows(first, created["id"]))
        before = await points_with_snapshots(first)
    async with run_stack(tmp_path / "state", stack_settings) as second:
        assert (await second.get(f"/api/devices/{created['id']}")).json()["host_name"] == "kept"
        after = await points_with_snapshots(second)
    # The last was not over yet.
    assert before[:-1] == after[: len(before) - 1]


async def points_with_snapshots(client: httpx.AsyncClient) -> list[Any]:
    history = (await client.get("/api/devices/1/history")).json()
    return [point for point in history["points"] if point["snapshots"]]


async def knows(client: httpx.AsyncClient, device_id: int) -> bool:
    return (await client.get(f"/api/devices/{device_id}")).status_code == 200


def test_nothing_runs_nothing_to_stop(tmp_path: Path) -> None:
    stopped = subprocess.run(
        [sys.executable, "-m", "dashnet.cli", "down", "--state-folder", str(tmp_path / "state")],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert stopped.returncode == 0
    assert stopped.stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("jobs", "refresh"), "Redis is out of reach"),
        (("jobs", "list"), "app service"),
        (("watch", "--once"), "make up"),
        (("backup", "nowhere.zip"), "make up"),
        (("upgrade",), "make up"),
    ],
)
def test_a_command_without_a_stack_says_what_to_do(arguments: Sequence[str], words: str) -> None:
    nowhere = {
        "DASHNET_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "DASHNET_APP_PORT": str(free_port()),
        "DASHNET_DATABASE_URL": f"postgresql+asyncpg://dashnet@127.0.0.1:{free_port()}/dashnet",
    }
    asked = subprocess.run(
        [sys.executable, "-m", "dashnet.cli", *arguments],
        cwd=PROJECT_ROOT,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.returncode == 1
    assert words in asked.stderr
    assert "Traceback" not in asked.stderr


def test_a_password_never_shows_in_the_settings() -> None:
    assert "open sesame" not in repr(make_settings(CRON_PASS=SecretStr("open sesame")))
