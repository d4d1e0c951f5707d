"""`make bench`: measures the whole path on real processes and prints what was seen."""

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.broadcast import measure_fanout
from bench.checks.run import measure_checks
from bench.crowds import measure_deflate, measure_idle, measure_stalled, measure_storm, measure_views
from bench.edits import measure_edits
from bench.feed.programs import NoCompiler
from bench.feeds import measure_bytes
from bench.history.run import measure_history
from bench.memory import measure_memory
from bench.outage import measure_outage
from bench.pages import measure_pages
from bench.past import measure_past
from bench.pings import measure_pings
from bench.refresh import measure_refresh
from bench.screen import measure_screen
from bench.simulation import measure_simulation
from bench.snmp.run import measure_snmp
from bench.stages import measure_stages
from bench.start import measure_start
from bench.table import Figure, print_figures

BENCHES: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "simulation": measure_simulation,
    "past": measure_past,
    "pings": measure_pings,
    "checks": measure_checks,
    "start": measure_start,
    "memory": measure_memory,
    "bytes": measure_bytes,
    "edits": measure_edits,
    "refresh": measure_refresh,
    "pages": measure_pages,
    "stages": measure_stages,
    "outage": measure_outage,
    "history": measure_history,
    "snmp": measure_snmp,
    "fanout": measure_fanout,
    "deflate": measure_deflate,
    "idle": measure_idle,
    "stalled": measure_stalled,
    "storm": measure_storm,
    "views": measure_views,
    "screen": measure_screen,
}
RESULTS = Path(__file__).parent / "results"


async def run(names: list[str]) -> None:
    """Run these benches one after the other, print their figures, and keep them as JSON."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    print(f"{datetime.now(UTC):%Y-%m-%d} on {machine}", flush=True)
    measured = []
    for name in names:
        started = time.monotonic()
        print(f"\n{name} …", flush=True)
        try:
            figures = await BENCHES[name]()
        except NoCompiler as error:
            print(f"left out: {error}")
            continue
        print_figures(figures)
        print(f"({name} took {time.monotonic() - started:.0f} s)", flush=True)
        measured += [{"bench": name, **figure.to_json()} for figure in figures]
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps({"machine": machine, "figures": measured}, indent=2))
    print(f"\nkept in {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of: {', '.join(BENCHES)} (default: all)")
    names = parser.parse_args().names or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        parser.error(f"there is no bench {unknown[0]}; there are: {', '.join(BENCHES)}")
    asyncio.run(run(names))


if __name__ == "__main__":
    main()
