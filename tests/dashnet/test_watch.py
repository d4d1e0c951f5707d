import asyncio
import contextlib
import io
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import orjson
import pytest
from rich.console import Console

from dashnet.errors import DashnetError, ServiceUnavailable
from dashnet.reading import to_tick
from dashnet.settings import Settings
from dashnet.watch import watch
from tests.conftest import run_app
from tests.factories import make_device
from tests.ports import free_port
from tests.processes import killed_at_end
from tests.servers import DEADLINE_SECONDS, eventually
from workers.clean import coming_days
from workers.context import WorkerContext
from workers.partitions import ensure_partitions
from workers.refresh import refresh
from workers.sync import sync

AddDevice = Callable[[str], Awaitable[None]]
HIDE_CURSOR, SHOW_CURSOR, LEAVE_SCREEN = "\x1b[?25l", "\x1b[?25h", "\x1b[?1049l"


@pytest.fixture
async def add_device(network: httpx.AsyncClient, context: WorkerContext) -> AddDevice:
    """Add a device of this name to the inventory and to every screen."""
    await ensure_partitions(context.engine, coming_days(datetime.now(UTC)))

    async def add(host_name: str) -> None:
        await network.post("/devices/", json=make_device(host_name=host_name))
        await sync(context, 1)

    return add


