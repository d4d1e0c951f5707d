"""`make soak`: kills, hangs and outages for ten minutes, and then the question whether anything was lost.

A stack of its own (`dashnet up` in a temporary folder) is killed by a seeded deck of faults while clients follow it.
Exit code 1 and a list where a promise was broken.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dashnet.embedded.folders import create_folders
from dashnet.reading import to_tick
from dashnet.settings import Settings
from dashnet.tasks import cancel_and_wait
from tests.ports import free_port
from tests.soak.clients import SoakClient, run_clients
from tests.soak.deck import LEAST_MINUTES, Kind, make_deck
from tests.soak.fleet import CLOSED, LISTENING, PINGED, SIMULATED, add_devices, listen
from tests.soak.panels import LivePanel
from tests.soak.player import Player
from tests.soak.promises import check_all
from tests.soak.results import check_clients, check_logs, compare_clients, is_settled, see, until
from tests.soak.seen import Seen
from tests.soak.stack import START_SECONDS, SoakStack
from tests.soak.watch import Watch

# This machine itself is one more.
DEVICES = SIMULATED + PINGED + LISTENING + CLOSED + 1


def say(words: str) -> None:
    """Print a line at once."""
    print(words, flush=True)


async def soak(folder: Path, seed: int, minutes: float) -> Sequence[str]:
    """Run the whole soak in this folder; the broken promises."""
    settings = make_settings(folder)
    stack = SoakStack(create_folders(folder / "state"), settings, folder / "home")
    async with listen() as open_port:
        stack.start()
        try:
            if not await until(stack.is_ready, START_SECONDS):
                return [f"the stack is not ready after {START_SECONDS:g} s"]
            await add_devices(settings, open_port)
            async with run_clients(settings) as clients:
                return await play(stack, clients, seed, minutes, open_port)
        finally:
            await asyncio.to_thread(stack.stop)


def make_settings(folder: Path) -> Settings:
    """Ports of its own, and no reset of the simulated devices: their snapshots are counted at the end."""
    (folder / "home").mkdir()
    return Settings(
        _env_file=None,
        network_port=free_port(),
        app_port=free_port(),
        demo_devices=SIMULATED,
        demo_reset=False,
    )


async def play(
    stack: SoakStack, clients: Sequence[SoakClient], seed: int, minutes: float, open_port: int
) -> Sequence[str]:
    """Play the deck, wait until all is settled, and look what was kept."""
    first_tick = to_tick(datetime.now(UTC)) + timedelta(minutes=1)
    watch = Watch(stack, say)
    watching = asyncio.create_task(watch.run())
    try:
        await Player(stack, watch, say).play(make_deck(seed, minutes))
        ended = datetime.now(UTC)
        say("all is played; waiting for the next tick, and for the last readings to be stored")
        settled = await until(lambda: is_settled(stack, ended))
    finally:
        await cancel_and_wait(watching)
    differences = await compare_clients(stack, clients)
    seen = await see(stack, watch, first_tick, DEVICES, open_port)
    describe(seen, clients)
    unsettled = [] if settled else ["the stack did not settle: see its ledger and /readyz"]
    return [*unsettled, *check_all(seen), *check_clients(clients), *differences, *check_logs(stack, watch.faults)]


def describe(seen: Seen, clients: Sequence[SoakClient]) -> None:
    """Print what was seen, in figures."""
    runs = [run for run in seen.runs if run.job == "refresh" and run.tick >= seen.first_tick]
    kinds = {"scheduled": True, "by hand": False}
    for words, is_scheduled in kinds.items():
        outcomes = Counter(run.outcome for run in runs if (run.tick == to_tick(run.tick)) == is_scheduled)
        say(f"refreshes {words}: {', '.join(f'{count} {outcome}' for outcome, count in outcomes.items()) or 'none'}")
    say(f"refreshes by hand that were wished for and had to be in the ledger: {len(seen.wished)}")
    for run in runs:
        if run.outcome != "done":
            say(f"  {run.tick:%H:%M:%S} {run.outcome}: {run.error}")
    say(f"faults: {', '.join(f'{count} {kind}' for kind, count in Counter(one.kind for one in seen.faults).items())}")
    for target in sorted({one.target for one in seen.faults}):
        backs = [one.back_seconds or 0.0 for one in seen.faults if one.target == target and one.kind is Kind.KILL]
        say(f"  {target}: {len(backs)} kills, back after {max(backs, default=0):.1f} s at the most")
    hangs = [f"{one.target} {one.noticed_seconds or 0:.1f} s" for one in seen.faults if one.kind is Kind.HANG]
    say(f"hangs noticed: {', '.join(hangs)}")
    live = [one.panel for one in clients if isinstance(one.panel, LivePanel)]
    say(
        f"clients: {sum(one.connections for one in clients)} connections, {sum(one.resumes for one in live)} resumes, "
        f"{sum(one.states for one in live)} states"
    )
    say(f"memory in MiB: {', '.join(f'{name} {size >> 20}' for name, size in seen.memory_bytes.items())}")


def main() -> None:
    """Parse the command line, run the soak, and exit with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (default 10, at least 3)")
    parser.add_argument("--seed", type=int, help="the deck of faults that is played; another one each time by default")
    given = parser.parse_args()
    if given.minutes < LEAST_MINUTES:
        parser.error(f"{given.minutes:g} minutes are too short: at least {LEAST_MINUTES}")
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    # What this terminal is set up for must reach neither the soak nor its stack.
    for name in [name for name in os.environ if name.startswith(("DASHNET_", "CRON_PASS"))]:
        del os.environ[name]
    sys.exit(run(seed, given.minutes))


def run(seed: int, minutes: float) -> int:
    """Run the soak in a temporary folder, which stays where a promise was broken; the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="dashnet-soak-"))
    started = time.monotonic()
    again = f"make soak SOAK_ARGS='--minutes {minutes:g} --seed {seed}'"
    say(f"Soaking for {minutes:g} minutes with seed {seed}; state and logs are in {folder}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    broken = asyncio.run(soak(folder, seed, minutes))
    say(f"took {(time.monotonic() - started) / 60:.1f} minutes")
    for words in broken:
        say(f"BROKEN: {words}")
    if broken:
        say(f"{len(broken)} promises were broken. Again: {again}")
        return 1
    say("Nothing was lost.")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    main()
