"""A page of the screen in a real Chromium, driven from here through web/scripts/drive.mjs."""

import asyncio
import atexit
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

import pytest

from dashnet.settings import PROJECT_ROOT
from services.app.screen import SCREEN_FOLDER
from tests.processes import killed_at_end
from tests.servers import eventually

WEB = PROJECT_ROOT / "web"
SECONDS = 40


class Page:
    """One open page; a call is a method of Playwright's Page."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, method: str, *arguments: Any) -> Any:
        """Call a method and wait for what it gives.

        Raises:
            AssertionError: the browser could not do it; tells why.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"method": method, "args": arguments}).encode() + b"\n")
        return await self.read()

    async def read(self) -> Any:
        """The next answer."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            line = await self._process.stdout.readline()
        answer = json.loads(line or b'{"error": "the browser has ended"}')
        assert "error" not in answer, answer["error"]
        return answer["value"]

    async def evaluate(self, expression: str) -> Any:
        """What an expression gives in the page."""
        return await self.call("evaluate", expression)

    async def text(self, selector: str) -> str:
        """What stands in the first such element; nothing where there is none."""
        text: str = await self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return text

    async def until(self, expression: str) -> Any:
        """Wait until an expression is true in the page; gives its value."""
        return await eventually(lambda: self.evaluate(expression), SECONDS)


@asynccontextmanager
async def open_page(url: str, **options: Any) -> AsyncIterator[Page]:
    """Open a page (options as of Playwright's `newContext`); skips the test where no browser or screen is at hand."""
    missing = _find_missing()
    if missing:
        pytest.skip(missing)
    endpoint, _ = await asyncio.to_thread(_start_browser)
    process = await asyncio.create_subprocess_exec(
        str(WEB / "node.sh"),
        "node",
        str(WEB / "scripts" / "drive.mjs"),
        endpoint,
        json.dumps(options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=2**24,
    )
    page = Page(process)
    try:
        await page.read()
        await page.call("goto", url)
        yield page
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(SECONDS):
            await process.wait()


@lru_cache(maxsize=1)
def _start_browser() -> tuple[str, "subprocess.Popen[str]"]:
    """One browser for all tests of this process, each with a context of its own; where to connect to, and it itself."""
    command = [str(WEB / "node.sh"), "node", str(WEB / "scripts" / "serve.mjs")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    # It ends with its input, which the system closes where this process is killed.
    atexit.register(_end, process)
    assert process.stdout is not None
    endpoint = process.stdout.readline().strip()
    assert endpoint, f"the browser ended with {process.wait()}"
    return endpoint, process


def _end(process: "subprocess.Popen[str]") -> None:
    with killed_at_end(process), suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=10)


def _find_missing() -> str | None:
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return "there is no Chromium on this machine"
    if not (SCREEN_FOLDER / "index.html").exists() or not (WEB / "node_modules").exists():
        return "no screen was built (make web)"
    return None