@asynccontextmanager
async def watching(settings: Settings, *, as_json: bool = False, console: Console | None = None) -> AsyncIterator[None]:
    """`dashnet watch` on the app service of these settings, until the block ends."""
    task = asyncio.create_task(watch(settings.app_address, as_json=as_json, once=False, console=console))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Output:
    """All that was printed so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    @property
    def notices(self) -> list[str]:
        """Our lines on standard error, without the log of the services that run in this process too."""
        return [line for line in self.err.splitlines() if line.startswith("dashnet:")]

    async def has(self, out: str = "", err: str = "") -> None:
        """Wait until this was printed."""

        async def look() -> bool:
            captured = self._capsys.readouterr()
            self.out += captured.out
            self.err += captured.err
            return out in self.out and err in self.err

        await eventually(look)


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Output:
    return Output(capsys)


async def test_json_prints_a_line_per_message_and_nothing_else(
    settings: Settings, app: httpx.AsyncClient, context: WorkerContext, add_device: AddDevice, output: Output
) -> None:
    async with watching(settings, as_json=True):
        await output.has('"state"')
        await add_device("nas")
        await refresh(context, to_tick(datetime.now(UTC)), "test")
        await output.has('"snapshots"')
    messages = [orjson.loads(line) for line in output.out.splitlines()]
    # The store's very first inventory is a reset, and so a state.
    assert [message["type"] for message in messages] == ["state", "state", "snapshots"]
    assert output.notices == []


async def test_without_a_terminal_a_table_is_printed_for_each_publication_without_control_codes(
    settings: Settings, app: httpx.AsyncClient, add_device: AddDevice, output: Output
) -> None:
    async with watching(settings):
        await output.has("host name")
        await add_device("nas")
        await output.has("nas")
    assert output.out.count("host name") == 2
    assert "\x1b" not in output.out


async def test_watch_waits_for_the_server_reconnects_after_it_went_away_and_tells_each_once(
    settings: Settings, output: Output
) -> None:
    async with watching(settings, as_json=True):
        await output.has(err="nothing listens there")
        async with run_app(settings):
            await output.has('"state"')
        await output.has(err="closed the connection")
        async with run_app(settings):
            await output.has('"resumed"')
    assert [notice.split()[1] for notice in output.notices] == ["link", "connected", "link", "connected"]


async def test_on_a_terminal_the_table_follows_and_a_lost_link_is_told(
    settings: Settings, add_device: AddDevice
) -> None:
    screen = io.StringIO()

    async def shows(text: str) -> None:
        await eventually(lambda: asyncio.sleep(0, text in screen.getvalue()))

    console = Console(file=screen, force_terminal=True, color_system=None, width=100, height=20)
    async with watching(settings, console=console):
        async with run_app(settings):
            await shows("There are no such devices yet.")
            await add_device("[bold]nas")
            await shows("[bold]nas")
        await shows("link lost, trying again")
    assert screen.getvalue().index(HIDE_CURSOR) < screen.getvalue().rindex(SHOW_CURSOR)


async def test_once_prints_the_table_and_ends(
    settings: Settings, app: httpx.AsyncClient, add_device: AddDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_device("nas")
    await eventually(lambda: _lists_devices(app))
    await watch(settings.app_address, as_json=False, once=True)
    assert "nas " in capsys.readouterr().out


async def _lists_devices(app: httpx.AsyncClient) -> bool:
    return bool((await app.get("/api/devices")).json())


async def test_once_on_a_terminal_prints_all_devices_whatever_its_height(
    settings: Settings, app: httpx.AsyncClient, add_device: AddDevice
) -> None:
    await add_device("first")
    await add_device("second")
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=2)
    await eventually(lambda: _lists_devices(app))
    with console.capture() as capture:
        await watch(settings.app_address, as_json=False, once=True, console=console)
    assert "first" in capture.get()


async def test_once_as_json_prints_the_state_alone(
    settings: Settings, app: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    await watch(settings.app_address, as_json=True, once=True)
    assert orjson.loads(capsys.readouterr().out)["type"] == "state"


async def test_once_without_a_server_names_the_address_and_what_to_do(settings: Settings) -> None:
    with pytest.raises(ServiceUnavailable) as error:
        await watch(settings.app_address, as_json=False, once=True)
    assert settings.app_address in error.value.detail
    assert "make up" in error.value.detail


async def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(DashnetError, match="is no address"):
        await watch("ftp://127.0.0.1", as_json=True, once=False)


def command(url: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "dashnet.cli", "watch", "--url", url, *options]


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_with_the_terminal_restored_and_no_traceback(number: signal.Signals, exit_code: int) -> None:
    ours, theirs = pty.openpty()
    words = command(f"http://127.0.0.1:{free_port()}")
    watching = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    with killed_at_end(watching) as process:
        os.close(theirs)
        shown = _read_until(ours, "link lost")
        process.send_signal(number)
        shown += _read_until(ours, None)
        assert process.wait(DEADLINE_SECONDS) == exit_code
    os.close(ours)
    assert shown.index(HIDE_CURSOR) < shown.rindex(SHOW_CURSOR)
    assert shown.rindex(LEAVE_SCREEN) > shown.rindex("link lost")
    assert "Traceback" not in shown


def _read_until(descriptor: int, word: str | None) -> str:
    """What the terminal shows until this word, or until nobody writes to it any more."""
    shown = ""
    while word is None or word not in shown:
        try:
            read = os.read(descriptor, 65_536)
        except OSError:
            break
        if not read:
            break
        shown += read.decode()
    return shown


async def test_it_ends_quietly_when_its_reader_goes_away(settings: Settings, app: httpx.AsyncClient) -> None:
    process = await asyncio.create_subprocess_exec(
        *command(settings.app_address, "--json"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert orjson.loads(await process.stdout.readline())["type"] == "state"
        process.stdout._transport.close()  # type: ignore[attr-defined]  # what `| head -1` does; asyncio has no other way
        assert await process.wait() == 0
        assert await process.stderr.read() == b""


async def test_only_the_devices_that_were_asked_for_are_shown(
    settings: Settings, app: httpx.AsyncClient, add_device: AddDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    await add_device("printer")
    await eventually(lambda: has_devices(app, 1))
    await watch(settings.app_address, as_json=False, once=True, view={"search": "PRINT"})
    assert "printer" in capsys.readouterr().out
    await watch(settings.app_address, as_json=False, once=True, view={"search": "nas"})
    assert "printer" not in capsys.readouterr().out


async def has_devices(app: httpx.AsyncClient, count: int) -> bool:
    return bool((await app.get("/api/summary")).json()["devices"] == count)
