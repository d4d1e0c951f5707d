"""The screen in a real Chromium: how soon it is there, how smooth it stays with 10,000 devices, and what it weighs."""

import asyncio
import gzip
import json
import statistics
import subprocess
from typing import Any

from bench.stack import run_stack, wait_for_devices
from bench.table import Figure
from dashnet.settings import PROJECT_ROOT
from services.app.screen import SCREEN_FOLDER

FEW, MANY = 1000, 10_000
SECONDS = 300
# Chromium reports tasks from 50 ms on.
SHORTEST_TASK_MS = 50.0


async def measure_screen() -> list[Figure]:
    """Needs Chromium and a built screen (make web)."""
    async with run_stack(DEMO_DEVICES=FEW, HOST_DEVICE="false") as stack:
        await wait_for_devices(stack, FEW)
        first = await _browse("first", stack.app_url)
    async with run_stack(DEMO_DEVICES=MANY, HOST_DEVICE="false") as stack:
        await wait_for_devices(stack, MANY)
        smooth = await _browse("smooth", stack.app_url)
    seconds = statistics.median(first["firstView"]) / 1000
    figures = [
        Figure("all scripts, gzipped", _weigh_scripts() / 1000, "kB", at_most=250),
        Figure(f"first view of {FEW:,} devices, nothing cached (median)", seconds, "s", at_most=1),
    ]
    for view, seen in smooth.items():
        longest = max(seen["tasks"], default=SHORTEST_TASK_MS)
        figures.append(Figure(f"{view}: longest task, {MANY:,} devices refreshed", longest, "ms", at_most=100))
        per_second = 1000 * len(seen["frames"]) / sum(seen["frames"])
        figures.append(Figure(f"{view}: frames a second meanwhile", per_second, "1/s"))
        # The table is scrolled all the while.
        bound = 50 if view in ("devices", "sorted") else None
        figures.append(Figure(f"{view}: frames in the worst second", seen["worstSecond"], "1/s", at_least=bound))
    return figures


def _weigh_scripts() -> int:
    return sum(len(gzip.compress(one.read_bytes(), 9)) for one in SCREEN_FOLDER.glob("assets/*.js"))


async def _browse(kind: str, url: str) -> dict[str, Any]:
    web = PROJECT_ROOT / "web"
    process = await asyncio.create_subprocess_exec(
        str(web / "node.sh"), "node", str(web / "scripts" / "measure.mjs"), kind, f"{url}/", stdout=subprocess.PIPE
    )
    async with asyncio.timeout(SECONDS):
        output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the browser ended with {process.returncode}; is the screen built (make web)?")
    found: dict[str, Any] = json.loads(output)
    return found
