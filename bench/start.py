"""From `dashnet up` to ready, the first and the second time."""

import tempfile
from pathlib import Path

from bench.stack import run_stack
from bench.table import Figure


async def measure_start() -> list[Figure]:
    """Both on one folder, the environment already prepared."""
    with tempfile.TemporaryDirectory(prefix="dashnet-bench-") as temporary:
        folder = Path(temporary) / "state"
        async with run_stack(folder) as first:
            pass
        async with run_stack(folder) as second:
            pass
    return [
        Figure("first start to ready (initdb, tables, demo fleet)", first.seconds_to_ready, "s"),
        Figure("second start to ready", second.seconds_to_ready, "s", at_most=6),
    ]
