"""Readings in a network namespace of their own (tests/network/drivers/lonely_network.py), where this system lets us."""

import asyncio
import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.network.drivers.lonely_network import Case

ROOT = Path(__file__).parents[3]
_SECONDS = 20
_UNSHARE = ("unshare", "--map-root-user", "--net")
# Root without the capability, as a service of a careful system runs.
WITHOUT_RAW = ("setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw")


def _why_not() -> str | None:
    for program in ("unshare", "ip", "setpriv"):
        if shutil.which(program) is None:
            return f"no program {program}"
    if not Path("/dev/net/tun").exists():
        return "no /dev/net/tun"
    command = [*_UNSHARE, "ip", "tuntap", "add", "dev", "try", "mode", "tun"]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return tried.stderr.strip() or "not permitted" if tried.returncode else None


_reason = _why_not()
needs_namespaces = pytest.mark.skipif(_reason is not None, reason=f"needs a network namespace with a tunnel: {_reason}")


async def read_alone(case: Case, *wrapper: str) -> list[dict[str, Any]]:
    """The readings of this case, as dictionaries with `took_seconds`."""
    command = [*_UNSHARE, *wrapper, sys.executable, "-m", "tests.network.drivers.lonely_network"]
    process = await asyncio.create_subprocess_exec(
        *command, json.dumps(dataclasses.asdict(case)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode == 0, errors.decode()
    readings: list[dict[str, Any]] = json.loads(output)
    return readings
