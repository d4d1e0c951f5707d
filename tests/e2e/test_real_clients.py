"""/live under the websockets that screens are made with: Chromium's, and npm's `ws`."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from dashnet.settings import Settings
from tests.app.conftest import RefreshOnce
from tests.conftest import run_app
from tests.ports import free_port
from tests.servers import run_server

pytestmark = pytest.mark.e2e

FOLLOW = (Path(__file__).parent / "follow.js").read_text(encoding="utf-8")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# A browser takes its time to start, and more on a machine that does much else.
START_SECONDS = 40
INSTALL_SECONDS = 20


@asynccontextmanager
async def run_program(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of this test's own, ended with all its children."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def check_report(report: dict[str, Any]) -> None:
    assert report["types"] == ["state", "snapshots", "state"]
    assert report["devices"] == [3, 1]
    assert "permessage-deflate" in report["extensions"]
    assert (report["code"], report["wasClean"]) == (1000, True)


@pytest.mark.timeout(120)
async def test_npms_ws_follows_narrows_and_closes_cleanly(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce, tmp_path: Path
) -> None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("there is no node on this machine")
    if not await asyncio.to_thread(has_installed_ws, npm, tmp_path):
        pytest.skip("npm could not install ws: is its registry within reach?")
    script = tmp_path / "client.cjs"
    url = f"ws://127.0.0.1:{settings.app_port}/live"
    tell = "(told) => console.log(JSON.stringify(told))"
    await asyncio.to_thread(script.write_text, f"{FOLLOW}\nfollow(require('ws'), '{url}', {tell});\n")
    async with run_app(settings), run_program(node, str(script)) as client:
        assert client.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            assert json.loads(await client.stdout.readline()) == "ready"
            await refresh_once()
            check_report(json.loads(await client.stdout.readline()))


@pytest.mark.timeout(120)
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_chromium_follows_narrows_and_closes_cleanly(
    settings: Settings, device_ids: list[int], refresh_once: RefreshOnce, tmp_path: Path
) -> None:
    page_port = free_port()
    allowed = settings.model_copy(update={"allowed_origins": [f"http://127.0.0.1:{page_port}"]})
    reports: asyncio.Queue[Any] = asyncio.Queue()
    page = make_page(f"ws://127.0.0.1:{settings.app_port}/live", reports)
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    quiet = ("--disable-component-update", "--disable-sync", "--disable-quic", f"--user-data-dir={tmp_path}")
    async with run_app(allowed), run_server(page, page_port):
        async with run_program(str(CHROMIUM), *options, *quiet, f"http://127.0.0.1:{page_port}/"):
            async with asyncio.timeout(START_SECONDS):
                assert await reports.get() == "ready"
                await refresh_once()
                check_report(await reports.get())


def has_installed_ws(npm: str, folder: Path) -> bool:
    patience = ("--fetch-retries=0", f"--fetch-timeout={INSTALL_SECONDS * 1000}")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", *patience, "--prefix", str(folder), "ws@8"]
    try:
        return subprocess.run(command, capture_output=True, timeout=2 * INSTALL_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def make_page(url: str, reports: "asyncio.Queue[Any]") -> FastAPI:
    """A page on another port that follows the feed, and an address that it reports to."""
    app = FastAPI()
    tell = "(told) => fetch('/report', {method: 'POST', body: JSON.stringify(told)})"

    @app.get("/")
    async def read_page() -> HTMLResponse:
        return HTMLResponse(f"<script>{FOLLOW}\nfollow(WebSocket, '{url}', {tell});</script>")

    @app.post("/report")
    async def take_report(request: Request) -> None:
        reports.put_nowait(json.loads(await request.body()))

    return app
